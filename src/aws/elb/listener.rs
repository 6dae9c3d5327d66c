//! Listeners of Application Load Balancers.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener as Described, ProtocolEnum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    action::Action,
    shared::{self, Found, ListenerArn, LoadBalancerArn},
};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Target, Wait, When,
    },
    tag_list,
};

/// A listener.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listener {
    /// The load balancer that it belongs to.
    pub load_balancer: Output<LoadBalancerArn>,
    /// Its port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The certificate that it shows; with HTTPS only.
    pub certificate: Option<String>,
    /// Protocols and ciphers; with HTTPS only.
    pub ssl_policy: Option<String>,
    /// What it does with a request that no rule takes.
    pub default_action: Action,
}

impl Handle<Listener> {
    /// Its ARN.
    pub fn arn(&self) -> Output<ListenerArn> {
        self.output("arn")
    }
}

impl Listener {
    fn protocol(&self) -> ProtocolEnum {
        ProtocolEnum::from(self.protocol.as_str())
    }

    fn certificates(&self) -> Option<Vec<Certificate>> {
        self.certificate.as_deref().map(|arn| vec![Certificate::builder().certificate_arn(arn).build()])
    }
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

fn observe(it: &Described) -> Map<String, Value> {
    Map::from_iter([
        ("load_balancer".to_owned(), json!(it.load_balancer_arn())),
        ("port".to_owned(), json!(it.port())),
        ("protocol".to_owned(), json!(it.protocol().map(ProtocolEnum::as_str))),
        ("certificate".to_owned(), json!(it.certificates().first().and_then(Certificate::certificate_arn))),
        ("ssl_policy".to_owned(), json!(it.ssl_policy())),
        ("default_action".to_owned(), Action::observe(it.default_actions())),
    ])
}

/// Whether a target takes the place of a listener: a load balancer has one on a port.
fn takes_place(target: &Target, observed: &Map<String, Value>) -> bool {
    ["load_balancer", "port"].iter().all(|field| target.spec.get(field) == observed.get(*field))
}

#[async_trait]
impl Resource for Listener {
    type Clients = Aws;
    const KIND: &'static str = "listener";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // The same port with the same settings is the same listener (Elastic Load Balancing API reference, CreateListener).
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "load_balancer" => Field::REPLACE,
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut all = Vec::new();
        for load_balancer in shared::parents(scope, "load_balancer", ":listener/app/") {
            let call = aws.elb.describe_listeners().load_balancer_arn(load_balancer).page_size(shared::PAGE);
            // A load balancer has at most 50 listeners (Elastic Load Balancing quotas): one page.
            let answer = shared::found(call.send().await.of("elasticloadbalancing:DescribeListeners"))?;
            for it in answer.and_then(|answer| answer.listeners).unwrap_or_default() {
                let arn = it.listener_arn().unwrap_or_default().to_owned();
                let observed = observe(&it);
                let place = scope.targets.iter().find(|target| takes_place(target, &observed));
                let place = place.map(|target| target.name.clone());
                all.push(Found { outputs: outputs(&arn), arn, name: None, place, observed, life: Life::Live });
            }
        }
        shared::identify(aws, scope, Self::KIND, all).await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .elb
            .create_listener()
            .load_balancer_arn(self.load_balancer.get()?)
            .port(i32::from(self.port))
            .protocol(self.protocol())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.ssl_policy.clone())
            .default_actions(self.default_action.to_sdk())
            .set_tags(Some(tag_list!(aws_sdk_elasticloadbalancingv2, identity.tags)))
            .send()
            .await
            .of("elasticloadbalancing:CreateListener")?;
        let arn = answer.listeners().first().and_then(Described::listener_arn).unwrap_or_default();
        Ok(Created { id: arn.to_owned(), outputs: outputs(arn) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        // All settings together: a change of protocol needs the certificate and the policy in the same call.
        aws.elb
            .modify_listener()
            .listener_arn(&it.id)
            .port(i32::from(self.port))
            .protocol(self.protocol())
            .set_certificates(self.certificates())
            .set_ssl_policy(self.ssl_policy.clone())
            .default_actions(self.default_action.to_sdk())
            .send()
            .await
            .of("elasticloadbalancing:ModifyListener")?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateListener is synchronous, also while the load balancer is being provisioned (Elastic Load Balancing API reference).
        Ok(Readiness::Ready(outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.elb.delete_listener().listener_arn(&it.id);
        call.send().await.of("elasticloadbalancing:DeleteListener")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteListener is synchronous (Elastic Load Balancing API reference).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        // Nothing is: it takes its rules along.
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "elasticloadbalancing:AddTags",
            "elasticloadbalancing:CreateListener",
            "elasticloadbalancing:DeleteListener",
            "elasticloadbalancing:DescribeListeners",
            "elasticloadbalancing:DescribeTags",
            "elasticloadbalancing:ModifyListener",
        ]
    }
}

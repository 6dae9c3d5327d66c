//! Internet gateways.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, AttachmentStatus, Filter, ResourceType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, InternetGatewayId, Seen, VpcId};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
};

/// An Internet gateway, and its attachment to a VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC that it is for. One that moves gets a new gateway: the old one can't be detached while addresses are mapped.
    pub vpc: Output<VpcId>,
    /// Whether it is attached; apart from `vpc` so that one that came loose is attached again and not replaced.
    pub attached: bool,
}

impl InternetGateway {
    /// An attached gateway.
    pub fn of(vpc: Output<VpcId>) -> Self {
        InternetGateway { vpc, attached: true }
    }
}

impl Handle<InternetGateway> {
    /// Its id. It is attached by the time that it is known.
    pub fn id(&self) -> Output<InternetGatewayId> {
        self.output("id")
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::InternetGateway>, Failure> {
    let call = aws.ec2.describe_internet_gateways().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeInternetGateways")
}

/// The VPCs that a gateway is attached to: one at most. EC2 says `available` for an attached Internet gateway, which the SDK doesn't
/// know as a state (EC2 API reference, InternetGatewayAttachment).
fn attachments(gateway: &types::InternetGateway) -> impl Iterator<Item = &str> {
    let gone = |state: Option<&AttachmentStatus>| {
        matches!(state, Some(AttachmentStatus::Detached | AttachmentStatus::Detaching))
    };
    gateway.attachments().iter().filter(move |one| !gone(one.state())).filter_map(|one| one.vpc_id())
}

async fn attached_to(aws: &Aws, id: &str) -> Result<Vec<String>, Failure> {
    let gateways = describe(aws, vec![shared::filter("internet-gateway-id", [id])]).await?;
    Ok(gateways.iter().flat_map(attachments).map(str::to_owned).collect())
}

async fn detach(aws: &Aws, id: &str, vpc: &str) -> Result<(), Failure> {
    let call = aws.ec2.detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc);
    shared::if_there(call.send().await.of("ec2:DetachInternetGateway"))?;
    Ok(())
}

#[async_trait]
impl Resource for InternetGateway {
    type Clients = Aws;
    const KIND: &'static str = "internet-gateway";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Free,
            repeat: Repeat::Lookup,
            usable: When::Created,
            create: Wait::INSTANT,
            // Addresses of load balancers and NAT gateways stay mapped for a while after these are gone.
            delete: Wait::seconds(1, 900),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "attached" => Field::UPDATE.later(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let by_tag = shared::ours(scope.suffix).into();
        let look = |filters| describe(aws, filters);
        let id = types::InternetGateway::internet_gateway_id;
        let gateways = shared::seek(scope, by_tag, "internet-gateway-id", id, look).await?;
        let sighting = |gateway: &types::InternetGateway| {
            let vpc = attachments(gateway).next();
            let mut observed = shared::observed([("attached", json!(vpc.is_some()))]);
            observed.extend(vpc.map(|vpc| ("vpc".to_owned(), json!(vpc))));
            let (id, tags) = (gateway.internet_gateway_id(), gateway.tags());
            Seen { id, tags, outputs: Outputs::new(), observed, life: Life::Live }.sighting(scope, Self::KIND)
        };
        Ok(gateways.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .ec2
            .create_internet_gateway()
            .tag_specifications(shared::specification(ResourceType::InternetGateway, &identity.tags))
            .send()
            .await
            .of("ec2:CreateInternetGateway")?;
        let id = answer.internet_gateway().and_then(types::InternetGateway::internet_gateway_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        let vpc = self.vpc.get()?;
        if !self.attached {
            return detach(aws, &it.id, vpc).await.map(|()| Outputs::new());
        }
        let call = aws.ec2.attach_internet_gateway().internet_gateway_id(&it.id).vpc_id(vpc);
        match call.send().await.of("ec2:AttachInternetGateway") {
            // Attached already, to this VPC: success. To another, or the VPC has another one: the refusal says which.
            Err(failure) if failure.class == Class::Exists => {
                let attached = attached_to(aws, &it.id).await?.iter().any(|other| other == vpc);
                if attached { Ok(Outputs::new()) } else { Err(failure) }
            }
            other => other.map(|_| Outputs::new()),
        }
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // CreateInternetGateway and AttachInternetGateway are synchronous.
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        for vpc in attached_to(aws, &it.id).await? {
            detach(aws, &it.id, &vpc).await?;
        }
        aws.ec2.delete_internet_gateway().internet_gateway_id(&it.id).send().await.of("ec2:DeleteInternetGateway")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteInternetGateway is synchronous.
        Ok(Gone::Yes)
    }

    async fn blockers(aws: &Aws, it: &Physical) -> Result<Vec<String>, Failure> {
        let mut blockers = Vec::new();
        for vpc in attached_to(aws, &it.id).await? {
            let interfaces = shared::interfaces(aws, "vpc-id", &vpc).await?;
            let mapped = interfaces.iter().filter_map(|interface| {
                let address = interface.association()?.public_ip()?;
                Some(format!("public address {address} on {}", shared::describe_interface(interface)))
            });
            blockers.extend(mapped);
        }
        Ok(blockers)
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:AttachInternetGateway",
            "ec2:CreateInternetGateway",
            "ec2:CreateTags",
            "ec2:DeleteInternetGateway",
            "ec2:DescribeInternetGateways",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DetachInternetGateway",
        ]
    }
}

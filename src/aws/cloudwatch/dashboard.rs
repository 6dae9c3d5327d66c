//! Dashboards.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::shared;
use crate::{
    aws::{Answer, Aws, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers, tag_list,
};

markers! {
    /// A dashboard's ARN.
    DashboardArn,
}

/// A dashboard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Dashboard {
    /// Its widgets (CloudWatch user guide, "Dashboard body structure and syntax").
    pub body: Value,
}

impl Handle<Dashboard> {
    /// Its ARN.
    pub fn arn(&self) -> Output<DashboardArn> {
        self.output("arn")
    }
}

/// Dashboards are global, so their ARNs name no region (Service Authorization Reference, "Amazon CloudWatch").
fn arn(aws: &Aws, name: &str) -> String {
    format!("arn:{}:cloudwatch::{}:dashboard/{name}", aws.partition(), aws.account)
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

impl Dashboard {
    /// Makes it or changes it: CloudWatch goes by the name, and heeds tags only where it makes it.
    async fn put(&self, aws: &Aws, name: &str, tags: Option<&Tags>) -> Result<(), Failure> {
        let call = aws.cloudwatch.put_dashboard().dashboard_name(name).dashboard_body(self.body.to_string());
        let call = call.set_tags(tags.map(|tags| tag_list!(aws_sdk_cloudwatch, tags)));
        call.send().await.of("cloudwatch:PutDashboard")?;
        Ok(())
    }
}

#[async_trait]
impl Resource for Dashboard {
    type Clients = Aws;
    const KIND: &'static str = "dashboard";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Created,
            create: Wait::INSTANT,
            delete: Wait::INSTANT,
        }
    }

    fn field(_name: &str) -> Field {
        Field::UPDATE
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let hits = scope.tagged_with(":dashboard/").filter(|_| scope.sweep).map(|hit| hit.id());
        let names: BTreeSet<&str> = scope.targets.iter().map(|target| target.name.as_str()).chain(hits).collect();
        let mut found = Vec::new();
        for name in names {
            let call = aws.cloudwatch.get_dashboard().dashboard_name(name);
            let answer = match call.send().await.of("cloudwatch:GetDashboard") {
                Ok(answer) => answer,
                Err(failure) if failure.class == Class::Absent => continue,
                Err(failure) => return Err(failure),
            };
            let arn = answer.dashboard_arn().map_or_else(|| arn(aws, name), str::to_owned);
            let text = answer.dashboard_body().unwrap_or_default();
            // What is no JSON differs from each body of ours.
            let body = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
            let tags = shared::tags_of(aws, scope, name, &arn).await?;
            let seen = Sighting {
                key: Key::new(Self::KIND, "?"),
                name: name.to_owned(),
                id: name.to_owned(),
                outputs: outputs(&arn),
                observed: Map::from_iter([("body".to_owned(), body)]),
                tags: None,
                life: Life::Live,
            };
            found.extend(tags::identify_unread(scope, seen, tags.as_ref()));
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        self.put(aws, &identity.name, Some(&identity.tags)).await?;
        Ok(Created { id: identity.name.clone(), outputs: outputs(&arn(aws, &identity.name)) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        self.put(aws, &it.id, None).await?;
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        // PutDashboard is synchronous (CloudWatch API reference, PutDashboard).
        Ok(Readiness::Ready(outputs(&arn(aws, &it.id))))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.cloudwatch.delete_dashboards().dashboard_names(&it.id).send().await.of("cloudwatch:DeleteDashboards")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // DeleteDashboards is synchronous (CloudWatch API reference, DeleteDashboards).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "cloudwatch:DeleteDashboards",
            "cloudwatch:GetDashboard",
            "cloudwatch:ListTagsForResource",
            "cloudwatch:PutDashboard",
            "cloudwatch:TagResource",
        ]
    }
}

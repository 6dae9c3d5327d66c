//! Gateway endpoints: the way to S3 and DynamoDB that costs nothing and doesn't go through a NAT gateway.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, State, VpcEndpointType};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::shared::{self, RouteTableId, Seen, VpcId};
use crate::{
    aws::{Answer, Aws},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When,
    },
    markers,
};

markers! {
    /// A VPC endpoint's id.
    VpcEndpointId,
}

/// A gateway endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VpcEndpoint {
    /// The VPC that it is part of.
    pub vpc: Output<VpcId>,
    /// The service, such as `com.amazonaws.us-east-1.s3`.
    pub service: String,
    /// The tables that get a route to it.
    pub route_tables: Vec<Output<RouteTableId>>,
}

impl Handle<VpcEndpoint> {
    /// Its id, for bucket policies that admit only this way.
    pub fn id(&self) -> Output<VpcEndpointId> {
        self.output("id")
    }
}

async fn describe(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<types::VpcEndpoint>, Failure> {
    let call = aws.ec2.describe_vpc_endpoints().set_filters(Some(filters));
    call.into_paginator().items().send().collect::<Result<_, _>>().await.of("ec2:DescribeVpcEndpoints")
}

async fn one(aws: &Aws, id: &str) -> Result<Option<types::VpcEndpoint>, Failure> {
    Ok(describe(aws, vec![shared::filter("vpc-endpoint-id", [id])]).await?.into_iter().next())
}

/// EC2 writes the state in lower case for some endpoints and in upper case for others (`available`, `Available`).
fn state(endpoint: &types::VpcEndpoint) -> Option<State> {
    let text = endpoint.state()?.as_str();
    let known = [State::Available, State::Deleted, State::Deleting, State::Expired, State::Failed, State::Rejected];
    known.into_iter().find(|state| state.as_str().eq_ignore_ascii_case(text))
}

fn failure(endpoint: &types::VpcEndpoint) -> String {
    let reason = endpoint.last_error().and_then(|error| error.message()).or(endpoint.failure_reason());
    format!("the endpoint failed: {}", reason.unwrap_or("AWS gives no reason"))
}

/// `None` once it is deleted, which EC2 may go on listing for a while.
fn life(endpoint: &types::VpcEndpoint) -> Option<Life> {
    match state(endpoint) {
        Some(State::Deleted) => None,
        Some(State::Deleting) => Some(Life::Ending("deleting".to_owned())),
        Some(State::Failed | State::Rejected | State::Expired) => Some(Life::Broken(failure(endpoint))),
        _ => Some(Life::Live),
    }
}

#[async_trait]
impl Resource for VpcEndpoint {
    type Clients = Aws;
    const KIND: &'static str = "vpc-endpoint";

    fn manner() -> Manner {
        Manner {
            // A route table takes one route to a service's prefix list.
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(5, 300),
            delete: Wait::seconds(5, 600),
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "route_tables" => Field::UPDATE.unordered(),
            _ => Field::REPLACE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let by_tag = shared::ours(scope.suffix).into();
        let look = |filters| describe(aws, filters);
        let id = types::VpcEndpoint::vpc_endpoint_id;
        let endpoints = shared::seek(scope, by_tag, "vpc-endpoint-id", id, look).await?;
        let sighting = |endpoint: &types::VpcEndpoint| {
            Seen {
                id: endpoint.vpc_endpoint_id(),
                tags: endpoint.tags(),
                outputs: Outputs::new(),
                observed: shared::observed([
                    ("vpc", json!(endpoint.vpc_id())),
                    ("service", json!(endpoint.service_name())),
                    ("route_tables", json!(endpoint.route_table_ids())),
                ]),
                life: life(endpoint)?,
            }
            .sighting(scope, Self::KIND)
        };
        Ok(endpoints.iter().filter_map(sighting).collect())
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let mut call = aws.ec2.create_vpc_endpoint();
        for table in &self.route_tables {
            call = call.route_table_ids(table.get()?);
        }
        let answer = call
            .vpc_endpoint_type(VpcEndpointType::Gateway)
            .vpc_id(self.vpc.get()?)
            .service_name(&self.service)
            .client_token(&identity.token)
            .tag_specifications(shared::specification(ResourceType::VpcEndpoint, &identity.tags))
            .send()
            .await
            .of("ec2:CreateVpcEndpoint")?;
        let id = answer.vpc_endpoint().and_then(types::VpcEndpoint::vpc_endpoint_id).unwrap_or_default();
        Ok(Created { id: id.to_owned(), outputs: shared::outputs(id) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if !changes.touches("route_tables") {
            return Ok(Outputs::new());
        }
        let Some(endpoint) = one(aws, &it.id).await? else {
            return Err(Failure::new(Class::Settling, format!("{} is not visible yet", it.id)));
        };
        let mut wanted = Vec::new();
        for table in &self.route_tables {
            wanted.push(table.get()?.to_owned());
        }
        let current = endpoint.route_table_ids();
        let added: Vec<String> = wanted.iter().filter(|id| !current.contains(id)).cloned().collect();
        let removed: Vec<String> = current.iter().filter(|id| !wanted.contains(id)).cloned().collect();
        if !added.is_empty() || !removed.is_empty() {
            let call = aws.ec2.modify_vpc_endpoint().vpc_endpoint_id(&it.id);
            let call = call.set_add_route_table_ids(Some(added).filter(|ids| !ids.is_empty()));
            let call = call.set_remove_route_table_ids(Some(removed).filter(|ids| !ids.is_empty()));
            call.send().await.of("ec2:ModifyVpcEndpoint")?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, &it.id, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(endpoint) = one(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        Ok(match (state(&endpoint), life(&endpoint)) {
            (Some(State::Available), _) => Readiness::Ready(shared::outputs(&it.id)),
            (_, Some(Life::Broken(why))) => {
                Readiness::Failed(Failure::new(Class::Invalid, why).remedy("run up again: it is replaced by a new one"))
            }
            (_, None | Some(Life::Ending(_))) => {
                Readiness::Failed(Failure::new(Class::Invalid, "somebody deleted it").remedy("run up again"))
            }
            _ => Readiness::Waiting("pending".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let answer = aws.ec2.delete_vpc_endpoints().vpc_endpoint_ids(&it.id).send().await;
        shared::unsuccessful("ec2:DeleteVpcEndpoints", answer.of("ec2:DeleteVpcEndpoints")?.unsuccessful())
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        let endpoint = one(aws, &it.id).await?;
        Ok(match endpoint.filter(|endpoint| life(endpoint).is_some()) {
            None => Gone::Yes,
            Some(endpoint) => Gone::NotYet(endpoint.state().map_or("deleting", State::as_str).to_owned()),
        })
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        // Nothing keeps a gateway endpoint: it takes its routes along (EC2 API reference, DeleteVpcEndpoints).
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "ec2:CreateTags",
            "ec2:CreateVpcEndpoint",
            "ec2:DeleteVpcEndpoints",
            "ec2:DescribeVpcEndpoints",
            "ec2:ModifyVpcEndpoint",
        ]
    }
}

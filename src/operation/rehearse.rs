//! What would be sent to AWS, without sending it.

use std::sync::Arc;

use crate::{
    aws::rehearsal::Rehearsal,
    blueprint::Facts,
    config::{Config, EnvSuffix},
    engine::{Environment, Failure, Identity, Key, Node, output},
};
use serde_json::Value;

/// Stands for the random id that an environment gets when it is first brought up.
const ENVIRONMENT_ID: &str = "${environment-id}";
/// Stands for the token that is derived from it.
const TOKEN: &str = "${client-token}";

/// The create requests of some resources, in AWS's own form. What is only known once something else exists stands in them as
/// `${kind/name.output}`.
///
/// # Errors
/// A failure of the tool itself: see [`Rehearsal::request`].
pub async fn rehearse<'a>(
    config: &Config,
    suffix: &EnvSuffix,
    facts: &Facts,
    nodes: impl Iterator<Item = &'a Node>,
) -> Result<Vec<(Key, Value)>, Failure> {
    let environment = Arc::new(Environment {
        suffix: suffix.to_string(),
        id: ENVIRONMENT_ID.to_owned(),
        account: facts.account.clone(),
        region: facts.region.clone(),
        tags: super::workspace::tags(config),
    });
    let rehearsal = Rehearsal::new(&facts.account, &facts.region);
    let mut requests = Vec::new();
    for node in nodes {
        let identity = Identity {
            key: node.key.clone(),
            name: node.name.clone(),
            tags: environment.tags_for(&node.key, &node.name, 0),
            token: TOKEN.to_owned(),
            environment: environment.clone(),
        };
        let spec = output::resolve(&node.spec, &|open| Some(format!("${{{}.{}}}", open.key, open.output)));
        requests.push((node.key.clone(), rehearsal.request(&spec, &identity).await?));
    }
    Ok(requests)
}

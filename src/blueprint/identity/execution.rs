//! Execution roles: what ECS does before a service's containers run. It pulls their images, fetches their secrets and opens their logs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Things,
    statement::{document, statement},
    trust,
};
use crate::{
    aws::{iam::Role, secrets::SecretArn},
    blueprint::{Draft, services::log_group},
    config::Config,
    engine::Output,
};

/// The role of one service.
pub fn role(draft: &Draft<'_>, things: &Things<'_>, service: &str) -> Role {
    let policy = document([
        pull(draft, things, service),
        sign_in(),
        log(draft, service),
        read(things, service),
        decrypt(draft, things, service),
    ]);
    Role {
        description: format!("Lets ECS start the tasks of {service}"),
        // Without a source: ECS documents that it tells one for task roles, and not that it does here; a condition on what isn't told would
        // keep every task from starting (ECS Developer Guide, "Amazon ECS task execution IAM role").
        trust: trust("ecs-tasks.amazonaws.com", None),
        policies: BTreeMap::from([("execution".to_owned(), policy)]),
        managed: BTreeSet::new(),
    }
}

/// Images of the service's own repository, and of those that the configuration names (ECS Developer Guide, "Amazon ECS task execution IAM
/// role").
fn pull(draft: &Draft<'_>, things: &Things<'_>, service: &str) -> Value {
    let mut repositories = vec![json!(things.registry.repositories[service].arn())];
    repositories.extend(other_repositories(draft, service).into_iter().map(Value::from));
    let actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    statement("PullImages", &actions, json!(repositories), None)
}

/// A token is for the whole registry: the action knows no resources (Service Authorization Reference, Amazon ECR).
fn sign_in() -> Value {
    statement("SignInToRegistry", &["ecr:GetAuthorizationToken"], json!("*"), None)
}

/// Streams of the service's own log group, which is added after this role.
fn log(draft: &Draft<'_>, service: &str) -> Value {
    let group = format!("log-group:{}:*", log_group(draft.suffix.as_str(), service));
    let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
    statement("WriteLogs", &actions, json!(draft.facts.arn("logs", &group)), None)
}

/// What the service's containers are given: its certificate, and its database credentials where it has some.
fn secrets(things: &Things<'_>, service: &str) -> Vec<Output<SecretArn>> {
    let certificate = things.mesh.certificates[service].arn();
    let credentials = things.secrets.credentials.get(service).map(|secret| secret.arn());
    std::iter::once(certificate).chain(credentials).collect()
}

/// ECS Developer Guide, "Pass sensitive data to an Amazon ECS container".
fn read(things: &Things<'_>, service: &str) -> Value {
    statement("ReadSecrets", &["secretsmanager:GetSecretValue"], json!(secrets(things, service)), None)
}

/// The key through Secrets Manager, for these secrets alone (Secrets Manager user guide, "Secret encryption and decryption in AWS Secrets
/// Manager": the secret's ARN is the encryption context).
fn decrypt(draft: &Draft<'_>, things: &Things<'_>, service: &str) -> Value {
    let condition = json!({ "StringEquals": {
        "kms:ViaService": format!("secretsmanager.{}.amazonaws.com", draft.facts.region),
        "kms:EncryptionContext:SecretARN": secrets(things, service),
    }});
    statement("DecryptSecrets", &["kms:Decrypt"], json!(things.encryption.key.arn()), Some(condition))
}

/// Repositories in ECR, by ARN, that the service's containers come from besides its own.
fn other_repositories(draft: &Draft<'_>, service: &str) -> BTreeSet<String> {
    let images = images(draft.config, service, draft.facts.mesh.has_app_mesh());
    images.into_iter().filter_map(|image| repository(&draft.facts.partition, image)).collect()
}

fn images<'a>(config: &'a Config, service: &str, app_mesh: bool) -> Vec<&'a str> {
    let mut images = vec![config.mesh.envoy_image.as_str(), config.observability.agent_image.as_str()];
    images.extend(app_mesh.then_some(config.mesh.app_mesh_image.as_str()));
    images.extend(config.services[service].image.as_deref());
    images
}

/// The ARN of the private repository that an image is in: `{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}`. Others need no
/// permission of AWS.
fn repository(partition: &str, image: &str) -> Option<String> {
    let (registry, rest) = image.split_once('/')?;
    let mut parts = registry.splitn(5, '.');
    let (account, kind, service, region, domain) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let private = kind == "dkr" && service == "ecr" && domain.starts_with("amazonaws.com");
    let name = rest.split(['@', ':']).next()?;
    private.then(|| format!("arn:{partition}:ecr:{region}:{account}:repository/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_repositories_are_told_from_others() {
        let found = |image| repository("aws", image);
        let arn = Some("arn:aws:ecr:us-west-2:840364872350:repository/team/envoy".to_owned());
        assert_eq!(found("840364872350.dkr.ecr.us-west-2.amazonaws.com/team/envoy:v1.29"), arn);
        assert_eq!(found("840364872350.dkr.ecr.us-west-2.amazonaws.com/team/envoy@sha256:00"), arn);
        assert_eq!(found("public.ecr.aws/appmesh/envoy:v1"), None);
        assert_eq!(found("docker.io/envoyproxy/envoy:v1"), None);
        assert_eq!(found("nginx"), None);
    }
}

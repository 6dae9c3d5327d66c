//! What rotates the credentials of the services that use the database: a function, what it may do, and the rotations.
//!
//! The function talks to the database by the Data API, so that it is attached to no network: its interfaces would outlive it by up to half
//! an hour, and hold up whoever takes the network away.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Database, Draft, Encryption, Secrets,
    identity::{
        statement::{document, statement},
        trust,
    },
};
use crate::{
    aws::{
        iam::Role,
        lambda::{Function, Invoker},
        logs::{self, LogGroup},
        secrets::{LoginSecret, Rotation, SecretArn},
    },
    engine::{Chapter, Handle, Output},
    rotator::{names, settings::variable},
};

/// MiB of the function's memory. CPU comes in proportion, and deriving a SCRAM key takes some.
const MEMORY: u32 = 256;
/// Seconds that a step may take. A paused database needs up to half a minute to resume.
const TIMEOUT_SECONDS: u32 = 60;
/// Lambda's runtime for programs that bring their own (Lambda developer guide, "OS-only runtimes").
pub const RUNTIME: &str = "provided.al2023";

/// What rotates credentials.
pub struct Rotator {
    /// The function.
    pub function: Handle<Function>,
    /// The rotation of each service's credentials.
    pub rotations: BTreeMap<String, Handle<Rotation>>,
}

/// Adds the rotator, where there is a database that a service uses.
pub fn add(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    database: Option<&Database>,
    secrets: &Secrets,
) -> Option<Rotator> {
    let configured = draft.config.database.as_ref()?;
    let database = database?;
    let users: Vec<String> =
        draft.config.services.iter().filter(|(_, service)| service.database).map(|(name, _)| name.clone()).collect();
    if users.is_empty() {
        return None;
    }
    let logins: Vec<Handle<LoginSecret>> = users.iter().map(|name| add_login(draft, encryption, name)).collect();
    let credentials: Vec<Output<SecretArn>> = users.iter().map(|name| secrets.credentials[name].arn()).collect();
    let logins: Vec<Output<SecretArn>> = logins.iter().map(|login| login.arn()).collect();
    let role = role(draft, encryption, database, &users, &credentials, &logins);
    let role = draft.add(Chapter::Identity, "rotator", &["role-rotator"], role);
    let function = add_function(draft, encryption, database, &role);
    let days = configured.rotation_days;
    // The role's last policy and the database are what the first rotation needs besides.
    let after = vec![database.writer.arn().wrap("", "")];
    let mut rotations = BTreeMap::new();
    for (name, secret) in users.into_iter().zip(credentials) {
        let rotation = Rotation { secret, function: function.arn(), days, after: after.clone() };
        let rotation = draft.add(Chapter::Secrets, &name, &["rotation", &name], rotation);
        rotations.insert(name, rotation);
    }
    Some(Rotator { function, rotations })
}

fn add_login(draft: &mut Draft<'_>, encryption: &Encryption, service: &str) -> Handle<LoginSecret> {
    let description = format!("Where new database credentials of {service} are while they are tried");
    let name = names::login_secret(service, draft.suffix.as_str());
    draft.blueprint.add(Chapter::Secrets, service, name, LoginSecret { key: encryption.key.arn(), description })
}

fn log_group(suffix: &str) -> String {
    format!("{}rotator", logs::prefix(suffix))
}

fn add_function(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    database: &Database,
    role: &Handle<Role>,
) -> Handle<Function> {
    let log = LogGroup { retention_days: draft.config.observability.log_retention_days, key: encryption.key.arn() };
    let log = draft.blueprint.add(Chapter::Secrets, "rotator", log_group(draft.suffix.as_str()), log);
    let environment = [
        (variable::SUFFIX, Output::known(draft.suffix.as_str())),
        (variable::CLUSTER, database.cluster.arn().wrap("", "")),
        (variable::MASTER, database.cluster.master_secret().wrap("", "")),
        (variable::HOST, database.cluster.endpoint().wrap("", "")),
        (variable::SERVICES, Output::known(draft.name(&["cluster"]))),
    ];
    let code = draft.facts.rotator.clone();
    let invoker = Invoker { service: "secretsmanager.amazonaws.com".to_owned(), account: draft.facts.account.clone() };
    let function = Function {
        description: format!("Rotates the database credentials of the environment {}", draft.suffix),
        code: code.digest,
        architecture: code.architecture,
        runtime: RUNTIME.to_owned(),
        role: role.arn(),
        memory: MEMORY,
        timeout_seconds: TIMEOUT_SECONDS,
        environment: environment.map(|(name, value)| (name.to_owned(), value)).into(),
        log_group: log.name(),
        invokers: BTreeMap::from([("secrets-manager".to_owned(), invoker)]),
    };
    draft.add(Chapter::Secrets, "rotator", &["rotator"], function)
}

/// Those secrets, that cluster, those services, its own log group, and nothing else. All inline policies of a role have 10,240 characters
/// together, which is why there are at most as many services with a database as `config` allows.
fn role(
    draft: &Draft<'_>,
    encryption: &Encryption,
    database: &Database,
    users: &[String],
    credentials: &[Output<SecretArn>],
    logins: &[Output<SecretArn>],
) -> Role {
    let facts = draft.facts;
    let rotate = [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ];
    // The Data API reads the secret in the caller's name (RDS Data API, "Authorizing access").
    let lend = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"];
    let via = json!({ "StringEquals": { "kms:ViaService": format!("secretsmanager.{}.amazonaws.com", facts.region) } });
    let service = |name: &String| {
        let service = names::ecs_service(name, draft.suffix.as_str());
        facts.arn("ecs", &format!("service/{}/{service}", draft.name(&["cluster"])))
    };
    let services: Vec<String> = users.iter().map(service).collect();
    let log = facts.arn("logs", &format!("log-group:{}:*", log_group(draft.suffix.as_str())));
    let policy: Value = document([
        statement("RotateSecrets", &rotate, json!(credentials), None),
        statement("TryLogIns", &lend, json!(logins), None),
        statement("ReadMaster", &["secretsmanager:GetSecretValue"], json!(database.cluster.master_secret()), None),
        statement("UseKey", &["kms:Decrypt", "kms:GenerateDataKey"], json!(encryption.key.arn()), Some(via)),
        statement("UseDatabase", &["rds-data:ExecuteStatement"], json!(database.cluster.arn()), None),
        statement("RollOut", &["ecs:ListServiceDeployments", "ecs:UpdateService"], json!(services), None),
        statement("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], json!(log), None),
    ]);
    Role {
        description: "Lets the rotator change database credentials".to_owned(),
        trust: trust("lambda.amazonaws.com", None),
        policies: BTreeMap::from([("rotator".to_owned(), policy)]),
        managed: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::{build, samples},
        config::EnvSuffix,
        engine::{Blueprint, Key},
    };

    fn written(more: &str) -> Blueprint {
        let blueprint = build(&samples::parse(more), &EnvSuffix::parse("dev").expect("a suffix"), &samples::facts());
        assert_eq!(blueprint.check(), Ok(()));
        blueprint
    }

    fn waits_for(blueprint: &Blueprint, service: &str) -> Vec<String> {
        let node = blueprint.get(&Key::new("ecs-service", service)).expect("the service");
        node.dependencies().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_services_with_a_database_wait_for_their_credentials() {
        let blueprint = written("[database]\n[services.payments]\ndatabase = true\n[services.accounts]");
        assert!(waits_for(&blueprint, "payments").contains(&"secret-rotation/payments".to_owned()));
        assert!(!waits_for(&blueprint, "accounts").iter().any(|key| key.starts_with("secret-rotation/")));
        let rotation = &blueprint.get(&Key::new("secret-rotation", "payments")).expect("the rotation").spec;
        assert_eq!(rotation["days"], json!(30));
        assert!(blueprint.get(&Key::new("login-secret", "accounts")).is_none());
    }

    #[test]
    fn nothing_rotates_where_nobody_uses_a_database() {
        for more in ["[services.payments]", "[database]\n[services.payments]"] {
            let blueprint = written(more);
            assert!(blueprint.get(&Key::new("lambda-function", "rotator")).is_none(), "{more}");
        }
    }

    #[test]
    fn the_role_names_what_it_is_for() {
        let blueprint = written("[database]\n[services.payments]\ndatabase = true\n[services.accounts]");
        let role = &blueprint.get(&Key::new("iam-role", "rotator")).expect("the role").spec;
        let text = role.to_string();
        assert!(text.contains("service/cluster-dev/service-payments-dev") && !text.contains("accounts"), "{text}");
        let statements = role["policies"]["rotator"]["Statement"].as_array().expect("statements");
        assert!(statements.iter().all(|statement| statement["Resource"] != "*"), "{text}");
    }

    #[test]
    fn the_policy_fits_for_as_many_services_as_are_allowed() {
        let most = crate::config::MOST_DATABASE_SERVICES;
        let services: String =
            (0..most).map(|n| format!("[services.a-long-name-of-a-{n:03}]\ndatabase = true\n")).collect();
        let blueprint = written(&format!("[database]\n{services}"));
        let role = &blueprint.get(&Key::new("iam-role", "rotator")).expect("the role").spec;
        let arn = |reference: &crate::engine::Reference| {
            let name = format!("db-credentials-{}-dev-AbCdEf", reference.key.name());
            Some(format!("arn:aws:secretsmanager:ap-southeast-1:123456789012:secret:{name}"))
        };
        let policy = crate::engine::output::resolve(&role["policies"]["rotator"], &arn).to_string();
        assert!(policy.len() <= 10_240, "{} characters", policy.len());
    }
}

//! What rotates the certificates of the mesh and the credentials of the services that use the database: a function, what it may do, and the
//! rotations.
//!
//! The function talks to the database by the Data API, so that it is attached to no network: its interfaces would outlive it by up to half
//! an hour, and hold up whoever takes the network away. It needs no database: where there is none, it rotates certificates alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    Database, Draft, Encryption, Mesh, Secrets,
    identity::{
        statement::{document, statement},
        trust,
    },
    mesh,
};
use crate::{
    aws::{
        iam::Role,
        lambda::{Function, FunctionVariable, Invoker},
        logs::{self, LogGroup},
        secrets::{LoginSecret, Rotation},
    },
    engine::{Chapter, Handle, Output, environment::TAG_ENVIRONMENT},
    rotator::{names, settings::variable},
};

/// MiB of the function's memory. CPU comes in proportion, and deriving a SCRAM key takes some.
const MEMORY: u32 = 256;
/// Seconds that a step may take. A paused database needs up to half a minute to resume.
const TIMEOUT_SECONDS: u32 = 90;
/// Lambda's runtime for programs that bring their own (Lambda developer guide, "OS-only runtimes").
pub const RUNTIME: &str = "provided.al2023";

/// What rotates credentials and certificates.
pub struct Rotator {
    /// The function.
    pub function: Handle<Function>,
    /// The rotation of each service's credentials.
    pub rotations: BTreeMap<String, Handle<Rotation>>,
}

/// Days from one rotation of a certificate to the next: two fifths of its life. So one that is not rolled out, because a deployment fails, is
/// followed by another before what the tasks hold ends; and `up`, which renews what has a third left, finds nothing to do.
pub fn certificate_rotation_days(certificate_days: u32) -> u32 {
    (certificate_days * 2 / 5).max(1)
}

/// What the function is for.
struct Duties<'a> {
    /// The database, and who has credentials in it; nobody where none are rotated.
    database: Option<&'a Database>,
    users: Vec<String>,
    /// The mesh, where certificates are rotated.
    mesh: Option<&'a Mesh>,
}

/// Adds the rotator, where there is something to rotate.
pub fn add(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    database: Option<&Database>,
    secrets: &Secrets,
    mesh: &Mesh,
) -> Option<Rotator> {
    let services = draft.config.services.iter();
    let users: Vec<String> = services.filter(|(_, service)| service.database).map(|(name, _)| name.clone()).collect();
    let database = database.filter(|_| !users.is_empty());
    let users = if database.is_some() { users } else { Vec::new() };
    let duties = Duties { database, users, mesh: Some(mesh).filter(|_| draft.config.mesh.rotate_certificates) };
    if duties.database.is_none() && duties.mesh.is_none() {
        return None;
    }
    for name in &duties.users {
        add_login(draft, encryption, name);
    }
    let role = role(draft, encryption, &duties);
    let role = draft.add(Chapter::Identity, "rotator", &["role-rotator"], role);
    let function = add_function(draft, encryption, &duties, &role);
    if let Some(mesh) = duties.mesh {
        let days = certificate_rotation_days(draft.config.mesh.certificate_days);
        for (service, certificate) in &mesh.certificates {
            let (secret, function) = (certificate.arn(), function.arn());
            let rotation = Rotation { secret, function, days, at_once: false, after: Vec::new() };
            let key = names::certificate_rotation(service);
            draft.add(Chapter::Secrets, &key, &["certificate-rotation", service], rotation);
        }
    }
    let mut rotations = BTreeMap::new();
    if let Some((database, days)) = duties.database.zip(draft.config.database.as_ref().map(|it| it.rotation_days)) {
        for name in duties.users {
            let secret = secrets.credentials[&name].arn();
            // The role's last policy and the database are what the first rotation needs besides.
            let after = vec![database.writer.arn().wrap("", "")];
            let rotation = Rotation { secret, function: function.arn(), days, at_once: true, after };
            let rotation = draft.add(Chapter::Secrets, &name, &["rotation", &name], rotation);
            rotations.insert(name, rotation);
        }
    }
    Some(Rotator { function, rotations })
}

fn add_login(draft: &mut Draft<'_>, encryption: &Encryption, service: &str) {
    let description = format!("Where new database credentials of {service} are while they are tried");
    let name = names::login_secret(service, draft.suffix.as_str());
    draft.blueprint.add(Chapter::Secrets, service, name, LoginSecret { key: encryption.key.arn(), description });
}

fn log_group(suffix: &str) -> String {
    format!("{}rotator", logs::prefix(suffix))
}

/// What the function is told: ARNs and names.
fn environment(draft: &Draft<'_>, duties: &Duties<'_>) -> BTreeMap<String, Output<FunctionVariable>> {
    let mut told = BTreeMap::from([
        (variable::SUFFIX, Output::known(draft.suffix.as_str())),
        (variable::SERVICES, Output::known(draft.name(&["cluster"]))),
    ]);
    if let Some(database) = duties.database {
        told.insert(variable::CLUSTER, database.cluster.arn().wrap("", ""));
        told.insert(variable::MASTER, database.cluster.master_secret().wrap("", ""));
        told.insert(variable::HOST, database.cluster.endpoint().wrap("", ""));
    }
    if let Some(mesh) = duties.mesh {
        let model = mesh::model(draft);
        told.insert(variable::AUTHORITY, mesh.authority.arn().wrap("", ""));
        told.insert(variable::TRUST_DOMAIN, Output::known(model.trust_domain()));
        told.insert(variable::NAMESPACE, Output::known(model.namespace()));
        told.insert(variable::CERTIFICATE_DAYS, Output::known(draft.config.mesh.certificate_days.to_string()));
    }
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn add_function(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    duties: &Duties<'_>,
    role: &Handle<Role>,
) -> Handle<Function> {
    let log = LogGroup { retention_days: draft.config.observability.log_retention_days, key: encryption.key.arn() };
    let log = draft.blueprint.add(Chapter::Secrets, "rotator", log_group(draft.suffix.as_str()), log);
    let code = draft.facts.rotator.clone();
    let invoker = Invoker { service: "secretsmanager.amazonaws.com".to_owned(), account: draft.facts.account.clone() };
    let function = Function {
        description: format!("Rotates certificates and database credentials of the environment {}", draft.suffix),
        code: code.digest,
        architecture: code.architecture,
        runtime: RUNTIME.to_owned(),
        role: role.arn(),
        memory: MEMORY,
        timeout_seconds: TIMEOUT_SECONDS,
        environment: environment(draft, duties),
        log_group: log.name(),
        invokers: BTreeMap::from([("secrets-manager".to_owned(), invoker)]),
    };
    draft.add(Chapter::Secrets, "rotator", &["rotator"], function)
}

/// The environment's secrets of these kinds, that cluster, the services of that cluster, its own log group, and nothing else.
///
/// All inline policies of a role have 10,240 characters together, which is too little to name each secret. The names' pattern fits those of an
/// environment whose suffix ends like this one's, too (`x-dev`); the tag tells them apart.
fn role(draft: &Draft<'_>, encryption: &Encryption, duties: &Duties<'_>) -> Role {
    const READ: [&str; 2] = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"];
    // The description, which tells what may be known of a secret without its value, is UpdateSecret's.
    const ROTATE: [&str; 3] =
        ["secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret", "secretsmanager:UpdateSecretVersionStage"];
    let facts = draft.facts;
    let suffix = draft.suffix.as_str();
    // Secrets Manager adds a hyphen and six characters to a name.
    let secrets = |name: fn(&str, &str) -> String| {
        let pattern = name("*", suffix);
        json!(facts.arn("secretsmanager", &format!("secret:{pattern}-??????")))
    };
    let ours = Some(json!({ "StringEquals": { format!("aws:ResourceTag/{TAG_ENVIRONMENT}"): suffix } }));
    let via = json!({ "StringEquals": { "kms:ViaService": format!("secretsmanager.{}.amazonaws.com", facts.region) } });
    let services =
        facts.arn("ecs", &format!("service/{}/{}", draft.name(&["cluster"]), names::ecs_service("*", suffix)));
    let log = facts.arn("logs", &format!("log-group:{}:*", log_group(suffix)));
    let mut statements = vec![
        statement("UseKey", &["kms:Decrypt", "kms:GenerateDataKey"], json!(encryption.key.arn()), Some(via)),
        statement("RollOut", &["ecs:ListServiceDeployments", "ecs:UpdateService"], json!(services), None),
        statement("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], json!(log), None),
    ];
    if let Some(database) = duties.database {
        let rotate = [READ.as_slice(), &ROTATE].concat();
        // The Data API reads the secret in the caller's name (RDS Data API, "Authorizing access").
        let lend = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"];
        let master = database.cluster.master_secret();
        statements.extend([
            statement("RotateCredentials", &rotate, secrets(names::credentials_secret), ours.clone()),
            statement("TryLogIns", &lend, secrets(names::login_secret), ours.clone()),
            statement("ReadMaster", &["secretsmanager:GetSecretValue"], json!(master), None),
            statement("UseDatabase", &["rds-data:ExecuteStatement"], json!(database.cluster.arn()), None),
        ]);
    }
    if let Some(mesh) = duties.mesh {
        let rotate = [READ.as_slice(), &ROTATE].concat();
        let authority = json!(mesh.authority.arn());
        statements.extend([
            statement("RotateCertificates", &rotate, secrets(names::certificate_secret), ours),
            statement("ReadAuthority", &["secretsmanager:GetSecretValue"], authority, None),
        ]);
    }
    Role {
        description: "Lets the rotator change certificates and database credentials".to_owned(),
        trust: trust("lambda.amazonaws.com", None),
        policies: BTreeMap::from([("rotator".to_owned(), document(statements))]),
        managed: BTreeSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        blueprint::{build, samples},
        config::EnvSuffix,
        engine::{Blueprint, Key},
    };

    const DATABASE: &str = "[database]\n[services.payments]\ndatabase = true\n[services.accounts]\n";
    const BY_HAND: &str = "[mesh]\nrotate_certificates = false\n";

    fn written(more: &str) -> Blueprint {
        let blueprint = build(&samples::parse(more), &EnvSuffix::parse("dev").expect("a suffix"), &samples::facts());
        assert_eq!(blueprint.check(), Ok(()));
        blueprint
    }

    fn spec<'a>(blueprint: &'a Blueprint, kind: &str, name: &str) -> &'a Value {
        &blueprint.get(&Key::new(kind, name)).unwrap_or_else(|| panic!("{kind}/{name}")).spec
    }

    fn waits_for(blueprint: &Blueprint, service: &str) -> Vec<String> {
        let node = blueprint.get(&Key::new("ecs-service", service)).expect("the service");
        node.dependencies().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_services_with_a_database_wait_for_their_credentials_and_none_for_certificates() {
        let blueprint = written(DATABASE);
        assert!(waits_for(&blueprint, "payments").contains(&"secret-rotation/payments".to_owned()));
        assert!(!waits_for(&blueprint, "payments").iter().any(|key| key.ends_with(".certificate")));
        assert!(!waits_for(&blueprint, "accounts").iter().any(|key| key.starts_with("secret-rotation/")));
        let rotation = spec(&blueprint, "secret-rotation", "payments");
        assert_eq!((&rotation["days"], &rotation["at_once"]), (&json!(30), &json!(true)));
        assert!(blueprint.get(&Key::new("login-secret", "accounts")).is_none());
    }

    #[test]
    fn certificates_are_rotated_without_a_database() {
        for more in ["[services.payments]", "[database]\n[services.payments]"] {
            let blueprint = written(more);
            let rotation = spec(&blueprint, "secret-rotation", "payments.certificate");
            assert_eq!((&rotation["days"], &rotation["at_once"]), (&json!(12), &json!(false)));
            assert!(blueprint.get(&Key::new("secret-rotation", "payments")).is_none(), "{more}");
            let node = blueprint.get(&Key::new("lambda-function", "rotator")).expect("the function");
            assert!(!node.dependencies().iter().any(|key| key.kind().starts_with("db-")), "{more}");
            assert_eq!(node.spec["environment"][variable::TRUST_DOMAIN], json!("dev.platform"));
            let policy = spec(&blueprint, "iam-role", "rotator").to_string();
            assert!(!policy.contains("rds-data") && !policy.contains("db-"), "{policy}");
        }
    }

    #[test]
    fn whoever_renews_certificates_by_hand_needs_no_function_for_them() {
        let blueprint = written(&format!("{BY_HAND}[services.payments]"));
        assert!(
            !blueprint.nodes().iter().any(|node| ["lambda-function", "secret-rotation"].contains(&node.key.kind()))
        );
        let blueprint = written(&format!("{BY_HAND}{DATABASE}"));
        let policy = spec(&blueprint, "iam-role", "rotator").to_string();
        assert!(!policy.contains("mesh-"), "{policy}");
        assert!(spec(&blueprint, "lambda-function", "rotator")["environment"].get(variable::AUTHORITY).is_none());
    }

    #[test]
    fn a_certificate_outlives_two_rotations_and_up_finds_it_fresh() {
        for days in 3..=397 {
            let rotation = certificate_rotation_days(days);
            assert!(2 * rotation < days, "{days}");
            assert!(days - rotation > days / 3, "{days}");
        }
    }

    #[test]
    fn what_the_function_issues_certificates_for_is_what_up_does() {
        let blueprint = written("[services.payments]");
        let certificate = spec(&blueprint, "mesh-certificate", "payments");
        let environment = spec(&blueprint, "lambda-function", "rotator")["environment"].as_object().expect("variables");
        let told = environment.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or("ARN").to_owned()));
        let settings = crate::rotator::Settings::read(&told.collect()).expect("readable");
        let request = settings.mesh.expect("the mesh").request("payments");
        let of = |field: &str| certificate[field].as_str().expect("a text").to_owned();
        assert_eq!((request.trust_domain, request.dns_name), (of("trust_domain"), of("dns_name")));
        assert_eq!((json!(request.service), json!(request.days)), (certificate["service"].clone(), json!(30)));
    }

    #[test]
    fn the_role_names_what_it_is_for() {
        let blueprint = written(DATABASE);
        let role = spec(&blueprint, "iam-role", "rotator");
        let text = role.to_string();
        assert!(text.contains("service/cluster-dev/service-*-dev"), "{text}");
        let statements = role["policies"]["rotator"]["Statement"].as_array().expect("statements");
        assert!(statements.iter().all(|statement| statement["Resource"] != "*"), "{text}");
        let of_pattern = |statement: &&Value| statement["Resource"].as_str().is_some_and(|it| it.contains("secret:"));
        for statement in statements.iter().filter(of_pattern) {
            assert_eq!(
                statement["Condition"]["StringEquals"]["aws:ResourceTag/Environment"],
                json!("dev"),
                "{statement}"
            );
        }
    }

    #[test]
    fn the_policy_is_the_same_however_many_services_there_are() {
        let most = crate::config::MOST_SERVICES;
        let services = |most: usize| -> String {
            (0..most).map(|n| format!("[services.a-long-name-of-a-{n:03}]\ndatabase = true\n")).collect()
        };
        let policy = |most: usize| {
            let blueprint = written(&format!("[database]\n{}", services(most)));
            spec(&blueprint, "iam-role", "rotator")["policies"]["rotator"].to_string()
        };
        assert_eq!(policy(most), policy(1));
        assert!(policy(most).len() <= 10_240, "{} characters", policy(most).len());
    }
}

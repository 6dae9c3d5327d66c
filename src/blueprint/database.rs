//! The database: an Aurora cluster with a serverless writer in the private subnets, where the configuration has one.

use super::{Draft, Encryption, Network};
use crate::{
    aws::{
        logs::LogGroup,
        rds::{DbCluster, DbInstance, DbSubnetGroup},
    },
    config::{self, Capacity},
    engine::{Chapter, Handle},
    rotator::settings::DATABASE,
};

const ENGINE: &str = "aurora-postgresql";
/// The one log that Aurora PostgreSQL exports (RDS API reference, CreateDBCluster, EnableCloudwatchLogsExports).
const LOG: &str = "postgresql";
/// The user whose password RDS keeps. Nobody but the rotator logs in as it.
const MASTER: &str = "master";

/// The database.
pub struct Database {
    /// The cluster.
    pub cluster: Handle<DbCluster>,
    /// Its writer. Nobody is answered before it is there.
    pub writer: Handle<DbInstance>,
}

/// The log group that RDS writes a cluster's log to: it chooses the name, and would make the group without a key
/// (Aurora User Guide, "Publishing Aurora PostgreSQL logs to Amazon CloudWatch Logs").
pub fn log_group(suffix: &str) -> String {
    format!("/aws/rds/cluster/db-cluster-{suffix}/{LOG}")
}

/// Adds the database, if there is to be one.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption, network: &Network) -> Option<Database> {
    let database = draft.config.database.as_ref()?;
    let group = network.database_group.as_ref()?;
    let subnets = network.private.iter().map(|subnet| subnet.id()).collect();
    let subnets = DbSubnetGroup { description: "Private subnets of the database".to_owned(), subnets };
    let subnets = draft.add(Chapter::Data, "main", &["db-subnet-group"], subnets);
    let log = LogGroup { retention_days: draft.config.observability.log_retention_days, key: encryption.key.arn() };
    let log = draft.blueprint.add(Chapter::Data, "database", log_group(draft.suffix.as_str()), log);
    let cluster = DbCluster {
        engine: ENGINE.to_owned(),
        engine_version: database.engine_version.clone(),
        database: DATABASE.to_owned(),
        master_user: MASTER.to_owned(),
        key: encryption.key.arn(),
        subnet_group: subnets.name(),
        security_groups: vec![group.id()],
        min_capacity: database.min_capacity.units(),
        max_capacity: database.max_capacity.units(),
        pause_after_seconds: pause(database),
        backup_days: database.backup_days,
        deletion_protection: false,
        iam_authentication: true,
        data_api: true,
        log_exports: vec![LOG.to_owned()],
        after: vec![log.name().wrap("", "")],
    };
    let cluster = draft.add(Chapter::Data, "main", &["db-cluster"], cluster);
    let writer = DbInstance {
        cluster: cluster.name(),
        engine: ENGINE.to_owned(),
        class: "db.serverless".to_owned(),
        public: false,
        minor_upgrades: true,
    };
    let writer = draft.add(Chapter::Data, "writer", &["db-instance"], writer);
    Some(Database { cluster, writer })
}

/// RDS takes the time only where the capacity may go down to zero (RDS API reference, ServerlessV2ScalingConfiguration).
fn pause(database: &config::Database) -> Option<u32> {
    (database.min_capacity == Capacity::ZERO).then_some(database.pause_after_seconds)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        blueprint::{Draft, network, samples},
        config::EnvSuffix,
        engine::{Blueprint, Key},
    };

    fn written(more: &str) -> Blueprint {
        let (config, suffix) = (samples::parse(more), EnvSuffix::parse("dev").expect("a suffix"));
        let facts = samples::facts();
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = samples::encryption(&mut draft);
        let network = network::add(&mut draft);
        add(&mut draft, &encryption, &network);
        draft.blueprint.check().expect("references point backwards and keys are unique");
        draft.blueprint
    }

    #[test]
    fn there_is_none_unless_it_is_asked_for() {
        let blueprint = written("[services.payments]");
        assert!(!blueprint.nodes().iter().any(|node| node.key.kind().starts_with("db-")));
        assert!(blueprint.get(&Key::new("security-group", "database")).is_none());
    }

    #[test]
    fn it_is_private_encrypted_and_as_large_as_configured() {
        let blueprint =
            written("[database]\nmin_capacity = 0\nmax_capacity = 2.5\n[services.payments]\ndatabase = true");
        let cluster = &blueprint.get(&Key::new("db-cluster", "main")).expect("the cluster").spec;
        assert_eq!((&cluster["min_capacity"], &cluster["max_capacity"]), (&json!(0.0), &json!(2.5)));
        assert_eq!(cluster["pause_after_seconds"], json!(300));
        assert_eq!(cluster["key"]["$ref"], json!("kms-key/main#arn"));
        assert_eq!(cluster["security_groups"][0]["$ref"], json!("security-group/database#id"));
        let writer = &blueprint.get(&Key::new("db-instance", "writer")).expect("the writer").spec;
        assert_eq!((&writer["class"], &writer["public"]), (&json!("db.serverless"), &json!(false)));
        let subnets = &blueprint.get(&Key::new("db-subnet-group", "main")).expect("the group").spec["subnets"];
        assert!(subnets.to_string().contains("subnet/private-a#id"), "{subnets}");
    }

    #[test]
    fn it_does_not_pause_unless_it_may() {
        let blueprint = written("[database]\n[services.payments]\ndatabase = true");
        let cluster = &blueprint.get(&Key::new("db-cluster", "main")).expect("the cluster").spec;
        assert_eq!(cluster["pause_after_seconds"], json!(null));
    }

    #[test]
    fn only_its_services_reach_it() {
        let blueprint = written("[database]\n[services.payments]\ndatabase = true\n[services.accounts]");
        let rule = |name: &str| blueprint.get(&Key::new("security-group-rule", name)).map(|node| node.spec.clone());
        let rule_in = rule("database.from.payments").expect("payments may come in");
        assert_eq!((&rule_in["ports"]["from"], &rule_in["ports"]["to"]), (&json!(5432), &json!(5432)));
        assert!(rule("payments.to-database").is_some());
        assert!(rule("database.from.accounts").is_none() && rule("accounts.to-database").is_none());
    }
}

//! What the function is told by its environment. No secrets: ARNs and names.

use std::collections::BTreeMap;

use super::{RotationError, secret::Database};

/// The port of Aurora PostgreSQL.
pub const PORT: u16 = 5432;
/// The database in which every service has its schema.
pub const DATABASE: &str = "platform";

/// Names of the variables.
pub mod variable {
    /// The environment's suffix.
    pub const SUFFIX: &str = "ENVIRONMENT_SUFFIX";
    /// The database cluster's ARN.
    pub const CLUSTER: &str = "DATABASE_CLUSTER_ARN";
    /// The ARN of the master user's secret.
    pub const MASTER: &str = "DATABASE_MASTER_SECRET_ARN";
    /// The address of the cluster's writer.
    pub const HOST: &str = "DATABASE_HOST";
    /// The ECS cluster's name.
    pub const SERVICES: &str = "ECS_CLUSTER";
}

/// What the steps need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The environment's suffix.
    pub suffix: String,
    /// The database cluster's ARN.
    pub cluster: String,
    /// The ARN of the master user's secret.
    pub master_secret: String,
    /// Where the database is.
    pub database: Database,
    /// The ECS cluster's name.
    pub services: String,
}

impl Settings {
    /// From variables.
    ///
    /// # Errors
    /// Names the variable that is missing.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, RotationError> {
        let text = |name: &'static str| {
            let value = variables.get(name).filter(|value| !value.is_empty());
            value.cloned().ok_or(RotationError::Unset(name))
        };
        Ok(Settings {
            suffix: text(variable::SUFFIX)?,
            cluster: text(variable::CLUSTER)?,
            master_secret: text(variable::MASTER)?,
            database: Database { host: text(variable::HOST)?, port: PORT, name: DATABASE.to_owned() },
            services: text(variable::SERVICES)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_missing_is_named() {
        let all = [variable::SUFFIX, variable::CLUSTER, variable::MASTER, variable::HOST, variable::SERVICES];
        let variables: BTreeMap<String, String> = all.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        assert!(Settings::read(&variables).is_ok());
        for name in all {
            let fewer = variables.iter().filter(|(one, _)| *one != name).map(|(a, b)| (a.clone(), b.clone())).collect();
            let error = Settings::read(&fewer).expect_err("one is missing").to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}

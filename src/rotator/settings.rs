//! What the function is told by its environment. No secrets: ARNs and names.

use std::collections::BTreeMap;

use super::{RotationError, secret::Database};
use crate::mesh::LeafRequest;

/// The port of Aurora PostgreSQL.
pub const PORT: u16 = 5432;
/// The database in which every service has its schema.
pub const DATABASE: &str = "platform";

/// Names of the variables.
pub mod variable {
    /// The environment's suffix.
    pub const SUFFIX: &str = "ENVIRONMENT_SUFFIX";
    /// The ECS cluster's name.
    pub const SERVICES: &str = "ECS_CLUSTER";
    /// The database cluster's ARN, where there is a database whose credentials are rotated.
    pub const CLUSTER: &str = "DATABASE_CLUSTER_ARN";
    /// The ARN of the master user's secret.
    pub const MASTER: &str = "DATABASE_MASTER_SECRET_ARN";
    /// The address of the cluster's writer.
    pub const HOST: &str = "DATABASE_HOST";
    /// The ARN of the secret with the mesh's authority, where certificates are rotated.
    pub const AUTHORITY: &str = "MESH_AUTHORITY_SECRET_ARN";
    /// SPIFFE trust domain.
    pub const TRUST_DOMAIN: &str = "MESH_TRUST_DOMAIN";
    /// The DNS namespace of the services.
    pub const NAMESPACE: &str = "MESH_NAMESPACE";
    /// Days that a certificate is valid.
    pub const CERTIFICATE_DAYS: &str = "MESH_CERTIFICATE_DAYS";
}

/// What the steps need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The environment's suffix.
    pub suffix: String,
    /// The ECS cluster's name.
    pub services: String,
    /// The database, where credentials are rotated.
    pub database: Option<DatabaseSettings>,
    /// The mesh, where certificates are rotated.
    pub mesh: Option<MeshSettings>,
}

/// What the rotation of credentials needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// The database cluster's ARN.
    pub cluster: String,
    /// The ARN of the master user's secret.
    pub master_secret: String,
    /// Where the database is.
    pub place: Database,
}

/// What the rotation of certificates needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshSettings {
    /// The ARN of the authority's secret.
    pub authority: String,
    /// SPIFFE trust domain (`dev.platform`).
    pub trust_domain: String,
    /// The DNS namespace of the services (`dev.local`).
    pub namespace: String,
    /// Days that a certificate is valid.
    pub days: u16,
}

impl MeshSettings {
    /// What a service's certificate is issued for.
    pub fn request(&self, service: &str) -> LeafRequest {
        LeafRequest {
            trust_domain: self.trust_domain.clone(),
            service: service.to_owned(),
            dns_name: format!("{service}.{}", self.namespace),
            days: self.days,
        }
    }
}

impl Settings {
    /// From variables.
    ///
    /// # Errors
    /// Names the variable that is missing or makes no sense.
    pub fn read(variables: &BTreeMap<String, String>) -> Result<Self, RotationError> {
        let given = |name: &'static str| variables.get(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| given(name).cloned().ok_or(RotationError::Unset(name));
        let database = |cluster: &String| {
            Ok::<_, RotationError>(DatabaseSettings {
                cluster: cluster.clone(),
                master_secret: text(variable::MASTER)?,
                place: Database { host: text(variable::HOST)?, port: PORT, name: DATABASE.to_owned() },
            })
        };
        let mesh = |authority: &String| {
            let days = text(variable::CERTIFICATE_DAYS)?.parse();
            Ok::<_, RotationError>(MeshSettings {
                authority: authority.clone(),
                trust_domain: text(variable::TRUST_DOMAIN)?,
                namespace: text(variable::NAMESPACE)?,
                days: days.map_err(|_| RotationError::Unset(variable::CERTIFICATE_DAYS))?,
            })
        };
        Ok(Settings {
            suffix: text(variable::SUFFIX)?,
            services: text(variable::SERVICES)?,
            database: given(variable::CLUSTER).map(database).transpose()?,
            mesh: given(variable::AUTHORITY).map(mesh).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALWAYS: [&str; 2] = [variable::SUFFIX, variable::SERVICES];
    const OF_DATABASE: [&str; 3] = [variable::CLUSTER, variable::MASTER, variable::HOST];
    const OF_MESH: [&str; 4] =
        [variable::AUTHORITY, variable::TRUST_DOMAIN, variable::NAMESPACE, variable::CERTIFICATE_DAYS];

    fn variables(names: &[&str]) -> BTreeMap<String, String> {
        names.iter().map(|name| ((*name).to_owned(), "30".to_owned())).collect()
    }

    #[test]
    fn a_variable_that_is_missing_is_named() {
        let all = [ALWAYS.as_slice(), &OF_DATABASE, &OF_MESH].concat();
        let settings = Settings::read(&variables(&all)).expect("all are set");
        assert!(settings.database.is_some() && settings.mesh.is_some());
        for name in all.iter().filter(|name| ![variable::CLUSTER, variable::AUTHORITY].contains(name)) {
            let fewer: Vec<&str> = all.iter().filter(|one| *one != name).copied().collect();
            let error = Settings::read(&variables(&fewer)).expect_err("one is missing").to_string();
            assert!(error.contains(name), "{error}");
        }
        let mut wrong = variables(&all);
        wrong.insert(variable::CERTIFICATE_DAYS.to_owned(), "many".to_owned());
        let error = Settings::read(&wrong).expect_err("no number").to_string();
        assert!(error.contains(variable::CERTIFICATE_DAYS), "{error}");
    }

    #[test]
    fn what_there_is_none_of_needs_no_variables() {
        let settings = Settings::read(&variables(&[ALWAYS.as_slice(), &OF_MESH].concat())).expect("no database");
        assert!(settings.database.is_none() && settings.mesh.is_some_and(|mesh| mesh.days == 30));
        let settings = Settings::read(&variables(&[ALWAYS.as_slice(), &OF_DATABASE].concat())).expect("no mesh");
        assert!(settings.database.is_some() && settings.mesh.is_none());
    }
}

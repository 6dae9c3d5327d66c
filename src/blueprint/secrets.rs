//! Secrets of the services.

use std::collections::BTreeMap;

use super::{Database, Draft, Encryption};
use crate::{
    aws::secrets::{CredentialsSecret, Location},
    config::Service,
    engine::{Chapter, Handle},
    rotator::{
        names::{self, Names},
        settings::{DATABASE, PORT},
    },
};

/// Secrets of the services.
pub struct Secrets {
    /// The database credentials of each service that has some.
    pub credentials: BTreeMap<String, Handle<CredentialsSecret>>,
}

/// Adds generated database credentials for each service that asks for them.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption, database: Option<&Database>) -> Secrets {
    let services = draft.config.services.iter().filter(|(_, service)| service.credentials);
    let mut add = |name: &String, service: &Service| {
        let database = database.filter(|_| service.database);
        let names = Names::of(name);
        let secret = CredentialsSecret {
            key: encryption.key.arn(),
            description: format!("Database credentials of {name}"),
            username: database.map_or(&names.owner, |_| &names.users[0]).clone(),
            location: database.map(|database| Location {
                host: database.cluster.endpoint(),
                port: PORT,
                database: DATABASE.to_owned(),
            }),
        };
        let physical = names::credentials_secret(name, draft.suffix.as_str());
        draft.blueprint.add(Chapter::Secrets, name, physical, secret)
    };
    Secrets { credentials: services.map(|(name, service)| (name.clone(), add(name, service))).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::samples::{encryption, facts, parse},
        config::EnvSuffix,
    };

    #[test]
    fn who_asks_for_credentials_gets_a_user_of_its_own() {
        let config = parse("[services.user-profile]\n[services.accounts]\ncredentials = false");
        let (suffix, facts) = (EnvSuffix::parse("dev").expect("a suffix"), facts());
        let mut draft = Draft::new(&config, &suffix, &facts);
        let encryption = encryption(&mut draft);
        let secrets = add(&mut draft, &encryption, None);
        assert_eq!(secrets.credentials.keys().collect::<Vec<_>>(), ["user-profile"]);
        let secret = draft.blueprint.get(secrets.credentials["user-profile"].key()).expect("the secret");
        assert_eq!(
            (secret.name.as_str(), &secret.spec["username"]),
            ("db-credentials-user-profile-dev", &"user_profile".into())
        );
        draft.blueprint.check().expect("references point backwards");
    }
}

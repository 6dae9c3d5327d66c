//! Secrets of the services.

use std::collections::BTreeMap;

use super::{Draft, Encryption};
use crate::{
    aws::secrets::CredentialsSecret,
    engine::{Chapter, Handle},
};

/// Secrets of the services.
pub struct Secrets {
    /// The database credentials of each service that has some.
    pub credentials: BTreeMap<String, Handle<CredentialsSecret>>,
}

/// Adds generated database credentials for each service that asks for them.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption) -> Secrets {
    let services = draft.config.services.iter().filter(|(_, service)| service.credentials);
    let mut add = |name: &String| {
        let secret = CredentialsSecret {
            key: encryption.key.arn(),
            description: format!("Database credentials of {name}"),
            username: user_name(name),
        };
        draft.add(Chapter::Secrets, name, &["db-credentials", name], secret)
    };
    Secrets { credentials: services.map(|(name, _)| name.clone()).map(|name| (name.clone(), add(&name))).collect() }
}

/// A user name that databases take without quotes: with underscores instead of hyphens.
fn user_name(service: &str) -> String {
    service.replace('-', "_")
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
        let secrets = add(&mut draft, &encryption);
        assert_eq!(secrets.credentials.keys().collect::<Vec<_>>(), ["user-profile"]);
        let secret = draft.blueprint.get(secrets.credentials["user-profile"].key()).expect("the secret");
        assert_eq!(
            (secret.name.as_str(), &secret.spec["username"]),
            ("db-credentials-user-profile-dev", &"user_profile".into())
        );
        draft.blueprint.check().expect("references point backwards");
    }
}

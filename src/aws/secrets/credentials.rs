//! Generated database credentials.

use async_trait::async_trait;
use rand::{Rng, TryRngCore, rngs::OsRng};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    SecretArn,
    shared::{self, Trust},
};
use crate::{
    aws::{Aws, kms::KmsKeyArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Manner, Output, Outputs, Physical, Readiness,
        Resource, Scope, Sighting, Tags,
    },
    secret_actions,
};

/// A secret with the JSON `{"username": …, "password": …}`. The password is made when the secret is, from the system's
/// random source, and is nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CredentialsSecret {
    /// The key that it is encrypted with.
    pub key: Output<KmsKeyArn>,
    /// What it is for.
    pub description: String,
    /// The user whose password it holds.
    pub username: String,
}

impl Handle<CredentialsSecret> {
    /// Its ARN.
    pub fn arn(&self) -> Output<SecretArn> {
        self.output("arn")
    }
}

/// Characters that every database engine of RDS takes in a password and that need no quoting in a connection string.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
/// Of 66 characters: 193 bits.
const LENGTH: usize = 32;

fn password(random: &mut impl Rng) -> String {
    (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

#[async_trait]
impl Resource for CredentialsSecret {
    type Clients = Aws;
    const KIND: &'static str = "credentials-secret";

    fn manner() -> Manner {
        shared::manner()
    }

    fn field(name: &str) -> Field {
        match name {
            "description" => Field::UPDATE,
            name => shared::field(name).unwrap_or(Field::REPLACE),
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        shared::find(aws, scope, Self::KIND, Trust::List, |secret, _, _, observed| {
            observed.insert("description".into(), secret.description.as_str().into());
        })
        .await
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let value = json!({ "username": self.username, "password": password(&mut OsRng.unwrap_err()) });
        let arn = shared::create(aws, identity, self.key.get()?, &self.description, value.to_string()).await?;
        Ok(Created { outputs: shared::outputs(&arn), id: arn })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("description") {
            shared::set_description(aws, &it.id, &self.description).await?;
        }
        if changes.touches("key") {
            shared::set_key(aws, &it.id, self.key.get()?).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        shared::tag(aws, it, tags).await
    }

    async fn ready(&self, _aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        Ok(Readiness::Ready(shared::outputs(&it.id)))
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        shared::delete(aws, it).await
    }

    async fn gone(aws: &Aws, it: &Physical) -> Result<Gone, Failure> {
        shared::gone(aws, it).await
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        secret_actions!()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn passwords_use_the_whole_alphabet_and_differ() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let some: Vec<String> = (0..200).map(|_| password(&mut random)).collect();
        assert!(some.iter().all(|text| text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))));
        assert!(ALPHABET.iter().all(|&byte| some.iter().any(|text| text.contains(char::from(byte)))));
        assert!(some.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

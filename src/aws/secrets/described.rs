//! Secrets of which a specification says no more than the key, a description and what they begin with.

use crate::{
    aws::kms::KmsKeyArn,
    engine::{Failure, Field, Output},
};

/// Such a secret.
pub(super) trait Described {
    /// The key that it is encrypted with.
    fn key(&self) -> &Output<KmsKeyArn>;
    /// What it is for.
    fn description(&self) -> &str;
    /// What it is for, as an observed description tells; what whoever rotates it noted there is nobody's change.
    fn purpose(description: &str) -> &str {
        description
    }
    /// The value that it is made with.
    ///
    /// # Errors
    /// Where something that it is made of is not known.
    fn first_value(&self) -> Result<String, Failure>;
    /// The treatment of any other field.
    fn other_field(name: &str) -> Field;
}

/// Makes a [`Described`] secret a kind of resource.
macro_rules! described {
    ($secret:ty, $kind:literal) => {
        #[async_trait::async_trait]
        impl $crate::engine::Resource for $secret {
            type Clients = $crate::aws::Aws;
            const KIND: &'static str = $kind;

            fn manner() -> $crate::engine::Manner {
                shared::manner()
            }

            fn field(name: &str) -> $crate::engine::Field {
                match name {
                    "description" => $crate::engine::Field::UPDATE,
                    name => shared::field(name).unwrap_or_else(|| <Self as Described>::other_field(name)),
                }
            }

            async fn find(
                aws: &$crate::aws::Aws,
                scope: &$crate::engine::Scope<'_>,
            ) -> Result<Vec<$crate::engine::Sighting>, $crate::engine::Failure> {
                shared::find(aws, scope, Self::KIND, shared::Trust::List, |secret, _, _, observed| {
                    let purpose = <Self as Described>::purpose(&secret.description);
                    observed.insert("description".into(), purpose.into());
                })
                .await
            }

            async fn create(
                &self,
                aws: &$crate::aws::Aws,
                identity: &$crate::engine::Identity,
            ) -> Result<$crate::engine::Created, $crate::engine::Failure> {
                let (key, value) = (self.key().get()?, self.first_value()?);
                let arn = shared::create(aws, identity, key, self.description(), value).await?;
                Ok($crate::engine::Created { outputs: shared::outputs(&arn), id: arn })
            }

            async fn update(
                &self,
                aws: &$crate::aws::Aws,
                it: &$crate::engine::Physical,
                changes: &$crate::engine::Changes,
            ) -> Result<$crate::engine::Outputs, $crate::engine::Failure> {
                if changes.touches("description") {
                    shared::set_description(aws, &it.id, self.description()).await?;
                }
                if changes.touches("key") {
                    shared::set_key(aws, &it.id, self.key().get()?).await?;
                }
                Ok($crate::engine::Outputs::new())
            }

            async fn tag(
                aws: &$crate::aws::Aws,
                it: &$crate::engine::Physical,
                tags: &$crate::engine::Tags,
            ) -> Result<(), $crate::engine::Failure> {
                shared::tag(aws, it, tags).await
            }

            async fn ready(
                &self,
                _aws: &$crate::aws::Aws,
                it: &$crate::engine::Physical,
            ) -> Result<$crate::engine::Readiness, $crate::engine::Failure> {
                Ok($crate::engine::Readiness::Ready(shared::outputs(&it.id)))
            }

            async fn delete(
                aws: &$crate::aws::Aws,
                it: &$crate::engine::Physical,
            ) -> Result<(), $crate::engine::Failure> {
                shared::delete(aws, it).await
            }

            async fn gone(
                aws: &$crate::aws::Aws,
                it: &$crate::engine::Physical,
            ) -> Result<$crate::engine::Gone, $crate::engine::Failure> {
                shared::gone(aws, it).await
            }

            async fn blockers(
                _aws: &$crate::aws::Aws,
                _it: &$crate::engine::Physical,
            ) -> Result<Vec<String>, $crate::engine::Failure> {
                Ok(Vec::new())
            }

            fn actions() -> &'static [&'static str] {
                $crate::secret_actions!()
            }
        }
    };
}

pub(super) use described;

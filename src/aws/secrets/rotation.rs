//! The rotation of a secret by a function.

use async_trait::async_trait;
use aws_sdk_secretsmanager::{operation::describe_secret::DescribeSecretOutput, types::RotationRulesType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::SecretArn;
use crate::{
    aws::{Answer, Aws, lambda::FunctionArn},
    engine::{
        Changes, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs, Physical,
        Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers,
    rotator::stages::{Progress, Stages},
};

markers! {
    /// The rotation of a secret: who refers to it waits for the first one.
    RotationOf,
}

/// A secret is rotated by a function, again and again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rotation {
    /// The secret.
    pub secret: Output<SecretArn>,
    /// The function that does the four steps.
    pub function: Output<FunctionArn>,
    /// Days from one rotation to the next.
    pub days: u32,
    /// The first rotation is made at once, and who refers to this one waits for it; else it comes after so many days.
    pub at_once: bool,
    /// What the first rotation needs though it doesn't name it: the database.
    pub after: Vec<Output<()>>,
}

impl Handle<Rotation> {
    /// The secret, once it has been rotated.
    pub fn done(&self) -> Output<RotationOf> {
        self.output("arn")
    }
}

fn outputs(arn: &str) -> Outputs {
    Outputs::from([("arn".to_owned(), arn.to_owned())])
}

async fn describe(aws: &Aws, secret: &str) -> Result<Option<DescribeSecretOutput>, Failure> {
    let answer = aws.secrets.describe_secret().secret_id(secret).send().await.of("secretsmanager:DescribeSecret");
    Ok(absent_is_fine(answer.map(Some))?.filter(|secret| secret.deleted_date().is_none()))
}

fn observed(secret: &DescribeSecretOutput) -> Map<String, Value> {
    let days = secret.rotation_rules().and_then(RotationRulesType::automatically_after_days);
    let fields =
        [("secret", json!(secret.arn())), ("function", json!(secret.rotation_lambda_arn())), ("days", json!(days))];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

/// How far the rotation of a secret is.
fn progress(secret: &DescribeSecretOutput) -> Progress {
    Stages::of(secret.version_ids_to_stages().into_iter().flatten()).progress()
}

impl Rotation {
    async fn order(&self, aws: &Aws, token: Option<&str>, secret: &str, at_once: bool) -> Result<(), Failure> {
        let rules = RotationRulesType::builder().automatically_after_days(i64::from(self.days)).build();
        let call = aws.secrets.rotate_secret().secret_id(secret).set_client_request_token(token.map(str::to_owned));
        let call = call.rotation_lambda_arn(self.function.get()?).rotation_rules(rules).rotate_immediately(at_once);
        call.send().await.of("secretsmanager:RotateSecret")?;
        Ok(())
    }
}

#[async_trait]
impl Resource for Rotation {
    type Clients = Aws;
    const KIND: &'static str = "secret-rotation";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            // The same token is the same rotation (Secrets Manager API reference, RotateSecret, ClientRequestToken).
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(10, 1200),
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "secret" => Field::REPLACE,
            "after" | "at_once" => Field::SILENT,
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        for target in scope.targets {
            let Some(secret) = target.id.as_deref().or_else(|| target.text("secret")) else { continue };
            let Some(seen) = describe(aws, secret).await? else { continue };
            if seen.rotation_enabled() != Some(true) {
                continue;
            }
            let arn = seen.arn().unwrap_or_default();
            found.push(Sighting {
                key: Key::new(Self::KIND, target.key.name()),
                name: target.name.clone(),
                id: arn.to_owned(),
                outputs: outputs(arn),
                observed: observed(&seen),
                // Its secret has tags; the rotation itself takes none.
                tags: None,
                life: Life::Live,
            });
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let secret = self.secret.get()?;
        self.order(aws, Some(&identity.token), secret, self.at_once).await?;
        Ok(Created { id: secret.to_owned(), outputs: outputs(secret) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, _changes: &Changes) -> Result<Outputs, Failure> {
        // Secrets Manager tries the function's testSecret even where it is not to rotate now.
        self.order(aws, None, &it.id, false).await?;
        Ok(Outputs::new())
    }

    async fn tag(_aws: &Aws, _it: &Physical, _tags: &Tags) -> Result<(), Failure> {
        Ok(())
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let Some(secret) = describe(aws, &it.id).await? else {
            return Ok(Readiness::Waiting("the secret is not visible yet".to_owned()));
        };
        if !self.at_once {
            return Ok(Readiness::Ready(outputs(&it.id)));
        }
        Ok(match progress(&secret) {
            Progress::Idle if secret.last_rotated_date().is_some() => Readiness::Ready(outputs(&it.id)),
            Progress::Idle => Readiness::Waiting("waiting for the first rotation".to_owned()),
            Progress::Under(step) => Readiness::Waiting(format!(
                "first rotation: {}; if it stays here, the rotator's log group says why",
                step.name()
            )),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        let call = aws.secrets.cancel_rotate_secret().secret_id(&it.id);
        call.send().await.of("secretsmanager:CancelRotateSecret")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        // Secrets Manager asks in the caller's name whether the function may be invoked (Secrets Manager user guide, "Permissions for
        // rotation").
        &[
            "lambda:InvokeFunction",
            "secretsmanager:CancelRotateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:RotateSecret",
        ]
    }
}

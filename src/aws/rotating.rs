//! The rotator's platform on AWS: three clients, made for a function that lives for four short calls.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ecs::types::{ServiceDeploymentBrief, ServiceDeploymentStatus as Status};
use aws_sdk_rdsdata::types::Field;
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_types::SdkConfig;
use time::OffsetDateTime;

use super::Answer;
use crate::{
    engine::{Class, Failure, failure::absent_is_fine},
    rotator::{
        self, Clock, DataApi, Event, Note, RotationError, Secrets, Services, Settings,
        platform::{Description, Rollout, Version, Which},
        stages::Stages,
    },
};

/// How many deployments are asked for: the latest that succeeded is among them unless all of these failed.
const DEPLOYMENTS: i32 = 20;

/// The clients, and what the function's variables say.
#[derive(Debug)]
pub struct Rotating {
    settings: Settings,
    secrets: aws_sdk_secretsmanager::Client,
    data: aws_sdk_rdsdata::Client,
    ecs: aws_sdk_ecs::Client,
    /// The share of every pause that is made.
    pauses: f64,
}

impl Rotating {
    /// From the function's variables, with the credentials that Lambda gives it.
    ///
    /// # Errors
    /// Names a variable that is missing.
    pub async fn from_environment() -> Result<Self, RotationError> {
        let variables: BTreeMap<String, String> = std::env::vars().collect();
        let settings = Settings::read(&variables)?;
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Ok(Self::new(settings, &config))
    }

    /// With these credentials and endpoints.
    pub fn new(settings: Settings, config: &SdkConfig) -> Self {
        Rotating {
            settings,
            secrets: aws_sdk_secretsmanager::Client::new(config),
            data: aws_sdk_rdsdata::Client::new(config),
            ecs: aws_sdk_ecs::Client::new(config),
            pauses: 1.0,
        }
    }

    /// With a hundredth of every pause: for tests.
    pub fn hurried(self) -> Self {
        Rotating { pauses: 0.01, ..self }
    }

    /// Does one step.
    ///
    /// # Errors
    /// Why it could not be done.
    pub async fn run(&self, event: &Event) -> Result<Note, RotationError> {
        rotator::run(self, &self.settings, event).await
    }
}

fn millis(time: Option<DateTime>) -> Option<i64> {
    time.and_then(|time| time.to_millis().ok())
}

/// How a service's tasks came to run, from its deployments.
pub(crate) fn rollout(deployments: &[ServiceDeploymentBrief]) -> Option<Rollout> {
    let of = |it: &ServiceDeploymentBrief| {
        (it.status().cloned().unwrap_or(Status::Pending), millis(it.created_at().copied()))
    };
    let all: Vec<(Status, Option<i64>)> = deployments.iter().map(of).collect();
    let over = |status: &Status| {
        matches!(status, Status::Successful | Status::Stopped | Status::RollbackSuccessful | Status::RollbackFailed)
    };
    let newest = |wanted: fn(&Status) -> bool| {
        all.iter().filter(|(status, _)| wanted(status)).filter_map(|(_, created)| *created).max()
    };
    (!all.is_empty()).then(|| Rollout {
        under_way: all.iter().any(|(status, _)| !over(status)),
        since: newest(|status| *status == Status::Successful),
        latest: newest(|_| true),
    })
}

/// Puts the SQLSTATE in the place of the code, where it is the database that refused: the Data API ends such messages with
/// `SQLState: 28P01`.
pub(crate) fn data_api_failure(failure: Failure) -> Failure {
    match failure.message.rsplit_once("SQLState: ") {
        Some((_, state)) if state.trim().len() == 5 => {
            let state = state.trim().to_owned();
            Failure { class: Class::Invalid, code: Some(state), ..failure }
        }
        _ => failure,
    }
}

impl Secrets for Rotating {
    async fn describe(&self, secret: &str) -> Result<Description, Failure> {
        let call = self.secrets.describe_secret().secret_id(secret);
        let found = call.send().await.of("secretsmanager:DescribeSecret")?;
        Ok(Description {
            name: found.name().unwrap_or_default().to_owned(),
            text: found.description().unwrap_or_default().to_owned(),
            stages: Stages::of(found.version_ids_to_stages().into_iter().flatten()),
            rotated: found.last_rotated_date().is_some(),
        })
    }

    async fn value(&self, secret: &str, which: Which<'_>) -> Result<Option<Version>, Failure> {
        let call = self.secrets.get_secret_value().secret_id(secret);
        let call = match which {
            Which::Stage(label) => call.version_stage(label),
            Which::Id(id) => call.version_id(id),
        };
        let answer = match call.send().await.of("secretsmanager:GetSecretValue") {
            // A version that was announced and has no value yet.
            Err(failure) if failure.code.as_deref() == Some("ResourceNotFoundException") => return Ok(None),
            answer => answer?,
        };
        let created = millis(answer.created_date).unwrap_or_default();
        Ok(answer.secret_string.map(|text| Version { text, created }))
    }

    async fn put(&self, secret: &str, id: Option<&str>, text: &str, labels: &[&str]) -> Result<(), Failure> {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let call = self.secrets.put_secret_value().secret_id(secret).secret_string(text);
        let call = call.set_client_request_token(id.map(str::to_owned)).set_version_stages(Some(labels));
        call.send().await.of("secretsmanager:PutSecretValue")?;
        Ok(())
    }

    async fn label(&self, secret: &str, label: &str, to: &str, from: Option<&str>) -> Result<(), Failure> {
        let call = self.secrets.update_secret_version_stage().secret_id(secret).version_stage(label);
        let call = call.move_to_version_id(to).set_remove_from_version_id(from.map(str::to_owned));
        call.send().await.of("secretsmanager:UpdateSecretVersionStage")?;
        Ok(())
    }

    async fn unlabel(&self, secret: &str, label: &str, from: &str) -> Result<(), Failure> {
        let call = self.secrets.update_secret_version_stage().secret_id(secret).version_stage(label);
        call.remove_from_version_id(from).send().await.of("secretsmanager:UpdateSecretVersionStage")?;
        Ok(())
    }

    async fn describe_as(&self, secret: &str, text: &str) -> Result<(), Failure> {
        let call = self.secrets.update_secret().secret_id(secret).description(text);
        call.send().await.of("secretsmanager:UpdateSecret")?;
        Ok(())
    }
}

impl DataApi for Rotating {
    async fn execute(&self, secret: &str, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
        let database = self.settings.database.as_ref();
        let database = database.ok_or_else(|| Failure::internal("the function knows of no database"))?;
        let call = self.data.execute_statement().resource_arn(&database.cluster).secret_arn(secret);
        let call = call.database(&database.place.name).sql(sql);
        let answer = call.send().await.of("rds-data:ExecuteStatement").map_err(data_api_failure)?;
        let text = |field: &Field| field.as_string_value().cloned().unwrap_or_default();
        Ok(answer.records().iter().map(|row| row.iter().map(text).collect()).collect())
    }
}

impl Services for Rotating {
    async fn rollout(&self, service: &str) -> Result<Option<Rollout>, Failure> {
        let call = self.ecs.list_service_deployments().cluster(&self.settings.services).service(service);
        let answer = call.max_results(DEPLOYMENTS).send().await.of("ecs:ListServiceDeployments");
        let found = absent_is_fine(answer.map(|answer| answer.service_deployments.unwrap_or_default()))?;
        Ok(rollout(&found))
    }

    async fn redeploy(&self, service: &str) -> Result<(), Failure> {
        let call = self.ecs.update_service().cluster(&self.settings.services).service(service);
        call.force_new_deployment(true).send().await.of("ecs:UpdateService")?;
        Ok(())
    }
}

impl Clock for Rotating {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration.mul_f64(self.pauses)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_databases_own_refusals_are_told_by_their_state() {
        let of = |message: &str| Failure {
            code: Some("DatabaseErrorException".to_owned()),
            ..Failure::new(Class::Unavailable, message)
        };
        let refused = data_api_failure(of("FATAL: password authentication failed for user \"x\"; SQLState: 28P01"));
        assert_eq!((refused.class, refused.code.as_deref()), (Class::Invalid, Some("28P01")));
        assert_eq!(data_api_failure(of("is resuming")).code.as_deref(), Some("DatabaseErrorException"));
    }

    #[test]
    fn a_rollout_is_as_old_as_its_latest_success() {
        let at = |seconds: i64| Some(DateTime::from_secs(seconds));
        let brief = |(status, created): &(Status, Option<DateTime>)| {
            ServiceDeploymentBrief::builder().status(status.clone()).set_created_at(*created).build()
        };
        let of = |all: &[(Status, Option<DateTime>)]| rollout(&all.iter().map(brief).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        let done = of(&[(Status::RollbackSuccessful, at(3)), (Status::Successful, at(2)), (Status::Successful, at(1))]);
        assert_eq!(done, Some(Rollout { under_way: false, since: Some(2000), latest: Some(3000) }));
        assert!(of(&[(Status::InProgress, at(3))]).is_some_and(|rollout| rollout.under_way && rollout.since.is_none()));
    }
}

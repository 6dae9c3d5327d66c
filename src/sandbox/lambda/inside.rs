//! What happens inside of the function: the rotator runs, and its calls are answered by the simulation, as far as the function's role
//! allows them.

use std::cell::RefCell;
use std::time::Duration;

use aws_sdk_ecs::operation::list_service_deployments::ListServiceDeploymentsInput;
use aws_sdk_ecs::operation::update_service::UpdateServiceInput;
use futures::FutureExt;
use time::OffsetDateTime;

use super::state::function;
use crate::aws::classify;
use crate::engine::{Class, Failure};
use crate::rotator::platform::{Description, Rollout, Version, Which};
use crate::rotator::{self, Clock, DataApi, Event, Secrets, Services, Settings, stages::Stages};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::secretsmanager::Secret;
use crate::sandbox::{ecs, iam, rds, secretsmanager};

/// How an invocation ended.
pub(in crate::sandbox) type Invocation = Result<(), String>;

/// The world as the function sees it.
struct Inside<'c, 'w> {
    call: RefCell<&'c mut Call<'w>>,
    role: String,
    settings: Settings,
}

/// Invokes the function of that ARN with a step of a rotation.
pub(in crate::sandbox) fn invoke(call: &mut Call<'_>, arn: &str, event: &Event) -> Invocation {
    let it = function(call, Some(arn)).map_err(|error| error.message)?;
    if call.now < it.active_at {
        return Err("the function is still pending".to_owned());
    }
    let (name, role, now) = (it.name.clone(), it.role.clone(), call.now);
    let timeout = u64::try_from(it.timeout).unwrap_or_default();
    let settings = Settings::read(&it.environment).map_err(|error| error.to_string());
    let result = settings.and_then(|settings| {
        let inside = Inside { call: RefCell::new(call), role, settings: settings.clone() };
        // Nothing in it waits: the simulation answers at once, and pauses set its clock forward.
        let ended = rotator::run(&inside, &settings, event).now_or_never();
        ended.unwrap_or_else(|| unreachable!("nothing waits")).map(drop).map_err(|error| error.to_string())
    });
    // Lambda API reference, CreateFunction, Timeout: what takes longer is ended, after whatever it did.
    let took = call.now.since(now);
    call.now = now;
    let result = match took > Duration::from_secs(timeout) {
        true => Err(format!("Task timed out after {timeout}.00 seconds")),
        false => result,
    };
    if let Some(it) = call.world.lambda.functions.get_mut(&name) {
        it.invocations += 1;
        it.errors.extend(result.as_ref().err().map(|error| (now, error.clone())));
    }
    result
}

impl Inside<'_, '_> {
    /// Lets the role do something, or not.
    fn allow(&self, action: &'static str, resource: &str, context: &[(&str, &str)]) -> Result<(), Failure> {
        let call = self.call.borrow();
        if iam::may(&call, &self.role, action, resource, context) {
            return Ok(());
        }
        let message = format!("{} is not authorized to perform {action} on {resource}", self.role);
        Err(failure(action, ApiError::new("AccessDeniedException", message)))
    }

    /// Lets the role use a secret, and the key that it is encrypted with. A name stands for the ARN, as it does for AWS.
    fn allow_secret(&self, action: &'static str, secret: &str, key_action: Option<&str>) -> Result<(), Failure> {
        let found = self.call.borrow().world.secretsmanager.find(secret).cloned();
        let missing = || ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        let Secret { arn, key, tags, .. } = found.ok_or_else(|| failure(action, missing()))?;
        // Service Authorization Reference, "Actions, resources, and condition keys for AWS Secrets Manager".
        let tags: Vec<(String, &str)> =
            tags.iter().map(|(name, value)| (format!("aws:ResourceTag/{name}"), value.as_str())).collect();
        let context: Vec<(&str, &str)> = tags.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.allow(action, &arn, &context)?;
        let (Some(key), Some(key_action)) = (key.filter(|key| key.starts_with("arn:")), key_action) else {
            return Ok(());
        };
        let via = format!("secretsmanager.{}.amazonaws.com", self.call.borrow().region());
        let context = [("kms:ViaService", via.as_str()), ("kms:EncryptionContext:SecretARN", arn.as_str())];
        let call = self.call.borrow();
        if iam::may(&call, &self.role, key_action, &key, &context) {
            return Ok(());
        }
        Err(failure(action, ApiError::new("AccessDeniedException", "Access to KMS is not allowed")))
    }
}

fn failure(operation: &'static str, error: ApiError) -> Failure {
    Failure {
        class: classify::by_code(operation, &error.code, &error.message),
        operation: operation.to_owned(),
        code: Some(error.code),
        message: error.message,
        request_id: None,
        remedy: None,
    }
}

impl Secrets for Inside<'_, '_> {
    async fn describe(&self, secret: &str) -> Result<Description, Failure> {
        const ACTION: &str = "secretsmanager:DescribeSecret";
        self.allow_secret(ACTION, secret, None)?;
        let call = self.call.borrow();
        let found = call.world.secretsmanager.find(secret);
        let it = found.ok_or_else(|| failure(ACTION, ApiError::new("ResourceNotFoundException", "no such secret")))?;
        Ok(Description {
            name: it.name.clone(),
            text: it.description.clone(),
            stages: Stages::of(&it.labels_by_version()),
            rotated: it.last_rotated.is_some(),
        })
    }

    async fn value(&self, secret: &str, which: Which<'_>) -> Result<Option<Version>, Failure> {
        const ACTION: &str = "secretsmanager:GetSecretValue";
        self.allow_secret(ACTION, secret, Some("kms:Decrypt"))?;
        let call = self.call.borrow();
        let Some(it) = call.world.secretsmanager.find(secret) else { return Ok(None) };
        let id = match which {
            Which::Id(id) => Some(id),
            Which::Stage(label) => it.stages.get(label).map(String::as_str),
        };
        let version = id.and_then(|id| it.versions.get(id));
        Ok(version.and_then(|version| {
            let created = i64::try_from(version.created_at.as_millis()).unwrap_or(i64::MAX);
            Some(Version { text: version.text.clone()?, created })
        }))
    }

    async fn put(&self, secret: &str, id: Option<&str>, text: &str, labels: &[&str]) -> Result<(), Failure> {
        const ACTION: &str = "secretsmanager:PutSecretValue";
        self.allow_secret(ACTION, secret, Some("kms:GenerateDataKey"))?;
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let input = aws_sdk_secretsmanager::operation::put_secret_value::PutSecretValueInput::builder()
            .secret_id(secret)
            .set_client_request_token(id.map(str::to_owned))
            .secret_string(text)
            .set_version_stages(Some(labels))
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let mut call = self.call.borrow_mut();
        secretsmanager::put_secret_value(&mut call, &input).map(drop).map_err(|error| failure(ACTION, error))
    }

    async fn label(&self, secret: &str, label: &str, to: &str, from: Option<&str>) -> Result<(), Failure> {
        const ACTION: &str = "secretsmanager:UpdateSecretVersionStage";
        self.allow_secret(ACTION, secret, None)?;
        let input =
            aws_sdk_secretsmanager::operation::update_secret_version_stage::UpdateSecretVersionStageInput::builder()
                .secret_id(secret)
                .version_stage(label)
                .move_to_version_id(to)
                .set_remove_from_version_id(from.map(str::to_owned))
                .build()
                .map_err(|error| Failure::internal(error.to_string()))?;
        let mut call = self.call.borrow_mut();
        secretsmanager::update_secret_version_stage(&mut call, &input).map(drop).map_err(|error| failure(ACTION, error))
    }

    async fn unlabel(&self, secret: &str, label: &str, from: &str) -> Result<(), Failure> {
        const ACTION: &str = "secretsmanager:UpdateSecretVersionStage";
        self.allow_secret(ACTION, secret, None)?;
        let input =
            aws_sdk_secretsmanager::operation::update_secret_version_stage::UpdateSecretVersionStageInput::builder()
                .secret_id(secret)
                .version_stage(label)
                .remove_from_version_id(from)
                .build()
                .map_err(|error| Failure::internal(error.to_string()))?;
        let mut call = self.call.borrow_mut();
        secretsmanager::update_secret_version_stage(&mut call, &input).map(drop).map_err(|error| failure(ACTION, error))
    }

    async fn describe_as(&self, secret: &str, text: &str) -> Result<(), Failure> {
        const ACTION: &str = "secretsmanager:UpdateSecret";
        self.allow_secret(ACTION, secret, None)?;
        let input = aws_sdk_secretsmanager::operation::update_secret::UpdateSecretInput::builder()
            .secret_id(secret)
            .description(text)
            .build()
            .map_err(|error| Failure::internal(error.to_string()))?;
        let mut call = self.call.borrow_mut();
        secretsmanager::update_secret(&mut call, &input).map(drop).map_err(|error| failure(ACTION, error))
    }
}

impl DataApi for Inside<'_, '_> {
    async fn execute(&self, secret: &str, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
        const ACTION: &str = "rds-data:ExecuteStatement";
        let database = self.settings.database.as_ref();
        let cluster = &database.ok_or_else(|| Failure::internal("the function knows of no database"))?.cluster;
        self.allow(ACTION, cluster, &[])?;
        // The Data API reads the secret in the caller's name.
        self.allow_secret("secretsmanager:GetSecretValue", secret, Some("kms:Decrypt"))?;
        let mut call = self.call.borrow_mut();
        rds::execute(&mut call, cluster, secret, sql)
            .map_err(|error| crate::aws::rotating::data_api_failure(failure(ACTION, error)))
    }
}

impl Services for Inside<'_, '_> {
    async fn rollout(&self, service: &str) -> Result<Option<Rollout>, Failure> {
        const ACTION: &str = "ecs:ListServiceDeployments";
        let arn = self.service_arn(service);
        self.allow(ACTION, &arn, &[])?;
        let cluster = self.settings.services.clone();
        let input = ListServiceDeploymentsInput::builder().cluster(cluster).service(service).build();
        let input = input.map_err(|error| Failure::internal(error.to_string()))?;
        let answer = ecs::list_service_deployments(&mut self.call.borrow_mut(), &input);
        match answer.map_err(|error| failure(ACTION, error)) {
            Err(failure) if failure.class == Class::Absent => Ok(None),
            answer => {
                let briefs = answer?.service_deployments.unwrap_or_default();
                Ok(crate::aws::rotating::rollout(&briefs))
            }
        }
    }

    async fn redeploy(&self, service: &str) -> Result<(), Failure> {
        const ACTION: &str = "ecs:UpdateService";
        let arn = self.service_arn(service);
        self.allow(ACTION, &arn, &[])?;
        let cluster = self.settings.services.clone();
        let input = UpdateServiceInput::builder().cluster(cluster).service(service).force_new_deployment(true).build();
        let input = input.map_err(|error| Failure::internal(error.to_string()))?;
        let answer = ecs::update_service(&mut self.call.borrow_mut(), &input);
        answer.map(drop).map_err(|error| failure(ACTION, error))
    }
}

impl Inside<'_, '_> {
    fn service_arn(&self, service: &str) -> String {
        let call = self.call.borrow();
        call.arn("ecs", &format!("service/{}/{service}", self.settings.services))
    }
}

impl Clock for Inside<'_, '_> {
    fn now(&self) -> OffsetDateTime {
        let seconds = Duration::from_millis(self.call.borrow().now.as_millis());
        OffsetDateTime::UNIX_EPOCH + seconds
    }

    async fn pause(&self, duration: Duration) {
        let mut call = self.call.borrow_mut();
        call.now = call.now + duration;
    }
}

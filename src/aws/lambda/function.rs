//! Functions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_lambda::{
    primitives::Blob,
    types::{
        Architecture, Environment, FunctionCode, FunctionConfiguration, LastUpdateStatus, LogFormat, LoggingConfig,
        Runtime, State,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::permission::{self, Invoker};
use crate::{
    aws::{Answer, Aws, iam::RoleArn, logs::LogGroupName, tags},
    engine::{
        Changes, Class, Created, Failure, Field, Gone, Handle, Identity, Key, Life, Manner, Naming, Output, Outputs,
        Physical, Readiness, Repeat, Resource, Scope, Sighting, Tags, Wait, When, failure::absent_is_fine,
    },
    markers,
};

markers! {
    /// A function's ARN.
    FunctionArn,
    /// A function's name.
    FunctionName,
    /// A variable of a function.
    FunctionVariable,
}

/// A function whose package is a program for the operating system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// What it is for.
    pub description: String,
    /// The digest of its package, as Lambda gives it; the package itself is among the [`Packages`](super::Packages).
    pub code: String,
    /// What the program was built for: `x86_64` or `arm64`.
    pub architecture: String,
    /// `provided.al2023`.
    pub runtime: String,
    /// What it may do.
    pub role: Output<RoleArn>,
    /// MiB of memory; CPU comes in proportion.
    pub memory: u32,
    /// Seconds that an invocation may take.
    pub timeout_seconds: u32,
    /// Its environment variables. No secrets.
    pub environment: BTreeMap<String, Output<FunctionVariable>>,
    /// Where it logs.
    pub log_group: Output<LogGroupName>,
    /// Who may invoke it, by statement id.
    pub invokers: BTreeMap<String, Invoker>,
}

impl Handle<Function> {
    /// Its ARN.
    pub fn arn(&self) -> Output<FunctionArn> {
        self.output("arn")
    }

    /// Its name.
    pub fn name(&self) -> Output<FunctionName> {
        self.output("name")
    }
}

fn outputs(it: &FunctionConfiguration) -> Outputs {
    let known = [("name", it.function_name()), ("arn", it.function_arn())];
    known.into_iter().filter_map(|(output, value)| Some((output.to_owned(), value?.to_owned()))).collect()
}

fn observed(it: &FunctionConfiguration, invokers: &BTreeMap<String, Option<Invoker>>) -> Map<String, Value> {
    let environment = it.environment().and_then(|environment| environment.variables());
    let environment: BTreeMap<&String, &String> = environment.into_iter().flatten().collect();
    let fields = [
        ("description", json!(it.description())),
        ("code", json!(it.code_sha256())),
        ("architecture", json!(it.architectures().first().map(Architecture::as_str))),
        ("runtime", json!(it.runtime().map(Runtime::as_str))),
        ("role", json!(it.role())),
        ("memory", json!(it.memory_size())),
        ("timeout_seconds", json!(it.timeout())),
        ("environment", json!(environment)),
        ("log_group", json!(it.logging_config().and_then(LoggingConfig::log_group))),
        ("invokers", json!(invokers)),
    ];
    fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
}

async fn sighting(aws: &Aws, scope: &Scope<'_>, name: &str) -> Result<Option<Sighting>, Failure> {
    let answer = aws.lambda.get_function().function_name(name).send().await.of("lambda:GetFunction");
    let Some(answer) = absent_is_fine(answer.map(Some))? else { return Ok(None) };
    let Some(it) = answer.configuration() else { return Ok(None) };
    let invokers = permission::read(aws, name).await?;
    let seen = Sighting {
        key: Key::new(Function::KIND, "?"),
        name: name.to_owned(),
        id: name.to_owned(),
        outputs: outputs(it),
        observed: observed(it, &invokers),
        tags: None,
        life: match it.state() {
            Some(State::Failed) => Life::Broken(it.state_reason().unwrap_or("failed").to_owned()),
            _ => Life::Live,
        },
    };
    let tags = answer.tags().cloned().unwrap_or_default().into_iter().collect();
    Ok(tags::identify(scope, seen, &tags))
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl Function {
    fn variables(&self) -> Result<Environment, Failure> {
        let mut environment = Environment::builder();
        for (name, value) in &self.environment {
            environment = environment.variables(name, value.get()?);
        }
        Ok(environment.build())
    }

    fn logging(&self) -> Result<LoggingConfig, Failure> {
        Ok(LoggingConfig::builder().log_format(LogFormat::Text).log_group(self.log_group.get()?).build())
    }

    fn package(&self, aws: &Aws) -> Result<Blob, Failure> {
        Ok(Blob::new(aws.packages.get(&self.code)?.as_slice()))
    }

    /// Whether its code was taken in already.
    async fn is_up(&self, aws: &Aws, name: &str) -> Result<bool, Failure> {
        let call = aws.lambda.get_function_configuration().function_name(name);
        let it = call.send().await.of("lambda:GetFunctionConfiguration")?;
        let architecture = it.architectures().first().map(Architecture::as_str);
        Ok(it.code_sha256() == Some(self.code.as_str()) && architecture == Some(self.architecture.as_str()))
    }

    async fn configure(&self, aws: &Aws, name: &str) -> Result<(), Failure> {
        let call = aws.lambda.update_function_configuration().function_name(name).description(&self.description);
        let call = call.runtime(Runtime::from(self.runtime.as_str())).role(self.role.get()?);
        let call = call.memory_size(number(self.memory)).timeout(number(self.timeout_seconds));
        let call = call.environment(self.variables()?).logging_config(self.logging()?);
        call.send().await.of("lambda:UpdateFunctionConfiguration")?;
        Ok(())
    }
}

#[async_trait]
impl Resource for Function {
    type Clients = Aws;
    const KIND: &'static str = "lambda-function";

    fn manner() -> Manner {
        Manner {
            naming: Naming::Unique,
            repeat: Repeat::Safe,
            usable: When::Ready,
            create: Wait::seconds(3, 300),
            delete: Wait::INSTANT,
        }
    }

    fn field(name: &str) -> Field {
        match name {
            "invokers" => Field::UPDATE.later(),
            _ => Field::UPDATE,
        }
    }

    async fn find(aws: &Aws, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let targets = scope.targets.iter().map(|target| target.id.as_deref().unwrap_or(&target.name));
        let tagged = scope.tagged_with(":lambda:").map(|hit| hit.id()).filter(|_| scope.sweep);
        let mut names: Vec<&str> = targets.chain(tagged).collect();
        names.sort_unstable();
        names.dedup();
        let mut found = Vec::new();
        for name in names {
            found.extend(sighting(aws, scope, name).await?);
        }
        Ok(found)
    }

    async fn create(&self, aws: &Aws, identity: &Identity) -> Result<Created, Failure> {
        let answer = aws
            .lambda
            .create_function()
            .function_name(&identity.name)
            .description(&self.description)
            .code(FunctionCode::builder().zip_file(self.package(aws)?).build())
            .architectures(Architecture::from(self.architecture.as_str()))
            .runtime(Runtime::from(self.runtime.as_str()))
            .handler("bootstrap")
            .role(self.role.get()?)
            .memory_size(number(self.memory))
            .timeout(number(self.timeout_seconds))
            .environment(self.variables()?)
            .logging_config(self.logging()?)
            .set_tags(Some(identity.tags.clone().into_iter().collect()))
            .send()
            .await
            .of("lambda:CreateFunction")?;
        let arn = answer.function_arn.unwrap_or_default();
        let known = [("name", identity.name.clone()), ("arn", arn)].map(|(name, value)| (name.to_owned(), value));
        Ok(Created { id: identity.name.clone(), outputs: Outputs::from(known) })
    }

    async fn update(&self, aws: &Aws, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        if changes.touches("invokers") {
            permission::write(aws, &it.id, &self.invokers).await?;
        }
        // One change at a time: Lambda refuses the next until the one before is done, and the whole is repeated (Lambda developer
        // guide, "Lambda function states"). Code that is up is not sent again, or the settings would never get their turn.
        if changes.touches_any(&["code", "architecture"]) && !self.is_up(aws, &it.id).await? {
            let call = aws.lambda.update_function_code().function_name(&it.id).zip_file(self.package(aws)?);
            let call = call.architectures(Architecture::from(self.architecture.as_str()));
            call.send().await.of("lambda:UpdateFunctionCode")?;
        }
        if changes.fields.iter().any(|field| !["invokers", "code", "architecture"].contains(&field.as_str())) {
            self.configure(aws, &it.id).await?;
        }
        Ok(Outputs::new())
    }

    async fn tag(aws: &Aws, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        tags::tag_arn(aws, it.output("arn")?, tags).await
    }

    async fn ready(&self, aws: &Aws, it: &Physical) -> Result<Readiness, Failure> {
        let call = aws.lambda.get_function_configuration().function_name(&it.id);
        let found = call.send().await.of("lambda:GetFunctionConfiguration");
        let Some(found) = absent_is_fine(found.map(Some))? else {
            return Ok(Readiness::Waiting("not visible yet".to_owned()));
        };
        let outputs =
            [("name", found.function_name), ("arn", found.function_arn)].into_iter().filter_map(|(name, value)| {
                let value = value?;
                Some((name.to_owned(), value))
            });
        let failed = |reason: Option<&str>| {
            let reason = reason.unwrap_or("Lambda does not say why");
            Readiness::Failed(Failure::new(Class::Invalid, format!("function {}: {reason}", it.name)))
        };
        Ok(match (&found.state, &found.last_update_status) {
            (Some(State::Failed), _) => failed(found.state_reason.as_deref()),
            (_, Some(LastUpdateStatus::Failed)) => failed(found.last_update_status_reason.as_deref()),
            (Some(State::Active | State::Inactive), Some(LastUpdateStatus::Successful) | None) => {
                Readiness::Ready(outputs.collect())
            }
            (Some(State::Active), _) => Readiness::Waiting("being updated".to_owned()),
            _ => Readiness::Waiting("pending".to_owned()),
        })
    }

    async fn delete(aws: &Aws, it: &Physical) -> Result<(), Failure> {
        aws.lambda.delete_function().function_name(&it.id).send().await.of("lambda:DeleteFunction")?;
        Ok(())
    }

    async fn gone(_aws: &Aws, _it: &Physical) -> Result<Gone, Failure> {
        // It is attached to no network, so nothing of it lingers (Lambda API reference, DeleteFunction).
        Ok(Gone::Yes)
    }

    async fn blockers(_aws: &Aws, _it: &Physical) -> Result<Vec<String>, Failure> {
        Ok(Vec::new())
    }

    fn actions() -> &'static [&'static str] {
        &[
            "iam:PassRole",
            "lambda:AddPermission",
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:GetFunction",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
            "lambda:RemovePermission",
            "lambda:TagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "tag:TagResources",
        ]
    }
}

//! What is checked before anything is changed: would a task with this image start? Asked as its execution role, not as the caller.

pub mod image;

use std::collections::BTreeSet;

use super::Severity;
use crate::{
    aws::deploy::{Reference, Revision, permission},
    engine::{Answers, Class, Failure, survey::persist},
    operation::{Check, Workspace},
};

/// An image that can be deployed, and what was found out about it.
#[derive(Clone, Debug)]
pub struct Cleared {
    /// The image, by digest; as it was asked for where nobody could tell one and that is allowed.
    pub image: String,
    /// As it was asked for.
    pub asked: String,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// What an image has to show to be deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// Findings of a scan that are worse are refused.
    pub max_severity: Option<Severity>,
    /// An image that nobody can be asked about is taken as it is: unpinned, its architecture unchecked.
    pub unverified: bool,
}

/// Checks an image and all that a task of this revision needs to start. What several services ask about the same image of another registry is
/// asked once.
///
/// # Errors
/// A call's own failure; what was found wrong is in the checks.
pub async fn check(
    workspace: &Workspace,
    reference: &Reference,
    from: &Revision,
    demands: &Demands,
    answers: &Answers,
) -> Result<Cleared, Failure> {
    let (found, secrets, log) = futures::join!(
        image::look(workspace, reference, from, demands, answers),
        secrets(workspace, from),
        log(workspace, from)
    );
    let (image, mut checks) = found?;
    checks.extend(secrets?);
    checks.extend(log?);
    Ok(Cleared { image, asked: reference.text.clone(), checks })
}

/// Whether the execution role may do something.
async fn may(
    workspace: &Workspace,
    from: &Revision,
    name: &str,
    actions: &[&str],
    resources: &[String],
    context: &[(&str, &str)],
    remedy: &str,
) -> Result<Check, Failure> {
    let Some(role) = &from.execution_role else {
        return Ok(Check::warning(name, "the task definition has no execution role", "run platformctl up"));
    };
    let ask = || permission::refused(&workspace.aws, role, actions, resources, context);
    let short = role.rsplit('/').next().unwrap_or(role);
    Ok(match persist(&workspace.jitter, ask).await {
        Ok(refused) if refused.is_empty() => Check::ok(name, format!("{short} may")),
        Ok(refused) => Check::failed(name, format!("{short} may not: {}", refused.join(", ")), remedy),
        Err(failure) if failure.class == Class::Denied => {
            let detail = format!("not checked: {}", failure.message);
            Check::warning(name, detail, "allow iam:SimulatePrincipalPolicy to yourself")
        }
        Err(failure) => return Err(failure),
    })
}

async fn secrets(workspace: &Workspace, from: &Revision) -> Result<Vec<Check>, Failure> {
    let wanted: BTreeSet<String> = from.secrets.iter().map(|value| permission::secret_of(value)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (mut keys, mut missing) = (BTreeSet::new(), Vec::new());
    for arn in &wanted {
        match persist(&workspace.jitter, || permission::secret(&workspace.aws, arn)).await {
            Ok(Some(secret)) => keys.extend(secret.key.map(|key| (key, arn.clone()))),
            Ok(None) => missing.push(arn.rsplit(':').next().unwrap_or(arn).to_owned()),
            Err(failure) if failure.class == Class::Denied => {
                let detail = format!("not checked: {}", failure.message);
                return Ok(vec![Check::warning("secrets", detail, "allow secretsmanager:DescribeSecret to yourself")]);
            }
            Err(failure) => return Err(failure),
        }
    }
    if !missing.is_empty() {
        let detail = format!("not there, or about to be deleted: {}", missing.join(", "));
        return Ok(vec![Check::failed("secrets", detail, "run platformctl up, which makes them anew")]);
    }
    let arns: Vec<String> = wanted.into_iter().collect();
    let remedy = "run platformctl up, which mends the execution role";
    let mut checks =
        vec![may(workspace, from, "secrets", &["secretsmanager:GetSecretValue"], &arns, &[], remedy).await?];
    let via = format!("secretsmanager.{}.amazonaws.com", workspace.aws.region);
    let mut asked = BTreeSet::new();
    for (key, secret) in keys {
        if !asked.insert(key.clone()) {
            continue;
        }
        let context = [("kms:ViaService", via.as_str()), ("kms:EncryptionContext:SecretARN", secret.as_str())];
        let check = may(workspace, from, "key", &["kms:Decrypt"], std::slice::from_ref(&key), &context, remedy).await?;
        checks.push(check);
    }
    Ok(checks)
}

async fn log(workspace: &Workspace, from: &Revision) -> Result<Vec<Check>, Failure> {
    let Some(group) = &from.log_group else { return Ok(Vec::new()) };
    let remedy = "run platformctl up, which makes it anew";
    match persist(&workspace.jitter, || permission::log_group_exists(&workspace.aws, group)).await {
        Ok(true) => {}
        Ok(false) => return Ok(vec![Check::failed("log group", format!("{group} does not exist"), remedy)]),
        Err(failure) if failure.class == Class::Denied => {
            let detail = format!("not checked: {}", failure.message);
            return Ok(vec![Check::warning("log group", detail, "allow logs:DescribeLogGroups to yourself")]);
        }
        Err(failure) => return Err(failure),
    }
    let (partition, aws) = (workspace.aws.partition(), &workspace.aws);
    let stream = format!("arn:{partition}:logs:{}:{}:log-group:{group}:log-stream:x", aws.region, aws.account);
    let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
    Ok(vec![may(workspace, from, "log group", &actions, &[stream], &[], remedy).await?])
}

//! The Data API: logs in with the current version of a secret, and executes a statement.

use std::time::Duration;

use aws_sdk_rdsdata::operation::execute_statement::{ExecuteStatementInput, ExecuteStatementOutput};
use aws_sdk_rdsdata::types::Field;

use super::sql::{self, Answer};
use crate::rotator::{scram, secret::Credentials};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

fn refused(message: &str, state: &str) -> ApiError {
    ApiError::new("DatabaseErrorException", format!("{message}; SQLState: {state}"))
}

/// RDS Data API reference, ExecuteStatement.
pub(super) fn execute_statement(
    call: &mut Call<'_>,
    input: &ExecuteStatementInput,
) -> Result<ExecuteStatementOutput, ApiError> {
    let arn = input.resource_arn().unwrap_or_default();
    let rows = execute(call, arn, input.secret_arn().unwrap_or_default(), input.sql().unwrap_or_default())?;
    let records = rows.into_iter().map(|row| row.into_iter().map(Field::StringValue).collect()).collect();
    Ok(ExecuteStatementOutput::builder().set_records(Some(records)).build())
}

/// An instance that may go down to no capacity pauses when nobody was connected for a while; the first request after that is refused and
/// wakes it (Aurora User Guide, "Scaling to zero ACUs with automatic pause and resume"; RDS Data API reference, DatabaseResumingException).
/// Tasks of the simulation hold no connections.
fn awake(call: &mut Call<'_>, cluster_arn: &str) -> Result<(), ApiError> {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let (now, durations) = (call.now, call.durations().clone());
    let state = &call.world.rds;
    let Some(cluster) = state.clusters.values().find(|cluster| cluster.arn == cluster_arn) else { return Ok(()) };
    let since = state.instances.values().filter(|it| it.cluster == cluster.id).map(|it| it.available_at).min();
    let (resuming, resumed) = (cluster.resumes_at.filter(|at| *at > now), cluster.resumes_at.filter(|at| *at <= now));
    let used = cluster.used_at.max(since).max(resumed).unwrap_or(now);
    let idle = cluster.pause.map(|seconds| Duration::from_secs(seconds.unsigned_abs().into()));
    let resumes_at = match (resuming, idle.map(|idle| used + idle).filter(|at| *at <= now)) {
        (Some(at), _) => Some(at),
        (None, None) => None,
        (None, Some(paused)) if now.since(paused) > DAY => Some(now + durations.aurora_resume_late),
        (None, Some(_)) => Some(now + durations.aurora_resume),
    };
    let id = cluster.id.clone();
    let cluster = super::state::cluster_mut(call, &id)?;
    if resumes_at.is_some() {
        cluster.resumes_at = resumes_at;
        let message = "The request was canceled because the Aurora Serverless v2 DB instance was paused. The instance is automatically \
                       resuming. Wait a few seconds and try again.";
        return Err(ApiError::new("DatabaseResumingException", message));
    }
    cluster.used_at = Some(now);
    Ok(())
}

/// Executes a statement as the user of a secret. Gives the rows.
///
/// # Errors
/// As the Data API and PostgreSQL have them.
pub(in crate::sandbox) fn execute(
    call: &mut Call<'_>,
    cluster_arn: &str,
    secret: &str,
    statement: &str,
) -> Result<Vec<Vec<String>>, ApiError> {
    let state = &call.world.rds;
    let missing = || ApiError::new("DatabaseNotFoundException", format!("Database cluster {cluster_arn} is not found"));
    let cluster = state.clusters.values().find(|cluster| cluster.arn == cluster_arn).ok_or_else(missing)?;
    if !cluster.http {
        let message = format!("HttpEndpoint is not enabled for resource {cluster_arn}");
        return Err(ApiError::new("HttpEndpointNotEnabledException", message));
    }
    let available =
        |id: &str| state.instances.values().any(|it| it.cluster == id && it.status(call.now) == "available");
    if cluster.status(call.now) != "available" || !available(&cluster.id) {
        let message = "The writer instance in the DB cluster isn't available";
        return Err(ApiError::new("DatabaseUnavailableException", message).with_status(504));
    }
    awake(call, cluster_arn)?;
    let cluster = call.world.rds.clusters.values().find(|cluster| cluster.arn == cluster_arn).ok_or_else(missing)?;
    let text = call.world.secretsmanager.find(secret).and_then(|secret| secret.text());
    let invalid = || ApiError::new("InvalidSecretException", format!("The secret {secret} can't be used to log in"));
    let given = text.and_then(Credentials::from_json).ok_or_else(invalid)?;
    let master = call.world.secretsmanager.find(&cluster.master_secret).and_then(|secret| secret.text());
    let master = master.and_then(Credentials::from_json);
    let right = match master.filter(|master| master.username == given.username) {
        Some(master) => master.password == given.password,
        None => cluster.roles.get(&given.username).is_some_and(|role| {
            role.login && role.verifier.as_ref().is_some_and(|verifier| scram::matches(&given.password, verifier))
        }),
    };
    if !right {
        let message = format!("FATAL: password authentication failed for user \"{}\"", given.username);
        return Err(refused(&message, "28P01"));
    }
    let id = cluster.id.clone();
    let cluster = super::state::cluster_mut(call, &id)?;
    match sql::execute(cluster, &given.username, statement) {
        Ok(Answer::Done) => Ok(Vec::new()),
        Ok(Answer::Row(row)) => Ok(vec![row]),
        Err((message, state)) => Err(refused(&message, state)),
    }
}

//! Whether a role would be allowed to do something, and whether what tasks need at their start is there.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};

use crate::{
    aws::{Answer, Aws},
    engine::{Class, Failure},
};

/// Asks IAM which of these actions a role would be refused on any of these resources, as `action on resource`. What resource policies say is not
/// considered (IAM API reference, SimulatePrincipalPolicy).
///
/// # Errors
/// The call's own.
pub async fn refused(
    aws: &Aws,
    role: &str,
    actions: &[&str],
    resources: &[String],
    context: &[(&str, &str)],
) -> Result<Vec<String>, Failure> {
    let mut call = aws.iam.simulate_principal_policy().policy_source_arn(role);
    for action in actions {
        call = call.action_names(*action);
    }
    for (key, value) in context {
        let entry = ContextEntry::builder().context_key_name(*key).context_key_values(*value);
        call = call.context_entries(entry.context_key_type(ContextKeyTypeEnum::String).build());
    }
    let answer = call.set_resource_arns(Some(resources.to_vec())).send().await.of("iam:SimulatePrincipalPolicy")?;
    Ok(answer.evaluation_results().iter().flat_map(refusals).collect())
}

/// Where several resources were asked for, the answer is in what is said of each (IAM API reference, EvaluationResult,
/// ResourceSpecificResults).
fn refusals(result: &EvaluationResult) -> Vec<String> {
    let name = |resource: &str| format!("{} on {resource}", result.eval_action_name());
    let specific = result.resource_specific_results();
    if specific.is_empty() {
        let allowed = *result.eval_decision() == PolicyEvaluationDecisionType::Allowed;
        return (!allowed).then(|| name(result.eval_resource_name().unwrap_or("*"))).into_iter().collect();
    }
    let refused = specific.iter().filter(|one| *one.eval_resource_decision() != PolicyEvaluationDecisionType::Allowed);
    refused.map(|one| name(one.eval_resource_name())).collect()
}

/// The secret of a container's `valueFrom`: `<arn>[:<json key>:<stage>:<version>]`.
pub fn secret_of(value_from: &str) -> String {
    value_from.split(':').take(7).collect::<Vec<_>>().join(":")
}

/// A secret that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// Its ARN.
    pub arn: String,
    /// The key that encrypts it, where it is not AWS's own.
    pub key: Option<String>,
}

/// Looks at a secret; `None` where it isn't there, or is about to be deleted.
///
/// # Errors
/// The call's own.
pub async fn secret(aws: &Aws, arn: &str) -> Result<Option<Secret>, Failure> {
    match aws.secrets.describe_secret().secret_id(arn).send().await.of("secretsmanager:DescribeSecret") {
        Ok(answer) if answer.deleted_date().is_some() => Ok(None),
        Ok(answer) => {
            let key = answer.kms_key_id().filter(|key| key.starts_with("arn:")).map(str::to_owned);
            Ok(Some(Secret { arn: arn.to_owned(), key }))
        }
        Err(failure) if failure.class == Class::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// True where a log group is there.
///
/// # Errors
/// The call's own.
pub async fn log_group_exists(aws: &Aws, name: &str) -> Result<bool, Failure> {
    let answer =
        aws.logs.describe_log_groups().log_group_name_prefix(name).send().await.of("logs:DescribeLogGroups")?;
    Ok(answer.log_groups().iter().any(|group| group.log_group_name() == Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_read_off_what_a_container_is_given() {
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:payments-AbCdEf";
        assert_eq!(secret_of(&format!("{arn}:password::")), arn);
        assert_eq!(secret_of(arn), arn);
    }
}

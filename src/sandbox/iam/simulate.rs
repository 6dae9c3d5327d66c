//! What a role would be allowed.

use aws_sdk_iam::operation::simulate_principal_policy::{SimulatePrincipalPolicyInput, SimulatePrincipalPolicyOutput};
use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType};

use super::use_of::may;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// IAM API reference, SimulatePrincipalPolicy: every action with every resource.
pub(super) fn simulate(
    call: &mut Call<'_>,
    input: &SimulatePrincipalPolicyInput,
) -> Result<SimulatePrincipalPolicyOutput, ApiError> {
    let role = input.policy_source_arn().unwrap_or_default();
    if call.world.iam.by_arn(role).is_none() {
        return Err(ApiError::new("NoSuchEntity", format!("The role {role} cannot be found.")).with_status(404));
    }
    let entries = input.context_entries();
    let context: Vec<(&str, &str)> = entries
        .iter()
        .filter_map(|entry| Some((entry.context_key_name()?, entry.context_key_values().first()?.as_str())))
        .collect();
    let everything = ["*".to_owned()];
    let resources = if input.resource_arns().is_empty() { everything.as_slice() } else { input.resource_arns() };
    let mut results = Vec::new();
    for action in input.action_names() {
        for resource in resources {
            let decision = if may(call, role, action, resource, &context) {
                PolicyEvaluationDecisionType::Allowed
            } else {
                PolicyEvaluationDecisionType::ImplicitDeny
            };
            let result = EvaluationResult::builder().eval_action_name(action).eval_resource_name(resource);
            results.push(result.eval_decision(decision).build()?);
        }
    }
    Ok(SimulatePrincipalPolicyOutput::builder().set_evaluation_results(Some(results)).build())
}

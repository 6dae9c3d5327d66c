//! Bucket policies.

use aws_sdk_s3::operation::get_bucket_policy::{GetBucketPolicyInput, GetBucketPolicyOutput};
use aws_sdk_s3::operation::put_bucket_policy::{PutBucketPolicyInput, PutBucketPolicyOutput};
use serde_json::Value;

use super::state::{S3State, arn, bucket, bucket_mut};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::iam::policy::{Caller, Decision, Grammar, Policy, Request};

/// S3 User Guide, "Bucket policies": 20 KB.
const LARGEST: usize = 20 * 1024;
/// Elastic Load Balancing User Guide, "Enable access logs for your Application Load Balancer".
const LOG_DELIVERY: &str = "logdelivery.elasticloadbalancing.amazonaws.com";

fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("MalformedPolicy", message)
}

/// S3 API reference, PutBucketPolicy.
pub(super) fn put_bucket_policy(
    call: &mut Call<'_>,
    input: &PutBucketPolicyInput,
) -> Result<PutBucketPolicyOutput, ApiError> {
    let found = bucket(call, input.bucket())?;
    let text = input.policy().unwrap_or_default();
    if text.len() > LARGEST {
        return Err(malformed("Policy exceeds the maximum allowed document size."));
    }
    let policy = Policy::parse(text, Grammar::Resource).map_err(malformed)?;
    let own = arn(&found.name);
    if !policy.resources().all(|resource| resource == own || resource.starts_with(&format!("{own}/"))) {
        return Err(malformed("Policy has invalid resource"));
    }
    if !policy.actions().all(|action| action == "*" || action.to_ascii_lowercase().starts_with("s3:")) {
        return Err(malformed("Policy has invalid action"));
    }
    let unknown = |arn: &&str| arn.contains(&format!("::{}:role/", call.account())) && !knows_role(call, arn);
    if policy.identities().any(|arn| unknown(&arn)) {
        return Err(malformed("Invalid principal in policy"));
    }
    if found.public_access_block[2] && is_public(text) {
        let message = "User is not authorized to perform: s3:PutBucketPolicy on resource because public policies are prevented by the \
                       BlockPublicPolicy setting in S3 Block Public Access.";
        return Err(ApiError::new("AccessDenied", message).with_status(403));
    }
    bucket_mut(call, input.bucket())?.policy = Some(text.to_owned());
    Ok(PutBucketPolicyOutput::builder().build())
}

fn knows_role(call: &Call<'_>, arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    call.world.iam.roles.contains_key(name)
}

/// S3 User Guide, "The meaning of public": an allowance to everybody without a condition.
fn is_public(text: &str) -> bool {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    };
    statements.iter().any(|statement| {
        let everybody = |principal: &Value| principal == "*" || principal.get("AWS").is_some_and(|who| who == "*");
        statement["Effect"] == "Allow"
            && statement.get("Condition").is_none()
            && statement.get("Principal").is_some_and(everybody)
    })
}

pub(super) fn get_bucket_policy(
    call: &mut Call<'_>,
    input: &GetBucketPolicyInput,
) -> Result<GetBucketPolicyOutput, ApiError> {
    let policy = bucket(call, input.bucket())?.policy.clone();
    let policy = policy
        .ok_or_else(|| ApiError::new("NoSuchBucketPolicy", "The bucket policy does not exist").with_status(404))?;
    Ok(GetBucketPolicyOutput::builder().policy(policy).build())
}

impl S3State {
    /// Whether Elastic Load Balancing can write the access logs of an account's load balancers to a bucket: S3's own keys must encrypt
    /// it, and its policy must let the log delivery in. Elastic Load Balancing User Guide, "Enable access logs for your Application Load
    /// Balancer".
    pub fn accepts_access_logs(&self, bucket: &str, prefix: &str, account: &str) -> bool {
        let Some(bucket) = self.buckets.get(bucket) else { return false };
        let Some(Ok(policy)) = bucket.policy.as_deref().map(|text| Policy::parse(text, Grammar::Resource)) else {
            return false;
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let request = Request {
            caller: Caller::Service(LOG_DELIVERY),
            action: "s3:PutObject",
            resource: &format!("{}/{prefix}AWSLogs/{account}/ELBAccessLogTestFile", arn(&bucket.name)),
            context: &[("aws:SecureTransport", "true")],
        };
        bucket.encryption == "AES256" && policy.decide(&request) == Decision::Allow
    }
}

//! Who may invoke a function: statements of its resource policy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    aws::{Answer, Aws},
    engine::{Failure, failure::absent_is_fine},
};

/// A service that may invoke a function, for things of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoker {
    /// The service: `secretsmanager.amazonaws.com`.
    pub service: String,
    /// The account whose things it may invoke the function for: nobody else's (Lambda developer guide, "Granting Lambda function access
    /// to AWS services").
    pub account: String,
}

/// Who may invoke a function, by statement id. Statements that are not of this form count as nobody's, so that they differ.
pub(super) async fn read(aws: &Aws, function: &str) -> Result<BTreeMap<String, Option<Invoker>>, Failure> {
    let answer = aws.lambda.get_policy().function_name(function).send().await.of("lambda:GetPolicy");
    let policy = absent_is_fine(answer.map(|answer| answer.policy))?.unwrap_or_default();
    let policy: Value = serde_json::from_str(&policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let sid = |statement: &Value| statement["Sid"].as_str().unwrap_or_default().to_owned();
    Ok(statements.iter().map(|statement| (sid(statement), invoker(statement))).collect())
}

fn invoker(statement: &Value) -> Option<Invoker> {
    let conditions = statement["Condition"].as_object()?;
    let equals = conditions.get("StringEquals")?.as_object()?;
    let plain = conditions.len() == 1 && equals.len() == 1 && statement["Action"] == "lambda:InvokeFunction";
    let service = statement["Principal"]["Service"].as_str()?.to_owned();
    // The key is written in one case or another (`AWS:SourceAccount` by AddPermission itself).
    let (_, account) = equals.iter().find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceAccount"))?;
    plain.then_some(Invoker { service, account: account.as_str()?.to_owned() })
}

/// Adds every statement that is wanted and removes every other.
pub(super) async fn write(aws: &Aws, function: &str, wanted: &BTreeMap<String, Invoker>) -> Result<(), Failure> {
    let present = read(aws, function).await?;
    for (sid, _) in present.iter().filter(|(sid, invoker)| wanted.get(*sid) != invoker.as_ref()) {
        let call = aws.lambda.remove_permission().function_name(function).statement_id(sid);
        absent_is_fine(call.send().await.of("lambda:RemovePermission").map(|_| ()))?;
    }
    for (sid, invoker) in wanted.iter().filter(|(sid, invoker)| present.get(*sid) != Some(&Some((*invoker).clone()))) {
        let call = aws.lambda.add_permission().function_name(function).statement_id(sid);
        let call = call.action("lambda:InvokeFunction").principal(&invoker.service).source_account(&invoker.account);
        call.send().await.of("lambda:AddPermission")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_are_read_and_wider_ones_are_nobodys() {
        let statement = json!({
            "Sid": "rotate", "Effect": "Allow", "Principal": { "Service": "secretsmanager.amazonaws.com" },
            "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:rotator-dev",
            "Condition": { "StringEquals": { "AWS:SourceAccount": "123456789012" } },
        });
        let expected =
            Invoker { service: "secretsmanager.amazonaws.com".to_owned(), account: "123456789012".to_owned() };
        assert_eq!(invoker(&statement), Some(expected));
        let mut wider = statement.clone();
        wider["Condition"] = Value::Null;
        assert_eq!(invoker(&wider), None);
        let mut other = statement;
        other["Action"] = json!("lambda:*");
        assert_eq!(invoker(&other), None);
    }
}

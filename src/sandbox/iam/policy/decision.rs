//! What a policy says to a request. IAM User Guide, "Policy evaluation logic": an explicit deny wins, and silence is no allowance.

use super::document::{Policy, Principals, Set, Statement};
use super::pattern::fits;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// A service on its own behalf: `logs.us-east-1.amazonaws.com`.
    Service(&'a str),
    /// A role or the account's root, by ARN; the root of an account stands for what its policies allow.
    Arn(&'a str),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// `kms:Decrypt`.
    pub action: &'a str,
    /// The ARN.
    pub resource: &'a str,
    /// Condition keys and their values.
    pub context: &'a [(&'a str, &'a str)],
}

/// A policy's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It allows it.
    Allow,
    /// It forbids it.
    Deny,
    /// It says nothing about it.
    Silent,
}

impl Policy {
    /// What the policy says to a request.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let applying: Vec<&Statement> = self.statements.iter().filter(|statement| statement.applies(request)).collect();
        if applying.iter().any(|statement| !statement.allows) {
            Decision::Deny
        } else if applying.is_empty() {
            Decision::Silent
        } else {
            Decision::Allow
        }
    }
}

impl Statement {
    fn applies(&self, request: &Request<'_>) -> bool {
        self.principals.include(request.caller)
            && self.actions.holds(&request.action.to_ascii_lowercase(), str::to_ascii_lowercase)
            && self.resources.holds(request.resource, str::to_owned)
            && self.conditions.iter().all(|condition| condition.is_met(request.context))
    }
}

impl Set {
    fn holds(&self, text: &str, normal: fn(&str) -> String) -> bool {
        self.patterns.iter().any(|pattern| fits(&normal(pattern), text)) != self.inverted
    }
}

impl Principals {
    fn include(&self, caller: Caller<'_>) -> bool {
        let listed = match self {
            Principals::Unnamed | Principals::All => return true,
            Principals::Listed(listed) => listed,
        };
        listed.iter().any(|(kind, name)| match (kind.as_str(), caller) {
            ("Service", Caller::Service(service)) => name == service,
            ("AWS", Caller::Arn(arn)) => {
                let root = |account: &str| arn.split(':').nth(4) == Some(account) && arn.ends_with(":root");
                name == "*" || name == arn || root(name)
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Grammar, Policy};
    use super::*;

    fn decide(statements: Value, action: &str, resource: &str) -> Decision {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let policy = Policy::parse(&document.to_string(), Grammar::Identity).expect("a policy");
        let caller = Caller::Arn("arn:aws:iam::123456789012:role/r");
        policy.decide(&Request { caller, action, resource, context: &[] })
    }

    #[test]
    fn a_deny_wins_and_silence_is_no_allowance() {
        let statements = json!([
            { "Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*" },
            { "Effect": "Deny", "Action": "s3:PutObject", "Resource": "*" },
        ]);
        assert_eq!(decide(statements.clone(), "s3:getobject", "arn:aws:s3:::b/x"), Decision::Allow);
        assert_eq!(decide(statements.clone(), "s3:PutObject", "arn:aws:s3:::b/x"), Decision::Deny);
        assert_eq!(decide(statements, "s3:GetObject", "arn:aws:s3:::c/x"), Decision::Silent);
    }

    #[test]
    fn not_action_is_everything_else() {
        let statements = json!([{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }]);
        assert_eq!(decide(statements.clone(), "iam:PassRole", "*"), Decision::Silent);
        assert_eq!(decide(statements, "s3:GetObject", "*"), Decision::Allow);
    }

    #[test]
    fn principals_are_told_apart() {
        let document = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "kms:*", "Resource": "*",
            "Principal": { "AWS": "123456789012", "Service": "logs.us-east-1.amazonaws.com" },
        }]});
        let policy = Policy::parse(&document.to_string(), Grammar::Resource).expect("a policy");
        let asks = |caller| policy.decide(&Request { caller, action: "kms:Decrypt", resource: "*", context: &[] });
        assert_eq!(asks(Caller::Service("logs.us-east-1.amazonaws.com")), Decision::Allow);
        assert_eq!(asks(Caller::Service("sns.amazonaws.com")), Decision::Silent);
        assert_eq!(asks(Caller::Arn("arn:aws:iam::123456789012:root")), Decision::Allow);
        assert_eq!(asks(Caller::Arn("arn:aws:iam::210987654321:root")), Decision::Silent);
    }
}

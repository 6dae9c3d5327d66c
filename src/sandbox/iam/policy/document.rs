//! Documents: reading and checking. IAM User Guide, "Grammar of the IAM JSON policy language".

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::condition::Condition;

/// Where a policy stands, which decides about its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// On a role: no principals.
    Identity,
    /// Who may assume a role: principals, and no resources.
    Trust,
    /// On a resource, such as a key or a topic: principals and resources.
    Resource,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) allows: bool,
    pub(super) principals: Principals,
    pub(super) actions: Set,
    pub(super) resources: Set,
    pub(super) conditions: Vec<Condition>,
}

/// A list of patterns, or everything but these.
#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) patterns: Vec<String>,
    pub(super) inverted: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Principals {
    /// Whoever the policy is attached to.
    Unnamed,
    /// Everybody.
    All,
    /// Kind (`AWS`, `Service`) and name.
    Listed(Vec<(String, String)>),
}

const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const PRINCIPAL_KINDS: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];
const SYNTAX: &str = "Syntax errors in policy.";

impl Policy {
    /// Reads a document.
    ///
    /// # Errors
    /// What AWS says is wrong with it.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Policy, String> {
        let document: Value = serde_json::from_str(text).map_err(|_| SYNTAX.to_owned())?;
        let document = document.as_object().ok_or(SYNTAX)?;
        if document.keys().any(|key| !matches!(key.as_str(), "Version" | "Id" | "Statement")) {
            return Err(SYNTAX.to_owned());
        }
        if !document.get("Version").is_none_or(|version| VERSIONS.iter().any(|known| version == known)) {
            return Err("The policy must contain a valid version string".to_owned());
        }
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) if !statements.is_empty() => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(SYNTAX.to_owned()),
        };
        check_sids(&statements, grammar)?;
        let statements = statements.into_iter().map(|value| statement(value, grammar)).collect::<Result<_, _>>()?;
        Ok(Policy { statements })
    }

    /// ARNs of the roles and users that it names.
    pub fn identities(&self) -> impl Iterator<Item = &str> {
        let listed = self.statements.iter().flat_map(|statement| match &statement.principals {
            Principals::Listed(list) => list.as_slice(),
            Principals::All | Principals::Unnamed => &[],
        });
        listed.filter(|(kind, name)| kind == "AWS" && name.contains('/')).map(|(_, name)| name.as_str())
    }

    /// The resources that its statements list.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| statement.resources.patterns.iter().map(String::as_str))
    }

    /// The actions that its statements list.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(|statement| statement.actions.patterns.iter().map(String::as_str))
    }
}

/// Each Sid once, and in policies of roles only letters and digits. IAM User Guide, "IAM JSON policy elements: Sid".
fn check_sids(statements: &[&Value], grammar: Grammar) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for sid in statements.iter().filter_map(|statement| statement.get("Sid")) {
        let sid = sid.as_str().ok_or(SYNTAX)?;
        if grammar != Grammar::Resource && !sid.chars().all(|char| char.is_ascii_alphanumeric()) {
            return Err(format!("Statement IDs (SID) can only contain alphanumeric characters: {sid}"));
        }
        if !seen.insert(sid) {
            return Err("Statement IDs (SID) in a single policy must be unique.".to_owned());
        }
    }
    Ok(())
}

fn statement(value: &Value, grammar: Grammar) -> Result<Statement, String> {
    let fields = value.as_object().ok_or(SYNTAX)?;
    if fields.keys().any(|key| !ELEMENTS.contains(&key.as_str())) {
        return Err(SYNTAX.to_owned());
    }
    let allows = match fields.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(SYNTAX.to_owned()),
    };
    Ok(Statement {
        allows,
        principals: principals(fields, grammar)?,
        actions: actions(fields)?,
        resources: resources(fields, grammar)?,
        conditions: fields.get("Condition").map(Condition::read).transpose()?.unwrap_or_default(),
    })
}

fn principals(fields: &Map<String, Value>, grammar: Grammar) -> Result<Principals, String> {
    if fields.contains_key("NotPrincipal") {
        return Err("The sandbox does not simulate NotPrincipal, which AWS advises against.".to_owned());
    }
    match (fields.get("Principal"), grammar) {
        (None, Grammar::Identity) => Ok(Principals::Unnamed),
        (Some(_), Grammar::Identity) => Err("Policy document should not specify a principal.".to_owned()),
        (None, _) => Err("Missing required field Principal".to_owned()),
        (Some(Value::String(text)), _) if text == "*" => Ok(Principals::All),
        (Some(Value::Object(kinds)), _) if !kinds.is_empty() => {
            let mut listed = Vec::new();
            for (kind, names) in kinds {
                for name in strings(names)? {
                    check_principal(kind, &name)?;
                    listed.push((kind.clone(), name));
                }
            }
            Ok(Principals::Listed(listed))
        }
        _ => Err(SYNTAX.to_owned()),
    }
}

fn check_principal(kind: &str, name: &str) -> Result<(), String> {
    let account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = match kind {
        "Service" => name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn"),
        "AWS" => {
            let parts: Vec<&str> = name.splitn(6, ':').collect();
            name == "*"
                || account(name)
                || matches!(parts[..], ["arn", _, "iam" | "sts", "", owner, _] if account(owner))
        }
        other => PRINCIPAL_KINDS.contains(&other),
    };
    if valid { Ok(()) } else { Err(format!("Invalid principal in policy: \"{kind}\":\"{name}\"")) }
}

fn actions(fields: &Map<String, Value>) -> Result<Set, String> {
    let set = set(fields, "Action", "NotAction")?.ok_or("Policy statement must contain actions.")?;
    let formed = |action: &String| {
        let part =
            |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-*?".contains(c));
        action == "*" || action.split_once(':').is_some_and(|(vendor, name)| part(vendor) && part(name))
    };
    match set.patterns.iter().find(|action| !formed(action)) {
        None => Ok(set),
        Some(_) => Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned()),
    }
}

fn resources(fields: &Map<String, Value>, grammar: Grammar) -> Result<Set, String> {
    match (set(fields, "Resource", "NotResource")?, grammar) {
        (Some(_), Grammar::Trust) => Err("Has prohibited field Resource".to_owned()),
        (None, Grammar::Trust) => Ok(Set { patterns: vec!["*".to_owned()], inverted: false }),
        (None, _) => Err("Policy statement must contain resources.".to_owned()),
        (Some(set), _) => {
            let formed = |resource: &&String| {
                *resource == "*" || resource.splitn(6, ':').count() == 6 && resource.starts_with("arn:")
            };
            match set.patterns.iter().find(|resource| !formed(resource)) {
                None => Ok(set),
                Some(resource) => Err(format!("Resource {resource} must be in ARN format or \"*\".")),
            }
        }
    }
}

/// One of two elements that exclude each other.
fn set(fields: &Map<String, Value>, plain: &str, inverted: &str) -> Result<Option<Set>, String> {
    match (fields.get(plain), fields.get(inverted)) {
        (Some(_), Some(_)) => Err(SYNTAX.to_owned()),
        (Some(patterns), None) => Ok(Some(Set { patterns: strings(patterns)?, inverted: false })),
        (None, Some(patterns)) => Ok(Some(Set { patterns: strings(patterns)?, inverted: true })),
        (None, None) => Ok(None),
    }
}

/// A text, or a list of texts that isn't empty.
fn strings(value: &Value) -> Result<Vec<String>, String> {
    let texts = match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    texts.filter(|texts| !texts.is_empty()).ok_or_else(|| SYNTAX.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(grammar: Grammar, statement: Value) -> bool {
        let document = json!({ "Version": "2012-10-17", "Statement": [statement] });
        Policy::parse(&document.to_string(), grammar).is_err()
    }

    #[test]
    fn each_grammar_wants_its_own_elements() {
        let identity = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        let trust =
            json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "ecs.amazonaws.com" } });
        let mut resource = trust.clone();
        resource["Resource"] = json!(["arn:aws:s3:::bucket"]);
        for (statement, grammar) in
            [(&identity, Grammar::Identity), (&trust, Grammar::Trust), (&resource, Grammar::Resource)]
        {
            for other in [Grammar::Identity, Grammar::Trust, Grammar::Resource] {
                assert_eq!(refused(other, statement.clone()), other != grammar, "{statement} as {other:?}");
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let good = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        assert!(!refused(Grammar::Identity, good.clone()));
        for (field, value) in [
            ("Effect", json!("allow")),
            ("Action", json!("GetObject")),
            ("Action", json!([])),
            ("Resource", json!("bucket")),
            ("Resource", json!(1)),
            ("Sid", json!("a b")),
            ("NotAction", json!("s3:*")),
            ("Conditions", json!({})),
            ("Condition", json!({ "StringIs": { "aws:x": "y" } })),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(refused(Grammar::Identity, bad.clone()), "{bad}");
        }
        for principal in [json!({ "Service": "ecs" }), json!({ "AWS": "root" }), json!("me"), json!({ "User": "x" })] {
            let bad = json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal });
            assert!(refused(Grammar::Trust, bad.clone()), "{bad}");
        }
        for text in
            ["", "[]", "{}", r#"{"Version":"2020-01-01","Statement":[]}"#, r#"{"Statement":[{"Effect":"Allow"}]}"#]
        {
            assert!(Policy::parse(text, Grammar::Identity).is_err(), "{text}");
        }
    }

    #[test]
    fn sids_are_unique() {
        let one = json!({ "Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        let document = json!({ "Version": "2012-10-17", "Statement": [one, one] });
        assert!(Policy::parse(&document.to_string(), Grammar::Identity).is_err());
    }
}

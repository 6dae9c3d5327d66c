//! Conditions. IAM User Guide, "IAM JSON policy elements: Condition operators".

use serde_json::Value;

use super::pattern::{arn_fits, fits};

/// How two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
    /// An operator of the language that the simulation has no values for: never met.
    Unknown,
}

/// Base names of all operators, with their test and whether they negate it.
const OPERATORS: &[(&str, Test, bool)] = &[
    ("StringEquals", Test::Equals, false),
    ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, true),
    ("StringLike", Test::Like, false),
    ("StringNotLike", Test::Like, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnLike", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnNotLike", Test::Arn, true),
    ("Bool", Test::Bool, false),
    ("Null", Test::Null, false),
    ("NumericEquals", Test::Unknown, false),
    ("NumericNotEquals", Test::Unknown, false),
    ("NumericLessThan", Test::Unknown, false),
    ("NumericLessThanEquals", Test::Unknown, false),
    ("NumericGreaterThan", Test::Unknown, false),
    ("NumericGreaterThanEquals", Test::Unknown, false),
    ("DateEquals", Test::Unknown, false),
    ("DateNotEquals", Test::Unknown, false),
    ("DateLessThan", Test::Unknown, false),
    ("DateLessThanEquals", Test::Unknown, false),
    ("DateGreaterThan", Test::Unknown, false),
    ("DateGreaterThanEquals", Test::Unknown, false),
    ("BinaryEquals", Test::Unknown, false),
    ("IpAddress", Test::Unknown, false),
    ("NotIpAddress", Test::Unknown, false),
];

/// One key of one operator, with the values that it is compared with.
#[derive(Clone, Debug)]
pub struct Condition {
    test: Test,
    negated: bool,
    if_exists: bool,
    key: String,
    values: Vec<String>,
}

impl Condition {
    /// Reads the element `Condition`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(element: &Value) -> Result<Vec<Condition>, String> {
        let operators = element.as_object().ok_or("Syntax errors in policy.")?;
        let mut conditions = Vec::new();
        for (operator, keys) in operators {
            let keys = keys.as_object().ok_or("Syntax errors in policy.")?;
            for (key, values) in keys {
                conditions.push(one(operator, key, values)?);
            }
        }
        Ok(conditions)
    }

    /// Whether it is met by a request's context.
    pub fn is_met(&self, context: &[(&str, &str)]) -> bool {
        let actual = context.iter().find(|(key, _)| key.eq_ignore_ascii_case(&self.key)).map(|(_, value)| *value);
        match (self.test, actual) {
            (Test::Null, actual) => self.values.iter().any(|value| (value == "true") == actual.is_none()),
            (Test::Unknown, _) => false,
            // A key that isn't there fails the test, and so meets its negation.
            (_, None) => self.if_exists || self.negated,
            (test, Some(actual)) => self.values.iter().any(|value| test.holds(value, actual)) != self.negated,
        }
    }
}

fn one(operator: &str, key: &str, values: &Value) -> Result<Condition, String> {
    let base = operator.trim_start_matches("ForAllValues:").trim_start_matches("ForAnyValue:");
    let (base, if_exists) = base.strip_suffix("IfExists").map_or((base, false), |base| (base, true));
    let (_, test, negated) = OPERATORS
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(base))
        .ok_or_else(|| format!("Invalid Condition type : {operator}."))?;
    if !key.contains(':') {
        return Err(format!("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. ({key})"));
    }
    let values = match values {
        Value::Array(values) => values.iter().map(text).collect::<Option<Vec<_>>>(),
        single => text(single).map(|value| vec![value]),
    };
    let values = values.filter(|values| !values.is_empty()).ok_or("Syntax errors in policy.")?;
    Ok(Condition { test: *test, negated: *negated, if_exists, key: key.to_owned(), values })
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

impl Test {
    fn holds(self, wanted: &str, actual: &str) -> bool {
        match self {
            Test::Equals => wanted == actual,
            Test::EqualsIgnoreCase | Test::Bool => wanted.eq_ignore_ascii_case(actual),
            Test::Like => fits(wanted, actual),
            Test::Arn => arn_fits(wanted, actual),
            Test::Null | Test::Unknown => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn met(element: Value, context: &[(&str, &str)]) -> bool {
        Condition::read(&element).expect("a condition").iter().all(|condition| condition.is_met(context))
    }

    #[test]
    fn operators() {
        let context = [("aws:SourceAccount", "1"), ("aws:SourceArn", "arn:aws:ecs:r:1:service/x")];
        assert!(met(json!({"StringEquals": {"AWS:sourceaccount": ["2", "1"]}}), &context));
        assert!(!met(json!({"StringNotEquals": {"aws:SourceAccount": "1"}}), &context));
        assert!(met(json!({"ArnLike": {"aws:SourceArn": "arn:aws:ecs:r:1:*"}}), &context));
        assert!(!met(json!({"ArnLike": {"aws:SourceArn": "arn:aws:ec2:r:1:*"}}), &context));
        assert!(!met(json!({"StringEquals": {"kms:ViaService": "x"}}), &context));
        assert!(met(json!({"StringEqualsIfExists": {"kms:ViaService": "x"}}), &context));
        assert!(met(json!({"Null": {"kms:ViaService": true}}), &context));
        assert!(!met(json!({"NumericLessThan": {"aws:MultiFactorAuthAge": 3}}), &context));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Condition::read(&json!({"StringIs": {"aws:SourceArn": "x"}})).is_err());
        assert!(Condition::read(&json!({"StringEquals": {"SourceArn": "x"}})).is_err());
        assert!(Condition::read(&json!({"StringEquals": {"aws:SourceArn": []}})).is_err());
        assert!(Condition::read(&json!({"StringEquals": "x"})).is_err());
    }
}

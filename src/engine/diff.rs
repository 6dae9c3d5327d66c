//! What differs between what is wanted and what is there, field by field.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Kind,
    output::is_open,
    resource::{Change, Field},
};

/// One field that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldChange {
    /// The field of the specification.
    pub field: String,
    /// What is there; absent where it could not be read or is not set.
    pub from: Option<Value>,
    /// What is wanted; absent where it is only known once something else has been made.
    pub to: Option<Value>,
    /// True where this change needs a new resource.
    pub replaces: bool,
}

/// Compares a specification with what was observed, and with what was last applied for fields that can't be observed.
///
/// A field whose reference is still open counts as different: what it refers to is about to be made.
pub fn compare(kind: &dyn Kind, wanted: &Value, observed: &Map<String, Value>, applied: &Value) -> Vec<FieldChange> {
    let Some(wanted) = wanted.as_object() else { return Vec::new() };
    let mut changes = Vec::new();
    for (name, want) in wanted {
        let field = kind.field(name);
        let replaces = match field.change {
            Change::Silent | Change::Owned(_) => continue,
            Change::Replace => true,
            Change::Update => false,
        };
        let have = observed.get(name).or_else(|| applied.get(name));
        let differs = match have {
            Some(have) => is_open(want) || !equal(field, want, have),
            // Nobody can tell. Setting it again is harmless, replacing the resource is not.
            None => !replaces,
        };
        if differs {
            let to = (!is_open(want)).then(|| want.clone());
            changes.push(FieldChange { field: name.clone(), from: have.cloned(), to, replaces });
        }
    }
    changes
}

/// The specification with the fields that somebody else decides taken from what is there.
pub fn yield_owned(kind: &dyn Kind, wanted: &Value, observed: &Map<String, Value>, applied: &Value) -> Value {
    let mut wanted = wanted.clone();
    if let Some(fields) = wanted.as_object_mut() {
        for (name, want) in fields.iter_mut() {
            if let Change::Owned(_) = kind.field(name).change
                && let Some(have) = observed.get(name).or_else(|| applied.get(name))
            {
                *want = have.clone();
            }
        }
    }
    wanted
}

/// The fields that need a call of their own right after create.
pub fn later_fields(kind: &dyn Kind, spec: &Value) -> Vec<String> {
    let fields = spec.as_object().into_iter().flat_map(Map::keys);
    fields.filter(|name| kind.field(name).later).cloned().collect()
}

/// True where two values of a field mean the same.
pub fn same(field: Field, left: &Value, right: &Value) -> bool {
    equal(field, left, right)
}

fn equal(field: Field, left: &Value, right: &Value) -> bool {
    match (field.unordered, left, right) {
        (true, Value::Array(left), Value::Array(right)) => {
            let sorted = |items: &[Value]| {
                let mut items: Vec<Value> = items.iter().map(canonical).collect();
                items.sort_by_key(Value::to_string);
                items
            };
            sorted(left) == sorted(right)
        }
        _ => canonical(left) == canonical(right),
    }
}

/// Maps sorted by key, absent and null alike, whole numbers without a fraction: what JSON means, not how it is written.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map
                .iter()
                .filter(|(_, item)| !item.is_null())
                .map(|(name, item)| (name.clone(), canonical(item)))
                .collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            fields.into_iter().collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
            _ => value.clone(),
        },
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_compared_by_meaning() {
        assert!(equal(Field::UPDATE, &json!({"a": 1, "b": null}), &json!({"a": 1.0})));
        assert!(!equal(Field::UPDATE, &json!([1, 2]), &json!([2, 1])));
        assert!(equal(Field::UPDATE.unordered(), &json!([1, 2]), &json!([2, 1])));
        assert!(!equal(Field::UPDATE.unordered(), &json!([1, 2]), &json!([1, 1])));
        assert!(!equal(Field::UPDATE, &json!({"a": 1}), &json!({"a": 2})));
    }
}

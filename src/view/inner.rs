//! What differs inside two JSON values, by path, so that a change in a long policy is a line and not a page.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::mesh::scripts;

/// One place that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where, such as `Statement[Sid=Logs].Action`; empty for the value as a whole.
    pub path: String,
    /// What was there; absent where it is new.
    pub from: Option<Value>,
    /// What is wanted; absent where it goes.
    pub to: Option<Value>,
}

/// Keys by which the elements of AWS's lists are told apart.
const NAMES: [&str; 9] = ["Sid", "name", "Name", "id", "Id", "key", "Key", "containerName", "rule_name"];

/// Longest list of plain values that is shown whole.
const SHORT: usize = 60;

/// All places that differ, in the order of `to`.
pub fn differences(from: &Value, to: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk("", from, to, &mut found);
    found
}

fn walk(path: &str, from: &Value, to: &Value, found: &mut Vec<Difference>) {
    if from == to {
        return;
    }
    match (from, to) {
        (Value::Object(left), Value::Object(right)) if !is_reference(to) => objects(path, left, right, found),
        (Value::Array(left), Value::Array(right)) => arrays(path, left, right, found),
        (Value::String(left), Value::String(right)) => match (document(left), document(right)) {
            (Some(left), Some(right)) => walk(path, &left, &right, found),
            _ => found.push(changed(path, from, to)),
        },
        _ => found.push(changed(path, from, to)),
    }
}

fn is_reference(value: &Value) -> bool {
    value.get("$ref").is_some()
}

/// A text that is a JSON document itself, plain or packed as Envoy's configuration is.
fn document(text: &str) -> Option<Value> {
    let plain = text.starts_with(['{', '[']).then(|| serde_json::from_str(text).ok()).flatten();
    plain.or_else(|| scripts::unpacked(text))
}

fn changed(path: &str, from: &Value, to: &Value) -> Difference {
    Difference { path: path.to_owned(), from: Some(from.clone()), to: Some(to.clone()) }
}

fn objects(path: &str, left: &Map<String, Value>, right: &Map<String, Value>, found: &mut Vec<Difference>) {
    let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, want) in right {
        match left.get(name).unwrap_or(&Value::Null) {
            Value::Null if want.is_null() => {}
            Value::Null => found.push(Difference { path: inner(name), from: None, to: Some(want.clone()) }),
            have => walk(&inner(name), have, want, found),
        }
    }
    let gone = left.iter().filter(|(name, have)| !have.is_null() && !right.contains_key(*name));
    found.extend(gone.map(|(name, have)| Difference { path: inner(name), from: Some(have.clone()), to: None }));
}

fn arrays(path: &str, left: &[Value], right: &[Value], found: &mut Vec<Difference>) {
    if let Some(name) = NAMES.iter().find(|name| tells_apart(name, left) && tells_apart(name, right)) {
        return named(path, name, left, right, found);
    }
    let plain = |items: &[Value]| items.iter().all(|item| !item.is_object() && !item.is_array());
    let text = |items: &[Value]| Value::Array(items.to_vec());
    if plain(left) && plain(right) {
        let short = text(left).to_string().len() + text(right).to_string().len() <= SHORT;
        return if short {
            found.push(changed(path, &text(left), &text(right)))
        } else {
            sets(path, left, right, found)
        };
    }
    if left.len() == right.len() {
        for (index, (have, want)) in left.iter().zip(right).enumerate() {
            walk(&format!("{path}[{index}]"), have, want, found);
        }
    } else {
        sets(path, left, right, found);
    }
}

/// True where every element has that field, each with another text.
fn tells_apart(name: &str, items: &[Value]) -> bool {
    let names: BTreeSet<&str> = items.iter().filter_map(|item| item.get(name)?.as_str()).collect();
    names.len() == items.len()
}

fn named(path: &str, name: &str, left: &[Value], right: &[Value], found: &mut Vec<Difference>) {
    let bears = |item: &Value| item[name].as_str().unwrap_or_default().to_owned();
    let inner = |item: &Value| format!("{path}[{name}={}]", bears(item));
    for want in right {
        match left.iter().find(|have| bears(have) == bears(want)) {
            Some(have) => walk(&inner(want), have, want, found),
            None => found.push(Difference { path: inner(want), from: None, to: Some(want.clone()) }),
        }
    }
    let gone = left.iter().filter(|have| !right.iter().any(|want| bears(want) == bears(have)));
    found.extend(gone.map(|have| Difference { path: inner(have), from: Some(have.clone()), to: None }));
}

/// Lists whose elements have no names: what came and what went.
fn sets(path: &str, left: &[Value], right: &[Value], found: &mut Vec<Difference>) {
    let before = found.len();
    let path = format!("{path}[]");
    let came = right.iter().filter(|want| !left.contains(want));
    found.extend(came.map(|want| Difference { path: path.clone(), from: None, to: Some(want.clone()) }));
    let went = left.iter().filter(|have| !right.contains(have));
    found.extend(went.map(|have| Difference { path: path.clone(), from: Some(have.clone()), to: None }));
    if found.len() == before {
        let list = |items: &[Value]| Value::Array(items.to_vec());
        found.push(changed(&path, &list(left), &list(right)));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(from: Value, to: Value) -> Vec<String> {
        let text = |value: Option<Value>| value.map_or("-".to_owned(), |value| value.to_string());
        differences(&from, &to)
            .into_iter()
            .map(|one| format!("{}: {} → {}", one.path, text(one.from), text(one.to)))
            .collect()
    }

    #[test]
    fn a_policy_differs_in_the_statement_that_changed() {
        let statement = |sid: &str, action: &str| json!({"Sid": sid, "Action": action, "Effect": "Allow"});
        let from = json!({"Version": "2012-10-17", "Statement": [statement("A", "s3:Get"), statement("B", "s3:List")]});
        let to = json!({"Version": "2012-10-17", "Statement": [statement("C", "s3:Put"), statement("A", "s3:Head")]});
        assert_eq!(
            shown(from, to),
            [
                r#"Statement[Sid=C]: - → {"Sid":"C","Action":"s3:Put","Effect":"Allow"}"#,
                r#"Statement[Sid=A].Action: "s3:Get" → "s3:Head""#,
                r#"Statement[Sid=B]: {"Sid":"B","Action":"s3:List","Effect":"Allow"} → -"#,
            ]
        );
    }

    #[test]
    fn documents_inside_texts_are_compared_inside() {
        assert_eq!(
            shown(json!({"body": "{\"a\":1,\"b\":2}"}), json!({"body": "{\"a\":1,\"b\":3}"})),
            ["body.b: 2 → 3"]
        );
    }

    #[test]
    fn short_lists_are_shown_whole_and_long_ones_by_what_came_and_went() {
        assert_eq!(shown(json!([1, 2]), json!([2, 1])), [": [1,2] → [2,1]"]);
        let long = |last: &str| json!(["a".repeat(30), "b".repeat(30), last]);
        assert_eq!(shown(json!({"x": long("c")}), json!({"x": long("d")})), ["x[]: - → \"d\"", "x[]: \"c\" → -"]);
    }

    #[test]
    fn what_is_null_and_what_is_absent_are_the_same() {
        assert!(shown(json!({"a": null}), json!({"b": null})).is_empty());
    }

    #[test]
    fn a_reordered_list_of_things_without_names_is_not_silent() {
        let things = |first: u8, second: u8| json!([{"port": first}, {"port": second}]);
        assert_eq!(shown(things(1, 2), things(2, 1)), ["[0].port: 1 → 2", "[1].port: 2 → 1"]);
        assert_eq!(shown(json!([[1], [2]]), json!([[1], [2], [2]])), ["[]: [[1],[2]] → [[1],[2],[2]]"]);
    }
}

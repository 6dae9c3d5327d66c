//! Plans, states and outcomes made by hand, for the tests of the views.

use serde_json::{Value, json};

use crate::engine::{
    Action, Book, Chapter, Key, Outputs, Phase, Physical, Plan, Record, Step, Tags, diff::FieldChange,
};

/// A key of its text.
pub fn key(text: &str) -> Key {
    text.parse().expect("a key")
}

/// A step without changes.
pub fn step(text: &str, chapter: Chapter, action: Action) -> Step {
    let key = key(text);
    let exists = action != Action::Create;
    let existing =
        Physical { key: key.clone(), name: String::new(), id: format!("id-{}", key.name()), outputs: Outputs::new() };
    Step {
        name: format!("{}-dev", key.name()),
        chapter,
        action,
        reason: None,
        changes: Vec::new(),
        tags: Tags::new(),
        spec: json!({}),
        generation: 0,
        existing: exists.then_some(existing),
        existing_dependencies: Vec::new(),
        delete_first: false,
        strays: Vec::new(),
        ending: None,
        gives: Vec::new(),
        key,
    }
}

/// A field that differs.
pub fn change(field: &str, from: Value, to: Option<Value>, replaces: bool) -> FieldChange {
    FieldChange { field: field.to_owned(), from: Some(from), to, replaces }
}

/// A plan that holds one step of each kind.
pub fn plan() -> Plan {
    let create = step("vpc/main", Chapter::Network, Action::Create);
    let mut update = step("subnet/public-a", Chapter::Network, Action::Update);
    update.changes = vec![change("public", json!(false), Some(json!(true)), false)];
    update.tags = Tags::from([("Team".to_owned(), "platform".to_owned())]);
    let mut replace = step("kms-key/main", Chapter::Encryption, Action::Replace);
    let statement =
        |action: &str| json!({"Statement": [{"Sid": "Logs", "Action": action}, {"Sid": "Own", "Action": "kms:*"}]});
    replace.changes = vec![change("policy", statement("kms:Decrypt"), Some(statement("kms:Encrypt*")), true)];
    replace.delete_first = true;
    let mut service = step("ecs-service/payments", Chapter::Services, Action::Update);
    service.changes = vec![change("vpc", json!("vpc-old"), None, false)];
    service.spec = json!({"vpc": {"$ref": "vpc/main#id"}});
    service.reason = Some("an earlier run was cut off before it was finished".to_owned());
    let adopt = step("log-group/flow", Chapter::Observability, Action::Adopt);
    let delete = step("bucket/old", Chapter::Data, Action::Delete);
    Plan { steps: vec![create, update, replace, service, adopt, delete], unchanged: 120 }
}

/// A state that holds one resource as it was last applied.
pub fn book(text: &str, phase: Phase, id: &str, spec: Value, outputs: &[(&str, &str)]) -> Book {
    let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let key = key(text);
    let record = Record {
        key: key.clone(),
        chapter: Chapter::Network,
        name: String::new(),
        phase,
        generation: 0,
        id: id.to_owned(),
        outputs,
        spec,
        dependencies: Vec::new(),
    };
    let mut book = Book::default();
    book.records.insert(key, record);
    book
}

//! Letting the state know which revision serves. It is a courtesy: without it the next `up` finds out by itself.

use serde_json::json;

use crate::{
    aws::{deploy::Revision, ecs::content},
    engine::{Entry, Key, Ledger, Outputs, Phase},
    operation::Workspace,
};

/// Records the revision that serves, where there is a state that knows the service and nobody else is writing it.
pub fn record(workspace: &Workspace, name: &str, revision: &Revision) {
    let Ok(_lock) = workspace.store.lock("deploy") else { return };
    let Ok(Some(loaded)) = workspace.load() else { return };
    let key = Key::new("task-definition", name);
    let Some(record) = loaded.book.records.get(&key).filter(|record| record.phase == Phase::Ready) else { return };
    // Whatever else differs, the next plan has to see for itself.
    if record.id == revision.arn || revision.content != Some(content::digest(&record.spec)) {
        return;
    }
    let mut spec = record.spec.clone();
    if let Some(fields) = spec.as_object_mut() {
        fields.insert("image".to_owned(), json!(revision.image));
    }
    let entry = Entry::Applied {
        key,
        id: revision.arn.clone(),
        outputs: Outputs::from([("arn".to_owned(), revision.arn.clone())]),
        spec,
        dependencies: record.dependencies.clone(),
    };
    if let Ok(journal) = workspace.store.open(&loaded.header, &loaded.book) {
        // Not written is not lost.
        let _ = journal.append(&entry);
    }
}

//! What the kinds of RDS have in common.

use aws_sdk_rds::types::Tag;

use crate::{
    aws::tags,
    engine::{Gone, Life, Scope, Tags},
};

/// RDS's own tags, as read.
pub(super) fn read_tags(list: &[Tag]) -> Tags {
    tags::collect(list.iter().map(|tag| (tag.key(), tag.value())))
}

/// Whether there is anything to look for.
pub(super) fn is_idle(scope: &Scope<'_>) -> bool {
    scope.targets.is_empty() && !scope.sweep
}

/// What a status says (RDS user guide, "DB instance status" and "DB cluster status").
pub(super) fn life(status: &str) -> Life {
    match status {
        "deleting" => Life::Ending("being deleted".to_owned()),
        "failed" | "incompatible-restore" | "incompatible-network" | "restore-error" => Life::Broken(status.to_owned()),
        "inaccessible-encryption-credentials" => Life::Broken("its key can't be used".to_owned()),
        _ => Life::Live,
    }
}

/// What is known of something that is being deleted, by its status.
pub(super) fn gone(status: Option<&str>) -> Gone {
    match status {
        None => Gone::Yes,
        Some(status) => Gone::NotYet(status.to_owned()),
    }
}

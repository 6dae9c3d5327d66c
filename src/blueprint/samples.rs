//! What tests of chapters begin with.

use serde_json::json;

use super::{Draft, Encryption, Facts, Rotation};
use crate::{
    aws::kms::KmsKey,
    config::{self, Config},
    engine::Chapter,
};

/// A configuration with these sections besides `[platform]`.
pub fn parse(more: &str) -> Config {
    let text = format!("[platform]\nteam = \"platform\"\ncost_center = \"cc-1001\"\n{more}");
    config::parse("platform.toml", &text).expect("the configuration is right")
}

/// An account without App Mesh.
pub fn facts() -> Facts {
    Facts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        zones: ["us-east-1a", "us-east-1b", "us-east-1d"].map(str::to_owned),
        mesh: Default::default(),
        rotator: Default::default(),
        rotation: Rotation::default(),
    }
}

/// A key to encrypt with.
pub fn encryption(draft: &mut Draft<'_>) -> Encryption {
    let key = KmsKey { description: "for tests".into(), policy: json!({}), rotation: true, deletion_window_days: 7 };
    Encryption { key: draft.add(Chapter::Encryption, "main", &["kms-key"], key) }
}

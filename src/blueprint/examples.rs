//! Inputs for the tests of chapters.

use super::{Facts, Rotation};
use crate::config::{self, Config, EnvSuffix};

/// Two services, of which `payments` has everything that a service can have, and whatever `more` adds at the end.
pub fn config(more: &str) -> Config {
    let text = format!(
        "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n\n[services.accounts]\n\n[services.payments]\ncalls = [\"accounts\"]\n\
         bucket = true\ncredentials = true\ntable = {{ partition_key = \"id\" }}\n\n{more}\n"
    );
    config::parse("example", &text).expect("a configuration")
}

/// An account in us-east-1 without App Mesh.
pub fn facts() -> Facts {
    Facts {
        account: "123456789012".into(),
        region: "us-east-1".into(),
        partition: "aws".into(),
        zones: ["us-east-1a", "us-east-1b", "us-east-1c"].map(str::to_owned),
        mesh: Default::default(),
        rotator: Default::default(),
        rotation: Rotation::default(),
    }
}

/// The suffix `dev`.
pub fn suffix() -> EnvSuffix {
    EnvSuffix::parse("dev").expect("a suffix")
}

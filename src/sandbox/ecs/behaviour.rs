//! How the programs in simulated images behave.
//!
//! An image of the account's own registry says so in an annotation of its manifest, `platformctl.sandbox.behaviour`; one of another registry in its
//! path: `public.ecr.aws/sandbox/exits`. All others behave well.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pull::{self, OwnImage};
use crate::sandbox::call::Call;

/// A container that ends by itself runs that long.
pub const LIVES: Duration = Duration::from_secs(8);

/// What a program does once it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Behaviour {
    /// It serves, and answers the health check.
    #[default]
    Well,
    /// It ends with exit code 1 after some seconds.
    Exits,
    /// It runs, but doesn't answer the health check.
    Unhealthy,
}

impl Behaviour {
    /// The behaviour of that word.
    pub fn of(word: &str) -> Self {
        match word {
            "exits" => Behaviour::Exits,
            "unhealthy" => Behaviour::Unhealthy,
            _ => Behaviour::Well,
        }
    }

    /// The behaviour of the program in an image.
    pub fn in_image(call: &Call<'_>, image: &str) -> Self {
        match pull::own_image(call, image) {
            OwnImage::There(image) => image.behaviour,
            OwnImage::Missing | OwnImage::Stranger => Behaviour::Well,
            OwnImage::Foreign => {
                let path = image.split(['@', ':']).next().unwrap_or(image);
                path.rsplit_once("/sandbox/").map_or(Behaviour::Well, |(_, word)| Behaviour::of(word))
            }
        }
    }

    /// What it writes while it starts.
    pub fn lines(self) -> &'static [&'static str] {
        match self {
            Behaviour::Well => &["starting", "listening on port 8080"],
            Behaviour::Exits => &["starting", "fatal: can't reach the ledger: connection refused"],
            Behaviour::Unhealthy => &["starting", "GET /healthz 503: the ledger is not reachable"],
        }
    }
}

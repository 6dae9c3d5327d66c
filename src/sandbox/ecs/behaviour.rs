//! How the programs in simulated images behave.
//!
//! An image of the account's own registry says so in an annotation of its manifest, `platformctl.sandbox.behaviour`; one of another registry in its
//! path: `public.ecr.aws/sandbox/exits`. All others behave well.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::container::Container;
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
    /// It runs, but waits for a control plane that doesn't answer.
    Unconfigured,
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

    /// The behaviour of a container. App Mesh's Envoy is live once it has its configuration from the control plane, which is gone with App Mesh, and
    /// knows none for what doesn't exist (App Mesh User Guide, "Envoy image": `APPMESH_RESOURCE_ARN`; "Troubleshooting": "Unable to connect to App Mesh
    /// Envoy management service").
    pub fn of_container(call: &Call<'_>, container: &Container) -> Self {
        let node = container.environment.get("APPMESH_RESOURCE_ARN");
        let configured = |arn: &String| {
            let path = arn.splitn(6, ':').nth(5).unwrap_or_default();
            call.options.app_mesh && call.world.appmesh.pieces.contains_key(path)
        };
        match node {
            Some(arn) if !configured(arn) => Behaviour::Unconfigured,
            _ => Behaviour::in_image(call, &container.image),
        }
    }

    /// Whether its health check never passes, though it runs.
    pub fn is_silent(self) -> bool {
        matches!(self, Behaviour::Unhealthy | Behaviour::Unconfigured)
    }

    /// What it writes while it starts.
    pub fn lines(self) -> &'static [&'static str] {
        match self {
            Behaviour::Well => &["starting", "listening on port 8080"],
            Behaviour::Exits => &["starting", "fatal: can't reach the ledger: connection refused"],
            Behaviour::Unconfigured => &["waiting for the App Mesh Envoy management service"],
            Behaviour::Unhealthy => &["starting", "GET /healthz 503: the ledger is not reachable"],
        }
    }
}

//! An environment on loopback: what platformctl generates for a configuration, and the addresses, names and certificates that AWS
//! would give it.

use std::{
    net::{Ipv4Addr, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::atomic::{AtomicU8, Ordering},
};

use platformctl::{
    blueprint::{self, Draft, Facts, Rotation},
    config::{self, EnvSuffix},
    engine::{Blueprint, Key},
    mesh::{Authority, AuthorityRequest, DataPlane, LeafRequest, LeafSecret, MeshModel},
};
use serde_json::Value;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

use super::{Task, dns::Dns, envoy, reaper::Reaper, task, tls::Identity};

/// The example configuration.
pub const EXAMPLE: &str = include_str!("../../../config/platform.toml");

/// The second number of all addresses; the third is the world's, the fourth the task's.
const NETWORK: u8 = 90;

/// A world of its own, gone with all its processes at the end of its test.
pub struct World {
    pub model: MeshModel,
    pub blueprint: Blueprint,
    pub dns: Dns,
    /// The environment's authority.
    pub authority: Authority,
    pub(super) reaper: Reaper,
    directory: TempDir,
    number: u8,
    next_task: AtomicU8,
}

/// How a task is started, where it is not as all others.
pub struct Launch<'a> {
    pub service: &'a str,
    /// Its certificate; else a new one of the environment's authority.
    pub secret: Option<LeafSecret>,
    /// Whether others find it by its service's name.
    pub registered: bool,
    /// Whether its keys are there from the start.
    pub keys: bool,
    /// Whether its application is there from the start.
    pub application: bool,
    /// A change of the generated bootstrap.
    pub change: fn(&mut Value),
    /// What it is started for, where that is another environment's idea of who calls whom.
    pub blueprint: Option<&'a Blueprint>,
}

impl<'a> Launch<'a> {
    /// As in production.
    pub fn of(service: &'a str) -> Self {
        let change = |_: &mut Value| {};
        let (registered, keys, application) = (true, true, true);
        Launch { service, secret: None, registered, keys, application, change, blueprint: None }
    }
}

/// The blueprint of a configuration with Envoy for its mesh, and who calls whom in it.
pub fn generate(text: &str) -> (Blueprint, MeshModel) {
    generate_for(text, DataPlane::Envoy)
}

/// The same for any data plane.
pub fn generate_for(text: &str, mesh: DataPlane) -> (Blueprint, MeshModel) {
    let config = config::parse("platform.toml", text).unwrap_or_else(|error| panic!("{error}"));
    let suffix = EnvSuffix::parse("dev").expect("a suffix");
    let facts = Facts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        zones: ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")),
        mesh,
        rotator: Default::default(),
        rotation: Rotation::default(),
    };
    let model = blueprint::mesh::model(&Draft::new(&config, &suffix, &facts));
    (blueprint::build(&config, &suffix, &facts), model)
}

/// The specification of a resource.
pub fn spec<'a>(blueprint: &'a Blueprint, kind: &str, name: &str) -> &'a Value {
    let key = Key::new(kind, name);
    &blueprint.get(&key).unwrap_or_else(|| panic!("{key} is not in the blueprint")).spec
}

/// A whole number of a specification.
fn days(spec: &Value) -> u16 {
    spec["days"].as_u64().and_then(|days| u16::try_from(days).ok()).expect("a number of days")
}

impl World {
    /// Of the example configuration.
    pub fn new() -> Self {
        Self::of(EXAMPLE)
    }

    /// Of the example with patience: for what is counted under load, where a machine that is busy with other things must not look
    /// like a mesh that fails.
    pub fn patient() -> Self {
        let text = EXAMPLE.replace("\nrequest_timeout_seconds = 5\n", "\nrequest_timeout_seconds = 90\n");
        assert_ne!(text, EXAMPLE);
        Self::of(&text.replace("\noutlier_ejection_seconds = 10\n", "\noutlier_ejection_seconds = 300\n"))
    }

    /// Of another one.
    pub fn of(text: &str) -> Self {
        let (blueprint, model) = generate(text);
        let (number, socket) = claim();
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o755)).expect("our own directory");
        let authority = new_authority(&blueprint, OffsetDateTime::now_utc());
        World {
            model,
            blueprint,
            dns: Dns::serve(socket),
            authority,
            reaper: Reaper::start(),
            directory,
            number,
            next_task: AtomicU8::new(0),
        }
    }

    /// Starts a task of each service, callees first, and waits until each is healthy.
    pub fn start<const N: usize>(&self, services: [&str; N]) -> [Task<'_>; N] {
        services.map(|service| self.launch(Launch::of(service)))
    }

    /// Starts a task and waits until it is healthy.
    pub fn launch(&self, launch: Launch<'_>) -> Task<'_> {
        let task = self.begin(launch);
        task.wait_healthy();
        task
    }

    /// Starts a task.
    pub fn begin(&self, launch: Launch<'_>) -> Task<'_> {
        let number = 10 + self.next_task.fetch_add(1, Ordering::SeqCst);
        let (address, loopback) = (self.address(number), self.address(number + 100));
        let secret = launch.secret.clone().unwrap_or_else(|| self.issue(launch.service));
        let directory = self.directory.path().join(format!("{}-{number}", launch.service));
        if launch.registered {
            self.dns.add(&self.model.host(launch.service), address);
        }
        task::begin(self, &launch, &secret, address, loopback, &directory)
    }

    fn address(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, NETWORK, self.number, last)
    }

    pub(super) fn envoy(&self) -> &'static Path {
        envoy::binary()
    }

    /// A new certificate for a service, as `up` issues it.
    pub fn issue(&self, service: &str) -> LeafSecret {
        self.issue_by(&self.authority, service, self.authority.cert_pem.clone(), OffsetDateTime::now_utc())
    }

    /// The same by any authority, with any trust, at any time.
    pub fn issue_by(&self, by: &Authority, service: &str, trusts: String, now: OffsetDateTime) -> LeafSecret {
        let days = self.blueprint.get(&Key::new("mesh-certificate", service)).map_or(30, |node| days(&node.spec));
        let leaf = by.issue(&LeafRequest::of(&self.model, service, days), now).expect("a leaf");
        LeafSecret::new(leaf, trusts)
    }

    /// A service's certificate as a client has it that is no sidecar.
    pub fn identity(&self, service: &str) -> Identity {
        identity(&self.issue(service), &self.authority)
    }

    /// One that ended yesterday, of an authority that is still valid.
    pub fn expired(&self, service: &str) -> (Authority, LeafSecret) {
        let now = OffsetDateTime::now_utc();
        let authority = new_authority(&self.blueprint, now - Duration::days(60));
        let secret = self.issue_by(&authority, service, authority.cert_pem.clone(), now - Duration::days(31));
        (authority, secret)
    }

    /// Another authority of the same names.
    pub fn other_authority(&self) -> Authority {
        new_authority(&self.blueprint, OffsetDateTime::now_utc())
    }
}

/// A certificate as a client has it that believes this authority.
pub fn identity(secret: &LeafSecret, authority: &Authority) -> Identity {
    Identity { pair: Some((secret.cert_chain.clone(), secret.private_key.clone())), trusts: authority.cert_pem.clone() }
}

/// What the environment's authority is made for.
pub fn authority_request(blueprint: &Blueprint) -> AuthorityRequest {
    let spec = spec(blueprint, "mesh-authority", "services");
    let text = |field: &str| spec[field].as_str().expect("a text").to_owned();
    AuthorityRequest { trust_domain: text("trust_domain"), namespace: text("namespace"), days: days(spec) }
}

fn new_authority(blueprint: &Blueprint, now: OffsetDateTime) -> Authority {
    Authority::create(&authority_request(blueprint), now).expect("an authority")
}

/// A number that no other world has, in this process or another: who has the name server's port has the number.
fn claim() -> (u8, UdpSocket) {
    let first = (std::process::id() % 250) as u8;
    (0..250)
        .map(|step| ((u16::from(first) + step) % 250) as u8)
        .find_map(|number| {
            let address = Ipv4Addr::new(127, NETWORK, number, 1);
            UdpSocket::bind((address, 5353)).ok().map(|socket| (number, socket))
        })
        .expect("one of 250 networks of loopback is free")
}

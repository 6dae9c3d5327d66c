//! What a status consists of: plain data, to be shown as tables or as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

pub use crate::aws::look::{
    alarms::AlarmStatus,
    balancing::TargetCounts,
    scaling::ScalingRange,
    secrets::SecretStatus,
    services::{DeploymentStatus, TaskCounts},
};
use crate::operation::{Leftover, rotate::Notice};

/// Which source a column or a section was read from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The recorded state.
    State,
    /// AWS, just now.
    Aws,
    /// The state where there is one, else AWS.
    StateOrAws,
    /// The configuration.
    Configuration,
}

impl Source {
    /// As it is shown over a column.
    pub fn title(self) -> &'static str {
        match self {
            Source::State => "state",
            Source::Aws => "AWS",
            Source::StateOrAws => "state or AWS",
            Source::Configuration => "configuration",
        }
    }
}

/// A field of [`ServiceStatus`] and where it comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Column {
    /// The field's name, as in the JSON.
    pub field: &'static str,
    /// The heading for people.
    pub title: &'static str,
    /// Where it comes from.
    pub source: Source,
}

const fn column(field: &'static str, title: &'static str, source: Source) -> Column {
    Column { field, title, source }
}

/// The columns of the table of services, in reading order.
pub const SERVICE_COLUMNS: [Column; 13] = [
    column("name", "service", Source::StateOrAws),
    column("status", "status", Source::Aws),
    column("tasks", "tasks", Source::Aws),
    column("blue", "blue", Source::Aws),
    column("green", "green", Source::Aws),
    column("serving", "serves", Source::Aws),
    column("deployment", "deployment", Source::Aws),
    column("image", "image", Source::Aws),
    column("revision", "revision", Source::Aws),
    column("scaling", "scaling", Source::Aws),
    column("certificate", "certificate", Source::StateOrAws),
    column("credentials", "credentials", Source::Aws),
    column("alarms", "alarms", Source::Aws),
];

/// How an environment fares. A section that could not be read is `None` or empty, and `problems` says why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusReport {
    /// Which environment it is.
    pub environment: EnvironmentStatus,
    /// False where neither the state nor AWS knows anything of the environment.
    pub exists: bool,
    /// One sentence for the whole: `everything is as the state says`, `nothing exists`, …
    pub summary: String,
    /// What the state says.
    pub state: StateStatus,
    /// What AWS shows of the environment, by kind: only where there is no state.
    pub found: Vec<FoundStatus>,
    /// The load balancer, where there is one.
    pub load_balancer: Option<LoadBalancerStatus>,
    /// Where each column of `services` comes from.
    pub columns: Vec<Column>,
    /// The services by name.
    pub services: Vec<ServiceStatus>,
    /// Alarms that belong to no service; those of services are with them.
    pub alarms: Option<AlarmsStatus>,
    /// Where the state and AWS don't agree; `None` where they were not compared.
    pub differences: Option<Vec<Difference>>,
    /// What is on its way out by itself, such as keys that wait for their deletion (AWS).
    pub doomed: Vec<Leftover>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Which environment it is, and where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EnvironmentStatus {
    /// Its suffix.
    pub suffix: String,
    /// Its random id: from the state, else from the tags on AWS.
    pub id: Option<String>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// The availability zones, from the state or the configuration.
    pub zones: Vec<String>,
    /// What carries the mesh: `app-mesh` or `envoy`; `None` while nothing has been chosen.
    pub mesh_provider: Option<String>,
    /// Why that provider.
    pub mesh_reason: Option<String>,
    /// A change of that provider that is to be made or is under way, and how far it is.
    pub mesh_change: Option<Notice>,
    /// The authority that issues the mesh's certificates.
    pub authority: Option<CertificateStatus>,
    /// What somebody should know of the certificates: a rotation under way, an end that nears, a setting that waits.
    pub certificates: Vec<Notice>,
}

/// What the state says.
#[derive(Clone, Debug, PartialEq, Default, Serialize)]
pub struct StateStatus {
    /// Where it is.
    pub path: String,
    /// False where there is none: what is shown of the environment was found by its tags and names then.
    pub present: bool,
    /// How often it has been compacted; 0 where there is none.
    pub serial: u64,
    /// Who is at work on the environment, if anybody is.
    pub locked_by: Option<String>,
    /// How many resources are recorded.
    pub resources: usize,
    /// The same by chapter, in reading order; chapters without resources are left out.
    pub chapters: Vec<ChapterStatus>,
    /// Replaced resources that still have to go.
    pub deposed: Vec<DeposedStatus>,
    /// What is odd about it.
    pub warning: Option<String>,
}

/// How many resources of a chapter there are, by the phase that they are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChapterStatus {
    /// The chapter.
    pub chapter: &'static str,
    /// All of them.
    pub resources: usize,
    /// By phase: `intended`, `created`, `ready`, `updating`, `deleting`; those that don't occur are left out.
    pub phases: BTreeMap<String, usize>,
}

/// How many resources of a kind AWS shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoundStatus {
    /// The kind.
    pub kind: String,
    /// How many of it.
    pub resources: usize,
}

/// A replaced resource that still has to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeposedStatus {
    /// The key that its successor bears.
    pub key: String,
    /// AWS's id.
    pub id: String,
}

/// The load balancer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoadBalancerStatus {
    /// Its name.
    pub name: String,
    /// `provisioning`, `active`, `active_impaired`, `failed` or `absent` (AWS).
    pub state: String,
    /// Its DNS name.
    pub address: Option<String>,
    /// The address of everything, with the scheme of the listener that the services are at.
    pub url: Option<String>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceStatus {
    /// Its name in the configuration.
    pub name: String,
    /// True where the configuration has it; one that has been removed is there until the next `up`.
    pub configured: bool,
    /// `ACTIVE`, `DRAINING`, or `absent` where ECS doesn't know it; `None` where it could not be read.
    pub status: Option<String>,
    /// Where it is reached from outside.
    pub url: Option<String>,
    /// Its tasks.
    pub tasks: Option<TaskCounts>,
    /// The blue target group.
    pub blue: Option<TargetCounts>,
    /// The green target group.
    pub green: Option<TargetCounts>,
    /// Who gets production traffic.
    pub serving: Option<Serving>,
    /// The deployment in progress, else the latest and its verdict.
    pub deployment: Option<DeploymentStatus>,
    /// The image of the application's container.
    pub image: Option<String>,
    /// The revision of the task definition, as `family:revision`.
    pub revision: Option<String>,
    /// The range that autoscaling moves the task count in.
    pub scaling: Option<ScalingRange>,
    /// The certificate of the mesh.
    pub certificate: Option<CertificateStatus>,
    /// The secret with that certificate, and when it is rotated.
    pub certificate_rotation: Option<SecretStatus>,
    /// The secret with the database credentials; `None` also where the service has none.
    pub credentials: Option<SecretStatus>,
    /// Its alarms.
    pub alarms: Option<AlarmsStatus>,
    /// The newest event that ECS tells of the service, with its time (RFC 3339).
    pub last_event: Option<String>,
}

/// Who gets production traffic, by the weights of the production rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Serving {
    /// `blue`, `green`, `both` during a shift, `neither`.
    pub color: &'static str,
    /// The blue group's weight.
    pub blue: i32,
    /// The green group's weight.
    pub green: i32,
}

/// How long a certificate is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateStatus {
    /// When it ends (RFC 3339).
    pub not_after: String,
    /// Whole days until then; negative once it has ended.
    pub days_left: i64,
}

/// Some alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlarmsStatus {
    /// How many there are.
    pub total: usize,
    /// How many don't have enough data to tell.
    pub without_data: usize,
    /// Those that are in alarm.
    pub in_alarm: Vec<AlarmStatus>,
}

/// Something that the state and AWS don't agree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The resource.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// What the state says.
    pub state: String,
    /// What AWS says.
    pub aws: String,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What was to be read.
    pub what: String,
    /// Why it could not be.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl ServiceStatus {
    /// True where everything that could be read of it is as it should be; nothing is said where nothing could be read.
    pub fn is_well(&self) -> bool {
        let runs = self.status.as_deref().is_none_or(|status| status == "ACTIVE");
        let counted = self.tasks.is_none_or(|tasks| tasks.running >= tasks.desired);
        let deployed = self.deployment.as_ref().is_none_or(|deployment| !deployment.failed);
        let quiet = self.alarms.as_ref().is_none_or(|alarms| alarms.in_alarm.is_empty());
        runs && counted && deployed && quiet && self.serves()
    }

    /// True unless the group that gets production traffic is known to have fewer healthy targets than tasks are wanted.
    fn serves(&self) -> bool {
        let group = match self.serving.as_ref().map(|serving| serving.color) {
            Some("blue") => self.blue,
            Some("green") => self.green,
            _ => return true,
        };
        let wanted = self.tasks.map_or(0, |tasks| usize::try_from(tasks.desired).unwrap_or(0));
        group.is_none_or(|group| group.healthy >= wanted)
    }
}

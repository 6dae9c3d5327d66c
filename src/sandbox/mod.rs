//! The simulated AWS: strict, with latency, asynchronous readiness and eventual consistency.
//!
//! The production clients run unchanged. An interceptor takes an operation's typed input before it is serialized and
//! hangs it on the request; the HTTP client of the sandbox receives the request, lets the latency pass, asks the
//! simulation and leaves the typed answer for the interceptor to put in place. No wire format is involved, and the
//! SDK's own time-outs and retries work as they do with AWS.
//!
//! ```text
//! client ── interceptor (typed input) ── http_client (latency, faults) ── engine (lock, limits, handler, disk)
//!        ◄─ interceptor (typed output or error) ◄──────────────────────── answer
//! ```
//!
//! # Adding a service
//! 1. `sandbox/<service>/` (or one file): a state struct (`Default + Serialize + Deserialize`) that implements
//!    [`Simulated`](world::Simulated) with what it holds, and `pub(super) fn register(registry: &mut Registry)`.
//! 2. One line in `world.rs` (`world! { … ec2: Ec2State, … }`), which gives the state a place in memory
//!    (`call.world.ec2`) and a file on disk.
//! 3. One line in `services.rs` that calls `register`.
//!
//! # Adding an operation
//! One handler, one line:
//!
//! ```text
//! operations!(registry, &EC2, aws_sdk_ec2, {
//!     create_vpc::CreateVpcError => vpc::create_vpc,   // "CreateVpc" is read off the error's name
//! });
//!
//! fn create_vpc(call: &mut Call<'_>, input: &CreateVpcInput) -> Result<CreateVpcOutput, ApiError> {
//!     let id = call.id("vpc");                                 // seeded, in the form of EC2
//!     let vpc = Vpc { created_at: call.now, … };
//!     call.world.ec2.vpcs.insert(id, vpc);                     // saved before the answer leaves
//!     Ok(CreateVpcOutput::builder()…build())
//! }
//! ```
//!
//! * **Check first, change last**: what a failing handler has changed stays changed.
//! * Every service's state is `call.world.<service>`, so foreign keys between services are plain look-ups; two services
//!   can be borrowed at once by their fields. Borrowing a state mutably marks its file for writing.
//! * Nothing runs in the background. States are computed from timestamps (`call.now >= created_at +
//!   call.durations().nat_available`). What must happen at a time of its own (a task that registers itself) is done
//!   by a hook that runs before each call: `registry.before_each_call(advance)`.
//! * Errors: [`ApiError::new`](error::ApiError::new) with AWS's own code and message. Name AWS's source of each rule in
//!   a short comment.
//! * Eventual consistency: `call.visible(created_at)`. Lists: [`paging::page`].
//! * Inputs that cannot be cloned (S3 bodies): [`Registry::add_with`](registry::Registry::add_with).
//! * Reading operations are told from changing ones by their name (`Describe…`, `Get…`, `List…`): see `registry.rs`.
//!
//! # Using it
//! ```text
//! let sandbox = Sandbox::open(SandboxOptions::in_memory())?;
//! let config = aws_sdk_ec2::config::Builder::from(&sandbox.sdk_config()).interceptor(sandbox.interceptor()).build();
//! let ec2 = aws_sdk_ec2::Client::from_conf(config);
//! ```
//! In tests: `#[tokio::test(start_paused = true)]`, and everything happens in virtual time. At the prompt:
//! [`pace::run_paced`].

pub mod appmesh;
pub mod autoscaling;
mod browse;
pub mod call;
pub mod clock;
pub mod cloudwatch;
mod connector;
mod disk;
pub mod durations;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elbv2;
mod engine;
pub mod error;
pub mod fault;
pub mod iam;
mod in_flight;
mod interceptor;
pub mod kms;
mod lag;
pub mod lambda;
mod late;
pub mod logs;
pub mod options;
pub mod pace;
pub mod paging;
pub mod permissions;
pub mod quotas;
pub mod rds;
mod refusal;
pub mod registry;
pub mod s3;
pub mod secretsmanager;
pub mod servicediscovery;
mod servicequotas;
mod services;
pub mod sns;
mod sts;
mod tag_rules;
mod tagging;
#[cfg(test)]
pub(crate) mod tests;
pub mod throttle;
pub mod web;
pub mod world;

pub use durations::Durations;
pub use engine::{CallRecord, Outcome, Sandbox};
pub use error::SandboxError;
pub use fault::{CallInfo, Failure, Fault, FaultPlan, plans};
pub use interceptor::SandboxInterceptor;
pub use options::SandboxOptions;

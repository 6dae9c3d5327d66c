//! The sandbox: takes calls, lets the registered handlers answer them, keeps the account.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::context::Output;
use aws_types::SdkConfig;
use aws_types::region::Region;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::Notify;

use super::call::{self, Call};
use super::clock::{Clock, Moment};
use super::connector::SandboxHttpClient;
use super::disk::Disk;
use super::error::{ApiError, SandboxError};
use super::fault::{CallInfo, Fault};
use super::iam::policy::Policy;
use super::in_flight::Sent;
use super::interceptor::{Question, SandboxInterceptor};
use super::lag::Lag;
use super::options::SandboxOptions;
use super::refusal;
use super::registry::{Kept, Operation, Registry};
use super::secretsmanager;
use super::services;
use super::throttle::Bucket;
use super::world::{Place, World};

/// How a call ended, as the client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not yet, or never.
    Unanswered,
    /// With its output.
    Done,
    /// With an error of that code.
    Refused(String),
    /// With a broken connection.
    Lost,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRecord {
    /// `ec2`, …
    pub service: &'static str,
    /// `CreateVpc`, …
    pub operation: &'static str,
    /// When it was sent.
    pub at: Moment,
    /// Whether it is one that changes something.
    pub mutating: bool,
    /// How it ended.
    pub outcome: Outcome,
}

/// The simulated AWS. Clones are the same account.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    options: SandboxOptions,
    place: Place,
    registry: Registry,
    engine: Mutex<Engine>,
    death: Notify,
}

struct Engine {
    world: World,
    clock: Clock,
    random: ChaCha8Rng,
    disk: Option<Disk>,
    buckets: HashMap<(&'static str, bool), Bucket>,
    calls: Vec<CallRecord>,
    mutating_calls: usize,
    in_flight: BTreeMap<usize, Sent>,
    is_dead: bool,
    lag: Option<Lag>,
    policy: Option<Arc<Policy>>,
}

impl Sandbox {
    /// Opens a simulated account; inside the tokio runtime whose clock it shall follow.
    ///
    /// # Errors
    /// If its directory cannot be used or belongs to another account.
    pub fn open(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
        let place = Place { account: options.account.clone(), region: options.region.clone() };
        let disk = options.directory.as_deref().map(Disk::open).transpose()?;
        let continued = disk.as_ref().map(|disk| disk.time(&place)).transpose()?.flatten();
        let start = continued.or(options.start).unwrap_or_else(Moment::wall);
        let engine = Engine {
            world: World::default(),
            clock: Clock::starting_at(start),
            random: ChaCha8Rng::seed_from_u64(options.seed),
            disk,
            buckets: HashMap::new(),
            calls: Vec::new(),
            mutating_calls: 0,
            in_flight: BTreeMap::new(),
            is_dead: false,
            lag: None,
            policy: None,
        };
        let sandbox = Sandbox {
            shared: Arc::new(Shared {
                options,
                place,
                registry: services::registry(),
                engine: Mutex::new(engine),
                death: Notify::new(),
            }),
        };
        sandbox.look(|_| ())?;
        Ok(sandbox)
    }

    /// Configuration for the SDK's clients. Each client also needs [`Sandbox::interceptor`].
    pub fn sdk_config(&self) -> SdkConfig {
        let credentials = Credentials::new("AKIASANDBOXSANDBOX00", "sandbox", None, None, "sandbox");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new(self.shared.place.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(TokioSleep::new())
            .time_source(self.client_clock())
            .http_client(self.http_client())
            .build()
    }

    /// The HTTP client whose far end is the simulation.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(SandboxHttpClient::new(self.clone()))
    }

    /// The interceptor that every client of this sandbox needs.
    pub fn interceptor(&self) -> SandboxInterceptor {
        SandboxInterceptor::new(self.clone())
    }

    /// What this sandbox is like.
    pub fn options(&self) -> &SandboxOptions {
        &self.shared.options
    }

    /// Simulated now.
    pub fn now(&self) -> Moment {
        self.engine().clock.now()
    }

    /// All calls of this process, in the order in which they were sent.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.engine().calls.clone()
    }

    /// Everything that exists, one `kind id` each, sorted.
    ///
    /// # Errors
    /// If the sandbox's directory cannot be read.
    pub fn inventory(&self) -> Result<Vec<String>, SandboxError> {
        self.look(|call| {
            let items = call.world.inventory(call.now, call.place);
            let mut lines: Vec<String> = items.iter().map(|item| format!("{} {}", item.kind, item.id)).collect();
            lines.sort();
            lines
        })
    }

    /// Looks at the account, or changes it behind everyone's back, outside of any call.
    ///
    /// # Errors
    /// If the sandbox's directory cannot be read or written.
    pub fn look<R>(&self, visit: impl FnOnce(&mut Call<'_>) -> R) -> Result<R, SandboxError> {
        let mut engine = self.engine();
        engine.transaction(&self.shared, visit)
    }

    pub(super) fn find(&self, sdk_id: &str, operation: &str) -> Option<Arc<Operation>> {
        self.shared.registry.find(sdk_id, operation)
    }

    /// The clock that the client sees: AWS's, or one that is off.
    fn client_clock(&self) -> SharedTimeSource {
        let clock = self.engine().clock.clone();
        match self.shared.options.clock_skew {
            0 => SharedTimeSource::new(clock),
            skew => SharedTimeSource::new(Skewed { clock, seconds: skew }),
        }
    }

    /// Notes that a call was sent: its position in the list of calls, and its fate.
    pub(super) fn sent(&self, question: &Question) -> (usize, Fault) {
        let operation = &question.operation;
        let mut engine = self.engine();
        let index = engine.calls.len();
        let mutating_index = operation.mutating.then_some(engine.mutating_calls);
        engine.mutating_calls += usize::from(operation.mutating);
        let (service, name, at) = (operation.service.name, operation.name, engine.clock.now());
        engine.calls.push(CallRecord {
            service,
            operation: name,
            at,
            mutating: operation.mutating,
            outcome: Outcome::Unanswered,
        });
        engine.in_flight.insert(index, Sent { operation: operation.clone(), input: question.input.clone() });
        drop(engine);
        let info = CallInfo { index, mutating_index, service, operation: name };
        let fault = self.shared.options.faults.as_ref().map_or(Fault::None, |plan| plan.decide(&info));
        (index, fault)
    }

    /// Notes that something of the web was asked for: as [`Sandbox::sent`].
    pub(super) fn browsed(&self) -> (usize, Fault) {
        let (service, operation) = ("web", "Get");
        let mut engine = self.engine();
        let (index, at) = (engine.calls.len(), engine.clock.now());
        engine.calls.push(CallRecord { service, operation, at, mutating: false, outcome: Outcome::Unanswered });
        drop(engine);
        let info = CallInfo { index, mutating_index: None, service, operation };
        let fault = self.shared.options.faults.as_ref().map_or(Fault::None, |plan| plan.decide(&info));
        (index, fault)
    }

    /// Notes that a call is not under way any more: it arrived, or never will.
    pub(super) fn landed(&self, index: usize) {
        self.engine().in_flight.remove(&index);
    }

    /// Lets the process under test die.
    pub(super) fn kill(&self) {
        self.engine().is_dead = true;
        self.shared.death.notify_one();
    }

    /// True between a death and the restart.
    pub(super) fn is_dead(&self) -> bool {
        self.engine().is_dead
    }

    pub(super) fn death(&self) -> &Notify {
        &self.shared.death
    }

    /// Ends the death; gives what was under way, in the order of sending.
    pub(super) fn revive(&self) -> Vec<Sent> {
        let mut engine = self.engine();
        engine.is_dead = false;
        std::mem::take(&mut engine.in_flight).into_values().collect()
    }

    /// From now on the service's next reading calls see what is there now.
    pub(super) fn lag(&self, operation: &Operation, reads: u32) -> Result<(), SandboxError> {
        let mut engine = self.engine();
        let lag = Lag::from_now(&mut engine.world, operation, reads)?;
        engine.lag = lag;
        Ok(())
    }

    /// Notes how a call ended.
    pub(super) fn ended(&self, index: usize, outcome: Outcome) {
        if let Some(record) = self.engine().calls.get_mut(index) {
            record.outcome = outcome;
        }
    }

    /// Acts on a call. What it changed is on disk when this returns.
    pub(super) fn act(&self, operation: &Operation, input: &Kept) -> Result<Result<Output, ApiError>, SandboxError> {
        let mut engine = self.engine();
        if self.shared.options.rate_limits && !engine.admit(operation) {
            return Ok(Err(refusal::throttled(operation)));
        }
        let mut lag = engine.lag.take();
        let covered = lag.as_mut().is_some_and(|lag| lag.covers(operation));
        let result = match lag.as_ref().filter(|_| covered) {
            None => engine.transaction(&self.shared, |call| operation.handle(call, input)),
            Some(lag) => engine
                .transaction(&self.shared, |call| lag.through(call, |call| operation.handle(call, input)))
                .flatten(),
        };
        engine.lag = lag;
        result
    }

    pub(super) fn set_policy(&self, policy: Option<Policy>) {
        self.engine().policy = policy.map(Arc::new);
    }

    /// The caller's policy, if there is one.
    pub(super) fn policy(&self) -> Option<Arc<Policy>> {
        self.engine().policy.clone()
    }

    /// Random bytes, as many as a short answer has.
    pub(super) fn garbage(&self) -> Vec<u8> {
        let mut bytes = vec![0; 200];
        self.engine().random.fill_bytes(&mut bytes);
        bytes
    }

    pub(super) fn request_id(&self) -> String {
        call::uuid(&mut self.engine().random)
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        // A handler that panicked has failed its own test; the others may go on.
        self.shared.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Sandbox").field(&self.shared.options).finish()
    }
}

/// A client's clock that is off.
#[derive(Debug)]
struct Skewed {
    clock: Clock,
    seconds: i64,
}

impl TimeSource for Skewed {
    fn now(&self) -> SystemTime {
        let time = TimeSource::now(&self.clock);
        let off = Duration::from_secs(self.seconds.unsigned_abs());
        if self.seconds < 0 { time - off } else { time + off }
    }
}

impl Engine {
    fn admit(&mut self, operation: &Operation) -> bool {
        let limits = &operation.service.limits;
        let rate = if operation.mutating { limits.changing } else { limits.reading };
        let now = self.clock.now();
        let bucket =
            self.buckets.entry((operation.service.name, operation.mutating)).or_insert_with(|| Bucket::full(rate, now));
        bucket.take(rate, now)
    }

    fn transaction<R>(&mut self, shared: &Shared, act: impl FnOnce(&mut Call<'_>) -> R) -> Result<R, SandboxError> {
        let begin = |disk: &mut Disk| disk.begin(&mut self.world, &mut self.clock);
        let _held = self.disk.as_mut().map(begin).transpose()?;
        let now = self.clock.now();
        let mut call = Call {
            world: &mut self.world,
            now,
            options: &shared.options,
            place: &shared.place,
            random: &mut self.random,
        };
        // What a rotation does, it does when its time comes, and meets everything else as it was then.
        while let Some((at, secret)) = secretsmanager::due(&call).filter(|(at, _)| *at <= now) {
            call.now = at;
            shared.registry.advance(&mut call);
            secretsmanager::step(&mut call, &secret);
        }
        call.now = now;
        shared.registry.advance(&mut call);
        let result = act(&mut call);
        if let Some(disk) = &mut self.disk {
            disk.commit(&mut self.world, now, &shared.place)?;
        }
        Ok(result)
    }
}

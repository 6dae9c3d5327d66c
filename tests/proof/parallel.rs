//! Twenty environments at once, under the account's rate limits.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use futures::future::join_all;
use platformctl::{
    aws::Connection,
    config::{self, EnvSuffix},
    engine::{Interrupt, event::Silent},
    operation::{self, Intention, Workspace},
    sandbox::{Outcome, Sandbox, SandboxOptions},
};

use crate::{
    configs,
    fork::STATE,
    lab::in_virtual_time,
    report::Report,
    sweep::{amount, seed},
};

const ENVIRONMENTS: [u64; 3] = [3, 20, 20];

/// An account with room for all of them: quotas are raised, rates are not.
fn account() -> Sandbox {
    let quotas = ["L-F678F1CE", "L-0263D0A3", "L-A4707A72", "L-FE5A380F", "L-3032A538", "L-36FBB829", "L-53DA6B97"];
    let quotas = quotas.into_iter().map(|code| (code.to_owned(), 10_000.0)).collect();
    Sandbox::open(SandboxOptions { quotas, seed: seed(), ..SandboxOptions::in_memory() }).expect("a sandbox")
}

/// Carries one environment to what is intended; a failed step is run again, as a person would.
async fn carry(sandbox: &Sandbox, suffix: &str, intention: Intention) -> Result<(), String> {
    let text = |error: operation::OperationError| error.to_string();
    let config = config::parse("platform.toml", &configs::small()).expect("a configuration");
    let connection = Connection {
        config: sandbox.sdk_config(),
        http: sandbox.http_client(),
        interceptor: Some(SharedInterceptor::new(sandbox.interceptor())),
    };
    let suffix = EnvSuffix::parse(suffix).expect("a suffix");
    let workspace = Workspace::open(config, suffix, &connection, Path::new(STATE)).await.map_err(text)?;
    let prepared = operation::prepare(&workspace, intention).await.map_err(text)?;
    let outcome = operation::apply(&workspace, &prepared, &Silent, &Interrupt::default()).await.map_err(text)?;
    if outcome.is_complete() {
        if intention == Intention::Destroy {
            operation::sweep(&workspace, &prepared, &Interrupt::default()).await.map_err(text)?;
        }
        return Ok(());
    }
    let failed: Vec<String> = outcome.failed.iter().map(|(key, failure)| format!("{key}: {failure}")).collect();
    Err(format!("{}: {failed:?}", workspace.suffix))
}

/// All of them at once: how long it takes, how often AWS said "too many calls", what failed.
async fn all(sandbox: &Sandbox, count: usize, intention: Intention) -> (Duration, Vec<String>) {
    let start = tokio::time::Instant::now();
    let runs = (0..count).map(|number| async move { carry(sandbox, &format!("pr-{number}"), intention).await });
    let failures = join_all(runs).await.into_iter().filter_map(Result::err).collect();
    (start.elapsed(), failures)
}

pub fn parallel() -> Report {
    let start = Instant::now();
    let _pool = crate::fork::Pool::new(1);
    let count = amount("PROOF_ENVIRONMENTS", ENVIRONMENTS) as usize;
    let mut report = Report { scenarios: count, ..Report::default() };
    in_virtual_time(async {
        let alone = account();
        let (up_alone, failures) = all(&alone, 1, Intention::Up).await;
        report.failures.extend(failures.into_iter().map(|failure| ("one environment, up".to_owned(), failure)));
        let (down_alone, failures) = all(&alone, 1, Intention::Destroy).await;
        report.failures.extend(failures.into_iter().map(|failure| ("one environment, down".to_owned(), failure)));

        let shared = Arc::new(account());
        let before = shared.inventory().expect("readable");
        let (up, failures) = all(&shared, count, Intention::Up).await;
        report.failures.extend(failures.into_iter().map(|failure| ("all environments, up".to_owned(), failure)));
        let (down, failures) = all(&shared, count, Intention::Destroy).await;
        report.failures.extend(failures.into_iter().map(|failure| ("all environments, down".to_owned(), failure)));
        let after = shared.inventory().expect("readable");
        if after != before {
            report.failures.push(("all environments".to_owned(), format!("left: {after:?}")));
        }
        let throttled = shared.calls().iter().filter(|call| is_throttled(&call.outcome)).count();
        let ratio = |many: Duration, one: Duration| {
            format!("{:.0} s, {:.1} times one alone", many.as_secs_f64(), many.as_secs_f64() / one.as_secs_f64())
        };
        report.figures.insert("up".to_owned(), ratio(up, up_alone));
        report.figures.insert("down".to_owned(), ratio(down, down_alone));
        report.figures.insert("throttled calls".to_owned(), format!("{throttled} of {}", shared.calls().len()));
    });
    report.wall = start.elapsed();
    report
}

fn is_throttled(outcome: &Outcome) -> bool {
    let codes = ["Throttl", "RequestLimitExceeded", "TooManyRequests", "SlowDown"];
    matches!(outcome, Outcome::Refused(code) if codes.iter().any(|part| code.contains(part)))
}

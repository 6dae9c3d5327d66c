//! Random configurations live and die; random bytes are an error, never a panic.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Instant,
};

use platformctl::{
    config,
    operation::Intention,
    sandbox::{CallInfo, Failure, Fault, FaultPlan},
    state::{Journal, Store},
};
use proptest::{
    collection::vec,
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    check, configs,
    fork::{self, Pool, STATE, Side, Verdict},
    lab::{End, Lab, SUFFIX, in_virtual_time},
    report::Report,
    sweep::{amount, jobs, seed},
};

/// Pairs of configurations, and tries of random bytes.
const PAIRS: [u64; 3] = [1, 12, 40];
const BYTES: [u64; 3] = [1000, 2500, 20_000];

/// A service's lines.
fn service(index: usize) -> impl Strategy<Value = String> {
    let capacity = prop_oneof![Just((512, 1024)), Just((1024, 2048)), Just((1024, 4096)), Just((2048, 4096))];
    let scaling = (2..5u32, 5..20u32, 30..90u32, 200..3000u32, 0..3u32);
    let extras = (any::<bool>(), proptest::option::of(any::<bool>()), any::<bool>(), 0..4u32, 2..120u32);
    (capacity, scaling, extras, 1024..15000u16, vec(any::<bool>(), 4)).prop_map(
        move |(
            (cpu, memory),
            (min, max, cpu_target, requests, base),
            (bucket, table, secret, bake, stop),
            port,
            calls,
        )| {
            let mut text = format!("[services.s{index}]\ncpu = {cpu}\nmemory = {memory}\nport = {port}\n");
            let called: Vec<String> = calls
                .iter()
                .enumerate()
                .filter(|(other, calls)| **calls && *other > index)
                .map(|(other, _)| format!("\"s{other}\""))
                .collect();
            let _ = writeln!(text, "calls = [CALLS {}]", called.join(", "));
            let _ = writeln!(text, "min_tasks = {min}\nmax_tasks = {max}\ncpu_target_percent = {cpu_target}");
            let _ = writeln!(text, "requests_per_task = {requests}\non_demand_base = {base}\nbake_minutes = {bake}");
            let _ = writeln!(text, "stop_timeout_seconds = {stop}\nbucket = {bucket}\ncredentials = {secret}");
            if let Some(sorted) = table {
                let sort = if sorted { ", sort_key = \"at\"" } else { "" };
                let _ = writeln!(text, "table = {{ partition_key = \"id\"{sort} }}");
            }
            text
        },
    )
}

/// A whole configuration with one to three services.
fn configuration() -> impl Strategy<Value = String> {
    let head = (prop_oneof![Just("per-zone"), Just("single")], any::<bool>(), 30..120u32, any::<bool>());
    (1..4usize, head, service(0), service(1), service(2)).prop_map(
        |(count, (nat, logs, timeout, exec), one, two, three)| {
            let services: Vec<String> = [one, two, three].into_iter().take(count).collect();
            let mut text = format!(
                "[platform]\nteam = \"platform\"\ncost_center = \"cc-1\"\n[network]\nnat = \"{nat}\"\n[ingress]\n\
             access_logs = {logs}\nidle_timeout_seconds = {timeout}\n[cluster]\nexecute_command = {exec}\n"
            );
            for service in services {
                let missing = (count..4).fold(service, |text, absent| text.replace(&format!("\"s{absent}\""), ""));
                let line = missing.lines().map(|line| match line.strip_prefix("calls = [CALLS ") {
                    Some(list) => {
                        let names: Vec<&str> = list
                            .trim_end_matches(']')
                            .split(',')
                            .map(str::trim)
                            .filter(|name| !name.is_empty())
                            .collect();
                        format!("calls = [{}]", names.join(", "))
                    }
                    None => line.to_owned(),
                });
                text.push_str(&line.collect::<Vec<_>>().join("\n"));
                text.push('\n');
            }
            text
        },
    )
}

pub fn configurations() -> Report {
    let start = Instant::now();
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut report = Report::default();
    for pair in 0..amount("PROOF_CONFIGURATIONS", PAIRS) {
        let mut draw = || configuration().new_tree(&mut runner).expect("a configuration").current();
        let (first, second) = (draw(), draw());
        if pool.lock().expect("one thread").fork(&format!("pair {pair} of seed {}", seed())) == Side::Copy {
            let failure = in_virtual_time(live(&first, &second)).err();
            let failure = failure.map(|failure| format!("{failure}\nfirst:\n{first}\nsecond:\n{second}"));
            fork::end(&Verdict { failure, ..Verdict::default() });
        }
    }
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += 1;
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    }
    report.figures.insert("seed".to_owned(), seed().to_string());
    report.wall = start.elapsed();
    report
}

async fn live(first: &str, second: &str) -> Result<(), String> {
    let quotas = [("L-3032A538".to_owned(), 1000.0), ("L-36FBB829".to_owned(), 1000.0)].into();
    let options = platformctl::sandbox::SandboxOptions { quotas, ..platformctl::sandbox::SandboxOptions::in_memory() };
    let lab = Lab::with(platformctl::sandbox::SandboxOptions { seed: seed(), ..options });
    for config in [first, second] {
        config::parse("platform.toml", config).map_err(|error| format!("refused: {error}"))?;
        done(lab.run(config, Intention::Up).await, false)?;
        done(lab.run(config, Intention::Up).await, true)?;
        check::no_secret(&lab)?;
    }
    done(lab.run(second, Intention::Destroy).await, false)?;
    check::nothing_left(&lab, &[])
}

fn done(end: End, idle: bool) -> Result<(), String> {
    match end {
        End::Ran(ran) if idle && !ran.planned.is_empty() => Err(format!("the plan is not empty: {:#?}", ran.planned)),
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => Ok(()),
        end => Err(end.text()),
    }
}

/// Answers one call with random bytes.
struct Garbage(usize);

impl FaultPlan for Garbage {
    fn decide(&self, call: &CallInfo) -> Fault {
        if call.index == self.0 { Fault::AfterAct(Failure::Garbled) } else { Fault::None }
    }
}

/// Random bytes as configuration, state and answers.
pub fn bytes() -> Report {
    let start = Instant::now();
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let mut report = Report::default();
    let tries = amount("PROOF_BYTES", BYTES);
    let small = configs::small();
    let mut random = ChaCha8Rng::seed_from_u64(seed());

    // A copy, since a panic is what is looked for.
    if pool.lock().expect("one thread").fork("random bytes as configuration") == Side::Copy {
        for _ in 0..tries {
            let text = spoil(small.as_bytes(), &mut random);
            let _ = config::parse("platform.toml", &String::from_utf8_lossy(&text));
        }
        fork::end(&Verdict { inner: tries as usize, ..Verdict::default() });
    }
    if pool.lock().expect("one thread").fork("random bytes as state") == Side::Copy {
        let failure = in_virtual_time(spoilt_state(&small, tries, &mut random)).err();
        fork::end(&Verdict { failure, inner: tries as usize, ..Verdict::default() });
    }
    // One answer in a whole life is garbage.
    let step = amount("PROOF_STEP", [170, 12, 1]) as usize;
    let calls = (0..600).step_by(step);
    for call in calls {
        if pool.lock().expect("one thread").fork(&format!("call {call} answered with random bytes")) == Side::Copy {
            let failure = in_virtual_time(garbled(&small, call)).err();
            fork::end(&Verdict { failure, inner: 1, ..Verdict::default() });
        }
    }
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += verdict.inner;
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    }
    report.figures.insert("seed".to_owned(), seed().to_string());
    report.wall = start.elapsed();
    report
}

async fn garbled(config: &str, call: usize) -> Result<(), String> {
    let lab = Lab::new(seed(), Some(Arc::new(Garbage(call))));
    for intention in [Intention::Up, Intention::Destroy] {
        let mut ends = Vec::new();
        loop {
            match lab.run(config, intention).await {
                End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => break,
                end => ends.push(end.text()),
            }
            if ends.len() > 2 {
                return Err(format!("{ends:#?}"));
            }
        }
    }
    check::nothing_left(&lab, &[])
}

/// Bytes of a state changed at random: read as something, or refused with a remedy.
async fn spoilt_state(config: &str, tries: u64, random: &mut ChaCha8Rng) -> Result<(), String> {
    let lab = Lab::new(seed(), None);
    done(lab.run(config, Intention::Up).await, false)?;
    let store = Store::new(STATE.as_ref(), SUFFIX);
    let whole = std::fs::read(store.journal()).map_err(|error| error.to_string())?;
    for _ in 0..tries / 10 {
        std::fs::write(store.journal(), spoil(&whole, random)).map_err(|error| error.to_string())?;
        if let Err(error) = Journal::read(&store.journal())
            && error.remedy().is_empty()
        {
            return Err(format!("no remedy: {error}"));
        }
    }
    Ok(())
}

/// Random bytes, or some bytes of something real changed, cut or doubled.
fn spoil(real: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    if random.random_bool(0.2) {
        let mut bytes = vec![0; random.random_range(0..400)];
        random.fill_bytes(&mut bytes);
        return bytes;
    }
    let mut bytes = real.to_vec();
    for _ in 0..random.random_range(1..6) {
        if bytes.is_empty() {
            break;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..4) {
            0 => bytes[at] = random.random(),
            1 => bytes.truncate(at),
            2 => {
                let end = (at + random.random_range(0..40)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + random.random_range(0..40)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

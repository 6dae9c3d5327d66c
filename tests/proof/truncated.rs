//! The state cut off at every byte of its end, while it grows and when it is whole.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Instant,
};

use platformctl::{
    engine::Action,
    operation::{self, Intention},
    sandbox::{CallInfo, Failure, Fault, FaultPlan},
    state::{Loaded, Store},
};

use crate::{
    check::{self, Shape},
    configs,
    fork::{self, Pool, STATE, Side, Verdict},
    lab::{End, Lab, SUFFIX, in_virtual_time},
    report::Report,
    sweep::{Level, jobs, level, seed},
};

/// So many bytes are cut off, one by one.
const TAIL: usize = 4096;

/// Kills at changing calls of these numbers, each in a copy.
struct KillAt {
    pool: Arc<Mutex<Pool>>,
    calls: Vec<usize>,
    is_copy: Mutex<bool>,
}

impl FaultPlan for KillAt {
    fn decide(&self, call: &CallInfo) -> Fault {
        let mut is_copy = self.is_copy.lock().expect("one thread");
        if *is_copy || !call.mutating_index.is_some_and(|index| self.calls.contains(&index)) {
            return Fault::None;
        }
        let label = format!("state cut, death at call {}", call.mutating_index.unwrap_or_default());
        if self.pool.lock().expect("one thread").fork(&label) == Side::Original {
            return Fault::None;
        }
        *is_copy = true;
        Fault::AfterAct(Failure::Dies)
    }
}

/// The changing calls at which it dies.
fn moments() -> Vec<usize> {
    match level() {
        Level::Quick => vec![60],
        Level::Ci => vec![12, 60, 110],
        Level::Whole => (5..170).step_by(15).collect(),
    }
}

/// Dies at several moments of `up`, and cuts the state there.
pub fn truncated() -> Report {
    let start = Instant::now();
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let plan = Arc::new(KillAt { pool: pool.clone(), calls: moments(), is_copy: Mutex::new(false) });
    let small = configs::small();
    let mut report = Report::default();
    let result = in_virtual_time(async {
        let lab = Lab::new(seed(), None);
        match lab.run(&small, Intention::Up).await {
            End::Ran(ran) if ran.outcome.is_complete() => {}
            end => return Err(end.text()),
        }
        let shape = Shape::of(&lab);
        check::forget();
        let lab = Lab::new(seed(), Some(plan.clone()));
        let end = lab.run(&small, Intention::Up).await;
        let is_copy = *plan.is_copy.lock().expect("one thread");
        match end {
            End::Died if is_copy => lab.sandbox.restart(),
            End::Ran(ran) if ran.outcome.is_complete() && !is_copy => {}
            end => return Err(end.text()),
        }
        let copies = pool.lock().expect("one thread").finish();
        let verdict = cut(&lab, &pool, &small, &shape).await;
        if is_copy {
            fork::end(&verdict)
        }
        Ok(copies.into_iter().chain([("state cut, whole".to_owned(), verdict)]).collect::<Vec<_>>())
    });
    match result {
        Ok(verdicts) => verdicts.into_iter().for_each(|(label, verdict)| take(&mut report, label, verdict)),
        Err(failure) => report.failures.push(("state cut".to_owned(), failure)),
    }
    report.wall = start.elapsed();
    report
}

fn take(report: &mut Report, label: String, verdict: Verdict) {
    report.scenarios += verdict.inner;
    report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    report.failures.extend(verdict.inner_failures);
    let bytes: usize = report.figures.get("bytes").and_then(|text| text.parse().ok()).unwrap_or_default();
    report.figures.insert("bytes".to_owned(), (bytes + verdict.runs).to_string());
}

/// Cuts byte by byte. What the cuts lead to differs only from line to line, so each outcome is played to its end once.
async fn cut(lab: &Lab, pool: &Arc<Mutex<Pool>>, config: &str, shape: &Shape) -> Verdict {
    let path = journal();
    let whole = fs::read(&path).expect("a journal");
    let first = whole.len().saturating_sub(TAIL);
    let mut verdict = Verdict::default();
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    // Read from its first line on for each line, and for each byte with only its header before what is cut: that spares parsing all that comes
    // before over and over.
    let ends = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let header = whole.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let begin = whole[..first].iter().rposition(|byte| *byte == b'\n').map_or(header, |end| end + 1).max(header);
    let mut lines = usize::MAX;
    for length in first.max(header)..whole.len() {
        let is_new = ends(&whole[..length]) != lines;
        lines = ends(&whole[..length]);
        let shown = if is_new { whole[..length].to_vec() } else { [&whole[..header], &whole[begin..length]].concat() };
        fs::write(&path, shown).expect("cut");
        match load() {
            Ok(Some(loaded)) if is_new => {
                outcomes.insert(serde_json::to_string(&loaded.book).expect("plain data"), length);
            }
            Ok(Some(_)) => {}
            Ok(None) => verdict.failure = Some(format!("cut at byte {length}: read as no state at all")),
            Err(error) if error.remedy().is_empty() => {
                verdict.failure = Some(format!("cut at byte {length}: no remedy: {error}"));
            }
            Err(_) => {}
        }
        verdict.runs += 1;
    }
    // In everyday use a few of them.
    let step = if level() == Level::Quick { outcomes.len().div_ceil(2).max(1) } else { 1 };
    for (_, length) in outcomes.into_iter().step_by(step) {
        let label = format!("state cut to {length} of {} bytes", whole.len());
        if pool.lock().expect("one thread").fork(&label) == Side::Copy {
            fs::write(journal(), &whole[..length]).expect("cut");
            let failure = after_cut(lab, config, shape).await.err();
            fork::end(&Verdict { failure, ..Verdict::default() });
        }
    }
    let inner = pool.lock().expect("one thread").finish();
    verdict.inner = inner.len();
    verdict.inner_failures =
        inner.into_iter().filter_map(|(label, verdict)| verdict.failure.map(|failure| (label, failure))).collect();
    verdict
}

/// Nothing is deleted for want of memory; `up` ends where it would have, and `destroy` leaves nothing.
async fn after_cut(lab: &Lab, config: &str, shape: &Shape) -> Result<(), String> {
    let workspace = lab.workspace(config).await.map_err(|error| error.to_string())?;
    let prepared = operation::prepare(&workspace, Intention::Plan).await.map_err(|error| error.to_string())?;
    let wrong = prepared.plan.steps.iter().find(|step| matches!(step.action, Action::Delete | Action::Replace));
    if let Some(step) = wrong {
        return Err(format!("plans to {:?} {}: {:?}", step.action, step.key, step.reason));
    }
    drop(prepared);
    match lab.run(config, Intention::Up).await {
        End::Ran(ran) if ran.outcome.is_complete() => {}
        end => return Err(end.text()),
    }
    check::settled(lab, config, shape).await?;
    match lab.run(config, Intention::Destroy).await {
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => check::nothing_left(lab, &[]),
        end => Err(end.text()),
    }
}

fn journal() -> PathBuf {
    PathBuf::from(STATE).join(SUFFIX).join("journal.jsonl")
}

fn load() -> Result<Option<Loaded>, platformctl::state::StateError> {
    Store::new(STATE.as_ref(), SUFFIX).load(SUFFIX, "123456789012", "us-east-1")
}

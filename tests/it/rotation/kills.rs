//! Killed at every call that changes something, before it arrives and after it was acted on, and run again each time.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use platformctl::{
    operation::rotate::authority::Phase,
    sandbox::{CallInfo, Failure, Fault, FaultPlan, SandboxOptions},
};
use tokio::sync::Notify;

use super::{
    turn::{self, PAIR, assert_nothing_secret, brought_up, settled},
    world::{Watch, running, trusted},
};
use crate::lab::{Lab, assert_done, destroy};

const DEREGISTER: &str = "DeregisterTaskDefinition";
const DELETE: &str = "DeleteTaskDefinitions";

/// Lets a changing call hang once so many have passed, and says so. Whatever is called after that hangs too: the process is dead.
#[derive(Default)]
struct Killer {
    armed: AtomicBool,
    dead: AtomicBool,
    after: AtomicBool,
    pass: AtomicUsize,
    spare: AtomicBool,
    struck: Notify,
    operations: std::sync::Mutex<Vec<&'static str>>,
}

impl Killer {
    /// The next run is killed at its changing call number `pass` (from 0), `after` AWS acted on it or before.
    fn arm(&self, pass: usize, after: bool) {
        self.pass.store(pass, Ordering::SeqCst);
        self.after.store(after, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }

    /// The next run isn't killed at calls that deregister a revision.
    fn spare_deregistering(&self, spare: bool) {
        self.spare.store(spare, Ordering::SeqCst);
    }

    /// The next run lives.
    fn disarm(&self) {
        self.armed.store(false, Ordering::SeqCst);
        self.dead.store(false, Ordering::SeqCst);
    }
}

impl FaultPlan for Killer {
    fn decide(&self, call: &CallInfo) -> Fault {
        if self.dead.load(Ordering::SeqCst) {
            return Fault::BeforeAct(Failure::Hang);
        }
        if call.mutating_index.is_none() || !self.armed.load(Ordering::SeqCst) {
            return Fault::None;
        }
        if self.spare.load(Ordering::SeqCst) && call.operation == DEREGISTER {
            return Fault::None;
        }
        if self.pass.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Fault::None;
        }
        self.armed.store(false, Ordering::SeqCst);
        self.dead.store(true, Ordering::SeqCst);
        self.operations.lock().expect("no panic").push(call.operation);
        self.struck.notify_one();
        match self.after.load(Ordering::SeqCst) {
            true => Fault::AfterAct(Failure::Hang),
            false => Fault::BeforeAct(Failure::Hang),
        }
    }
}

/// Runs the change until it is done or killed. The process's end takes some milliseconds, in which AWS acts.
async fn run(lab: &Lab, killer: &Killer) -> Option<Vec<u8>> {
    let workspace = lab.workspace(PAIR, "dev").await;
    let killed = async {
        killer.struck.notified().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    tokio::select! {
        biased;
        () = killed => None,
        done = turn::authority(&workspace, |_, _| ()) => {
            let (phases, failed) = done.expect("a run");
            if let Some(failed) = failed {
                panic!("{:?}", failed.outcome.failed);
            }
            Some(phases)
        }
    }
}

async fn ends_well(lab: &Lab) {
    let workspace = lab.workspace(PAIR, "dev").await;
    assert!(settled(&workspace).await.is_empty());
    assert_eq!(trusted(&lab.sandbox), [1].into());
    assert_eq!(running(&lab.sandbox).len(), 4, "two tasks of each service");
    assert_nothing_secret(lab, "");
}

/// Every run is killed at its first changing call: in the first phase once before AWS hears of it, and always after AWS has acted and before
/// the answer. So each call of the whole change is the last one of a run. Revisions are deregistered again by every run until they are deleted, so
/// these calls are let pass once they were the last ones.
#[tokio::test(start_paused = true)]
async fn killed_at_every_changing_call_it_is_simply_run_again() {
    let killer = Arc::new(Killer::default());
    let lab = Lab::with(SandboxOptions { faults: Some(killer.clone()), ..SandboxOptions::in_memory() });
    let before_all = lab.inventory();
    brought_up(&lab, PAIR).await;
    let watch = Watch::new(&lab.sandbox);
    let mut kills = 0;
    let mut after = false;
    loop {
        killer.arm(0, after);
        match watch.during(run(&lab, &killer)).await {
            None => kills += 1,
            Some(_) => break,
        }
        assert!(kills < 400, "it gets nowhere: {:?}", killer.operations.lock());
        let last = killer.operations.lock().expect("no panic").last().copied().unwrap_or_default();
        killer.spare_deregistering(last == DELETE || (last == DEREGISTER && after));
        after = !after || kills >= 24;
    }
    killer.disarm();
    let operations = killer.operations.lock().expect("no panic").clone();
    for operation in ["UpdateSecret", "RegisterTaskDefinition", "UpdateService", DELETE] {
        let count = operations.iter().filter(|it| **it == operation).count();
        assert!(count >= 6, "{operation} was the last call of {count} runs of {kills}");
    }
    ends_well(&lab).await;
    let (outcome, left, _) = destroy(&lab.workspace(PAIR, "dev").await).await.expect("destroy");
    assert_done(&outcome);
    assert_eq!((left, lab.inventory()), (vec![], before_all));
}

/// How many changing calls a change of authority makes when nobody kills it.
async fn calls_of_a_change() -> usize {
    const ENOUGH: usize = 1000;
    let killer = Arc::new(Killer::default());
    let lab = Lab::with(SandboxOptions { faults: Some(killer.clone()), ..SandboxOptions::in_memory() });
    brought_up(&lab, PAIR).await;
    killer.arm(ENOUGH, false);
    assert!(run(&lab, &killer).await.is_some(), "nobody kills it");
    ENOUGH - killer.pass.load(Ordering::SeqCst)
}

/// Killed once, in the middle of each phase, and then run to its end.
#[tokio::test(start_paused = true)]
async fn killed_once_anywhere_it_goes_on_from_the_phase_it_reached() {
    let mut reached = BTreeSet::new();
    let calls = calls_of_a_change().await;
    for at in [calls / 6, calls / 2, calls * 5 / 6] {
        let killer = Arc::new(Killer::default());
        let lab = Lab::with(SandboxOptions { faults: Some(killer.clone()), ..SandboxOptions::in_memory() });
        brought_up(&lab, PAIR).await;
        let watch = Watch::new(&lab.sandbox);
        killer.arm(at, at % 2 == 0);
        let first = watch.during(run(&lab, &killer)).await;
        killer.disarm();
        assert!(first.is_none(), "a change makes more than {at} changing calls");
        let workspace = lab.workspace(PAIR, "dev").await;
        let phase = Phase::first(&workspace).await.expect("a plan").number;
        let phases = watch.during(run(&lab, &killer)).await.expect("nobody kills it");
        assert_eq!(phases, (phase..=3).collect::<Vec<_>>(), "killed at call {at}");
        reached.insert(phase);
        ends_well(&lab).await;
    }
    assert_eq!(reached, BTreeSet::from([1, 2, 3]));
}

//! Which call waits for which: the steps of a plan as a graph of tasks.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Action, Blueprint, Failure, Key, Kinds, Manner, Plan, Step, When, blueprint::dependencies, plan::hard_dependencies,
};

/// Half of a step: what is made or changed, and what goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Half {
    /// Create, adopt or update.
    Apply,
    /// Delete the existing one.
    Remove,
}

/// How far a task must have got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Milestone {
    /// What is made can be referred to; what is deleted has let go of what waits.
    Early,
    /// It is done.
    End,
}

impl Milestone {
    /// From when on others may refer to one of this kind.
    fn usable(manner: Manner) -> Self {
        if manner.usable == When::Created { Milestone::Early } else { Milestone::End }
    }

    /// From when on something of the kind `other` may be deleted that one of this kind refers to while it is being deleted.
    fn released(manner: Manner, other: &str) -> Self {
        let early = manner.delete.release.is_some_and(|release| release.kinds.contains(&other));
        if early { Milestone::Early } else { Milestone::End }
    }
}

/// One task of the schedule.
#[derive(Debug)]
pub struct Task {
    /// Index of the step in the plan.
    pub step: usize,
    /// Which half of it.
    pub half: Half,
    /// Tasks that must have got so far before it starts.
    pub after: Vec<(usize, Milestone)>,
    /// The usual time from its start until everything that waits for it is done: the longest remaining chain.
    pub chain: Duration,
}

/// A call and its answer, for the length of chains.
const CALL: Duration = Duration::from_millis(250);

/// Turns a plan into tasks.
///
/// # Errors
/// A defect of the blueprint: tasks that wait for each other.
pub fn tasks(plan: &Plan, kinds: &Kinds, blueprint: &Blueprint) -> Result<Vec<Task>, Failure> {
    let mut tasks = Vec::new();
    let mut index: BTreeMap<(&Key, Half), usize> = BTreeMap::new();
    for (position, step) in plan.steps.iter().enumerate() {
        for half in halves(step) {
            index.insert((&step.key, half), tasks.len());
            tasks.push(Task { step: position, half, after: Vec::new(), chain: Duration::ZERO });
        }
    }
    for task in &mut tasks {
        let step = &plan.steps[task.step];
        task.after = match task.half {
            Half::Apply => before_apply(step, kinds, &index)?,
            Half::Remove => before_remove(step, plan, kinds, blueprint, &index)?,
        };
    }
    measure(&mut tasks, plan, kinds)?;
    Ok(tasks)
}

fn halves(step: &Step) -> Vec<Half> {
    match step.action {
        Action::Delete => vec![Half::Remove],
        Action::Replace => vec![Half::Remove, Half::Apply],
        _ if !step.strays.is_empty() => vec![Half::Apply, Half::Remove],
        _ => vec![Half::Apply],
    }
}

type Index<'a> = BTreeMap<(&'a Key, Half), usize>;

fn before_apply(step: &Step, kinds: &Kinds, index: &Index<'_>) -> Result<Vec<(usize, Milestone)>, Failure> {
    let mut after = Vec::new();
    for key in dependencies(&step.spec) {
        if let Some(&task) = index.get(&(&key, Half::Apply)) {
            after.push((task, Milestone::usable(kinds.get(key.kind())?.manner())));
        }
    }
    if step.delete_first
        && let Some(&own) = index.get(&(&step.key, Half::Remove))
    {
        after.push((own, Milestone::End));
    }
    Ok(after)
}

/// A resource goes after what refers to it has gone or has turned to something else.
fn before_remove(
    step: &Step,
    plan: &Plan,
    kinds: &Kinds,
    blueprint: &Blueprint,
    index: &Index<'_>,
) -> Result<Vec<(usize, Milestone)>, Failure> {
    let mut after = Vec::new();
    for other in
        plan.steps.iter().filter(|other| other.key != step.key && other.existing_dependencies.contains(&step.key))
    {
        if let Some(&removal) = index.get(&(&other.key, Half::Remove)) {
            after.push((removal, Milestone::released(kinds.get(other.key.kind())?.manner(), step.key.kind())));
        }
        // With its successor made only afterwards, nothing can turn to it before.
        let turns = match blueprint.get(&other.key) {
            Some(node) => {
                !step.delete_first
                    || hard_dependencies(kinds.get(node.key.kind())?.as_ref(), &node.spec).contains(&step.key)
            }
            None => false,
        };
        if turns
            && !step.delete_first
            && let Some(&change) = index.get(&(&other.key, Half::Apply))
        {
            after.push((change, Milestone::End));
        }
    }
    if !step.delete_first
        && let Some(&own) = index.get(&(&step.key, Half::Apply))
    {
        after.push((own, Milestone::End));
    }
    Ok(after)
}

/// Fills in the chains, from the ends backwards.
fn measure(tasks: &mut [Task], plan: &Plan, kinds: &Kinds) -> Result<(), Failure> {
    let mut waiting: Vec<usize> = vec![0; tasks.len()];
    for task in tasks.iter() {
        for &(before, _) in &task.after {
            waiting[before] += 1;
        }
    }
    let mut free: Vec<usize> = (0..tasks.len()).filter(|&task| waiting[task] == 0).collect();
    let mut behind = vec![Duration::ZERO; tasks.len()];
    let mut seen = 0;
    while let Some(current) = free.pop() {
        seen += 1;
        let step = &plan.steps[tasks[current].step];
        let manner = kinds.get(step.key.kind())?.manner();
        let own = match tasks[current].half {
            Half::Apply => manner.create.expected,
            Half::Remove => manner.delete.expected,
        };
        tasks[current].chain = behind[current].max(own) + CALL;
        for &(before, when) in &tasks[current].after {
            let manner = kinds.get(plan.steps[tasks[before].step].key.kind())?.manner();
            let wait = match (tasks[before].half, when) {
                (Half::Apply, Milestone::Early) => Duration::ZERO,
                (Half::Apply, Milestone::End) => manner.create.expected,
                (Half::Remove, Milestone::Early) => {
                    manner.delete.release.map_or(manner.delete.expected, |release| release.expected)
                }
                (Half::Remove, Milestone::End) => manner.delete.expected,
            };
            behind[before] = behind[before].max(wait + tasks[current].chain);
            waiting[before] -= 1;
            if waiting[before] == 0 {
                free.push(before);
            }
        }
    }
    if seen == tasks.len() {
        return Ok(());
    }
    let stuck: BTreeSet<String> = (0..tasks.len())
        .filter(|&task| waiting[task] > 0)
        .map(|task| plan.steps[tasks[task].step].key.to_string())
        .collect();
    Err(Failure::internal(format!("these wait for each other: {}", stuck.into_iter().collect::<Vec<_>>().join(", "))))
}

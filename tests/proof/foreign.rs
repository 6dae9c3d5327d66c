//! What bears one of our names and belongs to somebody else, for every kind: refused, named, untouched.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use platformctl::{
    engine::{Key, environment::TAG_ENVIRONMENT_ID, environment::TAG_KEY},
    operation::{self, Intention},
    sandbox::world::{Item, Tags},
    state::{Journal, Store},
};

use crate::{
    configs,
    fork::{self, Pool, STATE, Side, Verdict},
    lab::{End, Lab, SUFFIX, in_virtual_time},
    report::Report,
    sweep::{amount, jobs, seed},
};

/// Whose it becomes.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Owner {
    Another,
    Nobody,
}

/// Takes each resource from the environment, one by one, and runs `up` and `destroy` then.
pub fn foreign() -> Report {
    let start = Instant::now();
    let pool = Arc::new(Mutex::new(Pool::new(jobs())));
    let small = configs::small();
    let mut report = Report::default();
    let result = in_virtual_time(async {
        let lab = Lab::new(seed(), None);
        match lab.run(&small, Intention::Up).await {
            End::Ran(ran) if ran.outcome.is_complete() => {}
            end => return Err(end.text()),
        }
        // So that the tag search knows all of it.
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        let items = items(&lab);
        // Tasks and their interfaces bear the tags of their service.
        let is_made = |item: &&Item| !["ecs:task", "ec2:network-interface"].contains(&item.kind);
        let tagged: Vec<&Item> = items.iter().filter(|item| item.tags.contains_key(TAG_KEY)).filter(is_made).collect();
        let step = amount("PROOF_FOREIGN", [13, 1, 1]) as usize;
        for item in tagged.into_iter().step_by(step) {
            for owner in [Owner::Another, Owner::Nobody] {
                // A name in a tag is no name any more once the tag is gone.
                if owner == Owner::Nobody && item.kind.starts_with("ec2:") && item.kind != "ec2:security-group" {
                    continue;
                }
                // A key has no name, so one without tags is nobody's and a new one is made; Container Insights' group is AWS's own until it is ours.
                let nameless = item.kind == "kms:key" || item.id.contains("/containerinsights/");
                if owner == Owner::Nobody && nameless {
                    continue;
                }
                let label = format!("{} {} of {owner:?}", item.kind, item.id);
                if pool.lock().expect("one thread").fork(&label) == Side::Copy {
                    let failure = taken(&lab, &small, item, owner).await.err();
                    fork::end(&Verdict { failure, ..Verdict::default() });
                }
            }
        }
        Ok(())
    });
    report.failures.extend(result.err().map(|failure| ("foreign".to_owned(), failure)));
    let mut kinds = std::collections::BTreeSet::new();
    for (label, verdict) in pool.lock().expect("one thread").finish() {
        report.scenarios += 1;
        kinds.insert(label.split(' ').next().unwrap_or_default().to_owned());
        report.failures.extend(verdict.failure.map(|failure| (label, failure)));
    }
    report.figures.insert("kinds".to_owned(), kinds.len().to_string());
    report.wall = start.elapsed();
    report
}

fn items(lab: &Lab) -> Vec<Item> {
    lab.sandbox.look(|call| call.world.inventory(call.now, call.place())).expect("a readable account")
}

async fn taken(lab: &Lab, config: &str, item: &Item, owner: Owner) -> Result<(), String> {
    let key = item.tags.get(TAG_KEY).and_then(|tag| Key::from_tag(tag)).ok_or("no key")?.0;
    forget(&key)?;
    retag(lab, item, |tags| match owner {
        Owner::Another => {
            tags.insert(TAG_ENVIRONMENT_ID.to_owned(), "00000000feedface".to_owned());
        }
        Owner::Nobody => tags.clear(),
    })?;
    // The tag search goes on for an hour to show the tags of what has none any more, counted from the first call that finds it so; it looks for what
    // changed by itself twice a minute.
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let workspace = lab.workspace(config).await.map_err(|error| error.to_string())?;
    drop(operation::prepare(&workspace, Intention::Plan).await);
    tokio::time::sleep(std::time::Duration::from_secs(7200)).await;
    let taken = find(lab, item)?;
    for intention in [Intention::Up, Intention::Destroy] {
        let calls = lab.sandbox.calls().len();
        let end = lab.run(config, intention).await;
        let text = end.text();
        if find(lab, item).as_ref() != Ok(&taken) {
            return Err(format!("{intention:?} touched it: {text}"));
        }
        let names = [item.id.as_str(), item.arn.as_str(), item.tags.get("Name").map_or("", String::as_str)];
        let is_named = names.iter().any(|name| !name.is_empty() && text.contains(name));
        let is_refused = match &end {
            End::Refused(_) => true,
            End::Ran(ran) => !ran.outcome.is_complete(),
            End::Died => false,
        };
        match intention {
            Intention::Up if !is_refused => return Err(format!("up is not refused: {text}")),
            Intention::Up if !is_named => return Err(format!("the refusal doesn't name it: {text}")),
            // Ours by its tags, theirs by its tags: nothing is begun.
            _ if owner == Owner::Another => {
                let changes = lab.sandbox.calls()[calls..].iter().filter(|call| call.mutating).count();
                if changes > 0 || !is_refused {
                    return Err(format!("{intention:?} made {changes} changes: {text}"));
                }
            }
            _ => {}
        }
        // Destroy comes after an untouched world.
        if owner == Owner::Nobody {
            break;
        }
    }
    Ok(())
}

/// The state as if it had never known a resource.
fn forget(key: &Key) -> Result<(), String> {
    let store = Store::new(STATE.as_ref(), SUFFIX);
    let loaded = store.load(SUFFIX, "123456789012", "us-east-1").map_err(|error| error.to_string())?;
    let mut loaded = loaded.ok_or("no state")?;
    loaded.book.records.remove(key).ok_or_else(|| format!("{key} is not recorded"))?;
    let disk: Arc<dyn platformctl::state::Disk> = Arc::new(platformctl::state::disk::RealDisk);
    Journal::start(&store.journal(), &loaded.header, &loaded.book, &disk).map_err(|error| error.to_string())?;
    Ok(())
}

fn find(lab: &Lab, item: &Item) -> Result<Item, String> {
    items(lab).into_iter().find(|other| other.arn == item.arn).ok_or_else(|| format!("{} is gone", item.arn))
}

fn retag(lab: &Lab, item: &Item, edit: impl FnOnce(&mut Tags)) -> Result<(), String> {
    let changed = lab.sandbox.look(|call| {
        let (now, place) = (call.now, call.place().clone());
        let role = call.world.iam.roles.values().find(|role| role.arn == item.arn).map(|role| role.name.clone());
        let tags = match role {
            Some(name) => call.world.iam.roles.get_mut(&name).map(|role| &mut role.tags),
            None => call.world.tags_by_arn(&item.arn, now, &place),
        };
        tags.map(edit)
    });
    changed.map_err(|error| error.to_string())?.ok_or_else(|| format!("{} takes no tags", item.arn))
}

//! The generated policies: enough for every call that is made under them, nothing in them that nobody needs, and nothing of another environment.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use platformctl::{
    aws::policy::{self, Owner, Purpose},
    engine::{Class, Interrupt},
    operation::{
        self, Intention, OperationError, Workspace,
        deploy::{
            Image, Limit, Request, history,
            preflight::Demands,
            request::{PausePoint, Strategy},
            run,
        },
        exec, logs,
    },
    sandbox::{
        SandboxOptions,
        durations::Durations,
        iam::policy::{Caller, Decision, Grammar, Policy},
        permissions::actions_of,
        world::Item,
    },
};

use crate::{
    check,
    commands::{self, Command, push},
    configs,
    fork::Pool,
    lab::{End, Lab, SUFFIX, in_virtual_time},
    report::Report,
    sweep::seed,
};

/// The environment that the policies are not about.
const OTHER: &str = "prod";

/// All purposes.
const PURPOSES: [Purpose; 8] = [
    Purpose::Up,
    Purpose::Status,
    Purpose::Destroy,
    Purpose::Deploy,
    Purpose::History,
    Purpose::Logs,
    Purpose::Exec,
    Purpose::Rotate,
];

/// Purposes whose policies are read off what the kinds declare. What one of them is granted must be used by one of them.
const DECLARED: [Purpose; 4] = [Purpose::Up, Purpose::Status, Purpose::Destroy, Purpose::Rotate];

/// Actions that none of these runs uses, each with the reason. What is used by now must go from there.
const RARE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proof/rare.txt");

/// What a policy was used for.
#[derive(Default)]
struct Used {
    granted: BTreeSet<&'static str>,
    used: BTreeSet<String>,
}

type Ledger = BTreeMap<Purpose, Used>;

pub fn permissions() -> Report {
    let start = Instant::now();
    let mut report = Report::default();
    let mut ledger = Ledger::new();
    for app_mesh in [false, true] {
        let _pool = Pool::new(1);
        if let Err(failure) = in_virtual_time(live(app_mesh, &mut ledger, &mut report.figures)) {
            report.failures.push((format!("app mesh {app_mesh}"), failure));
        }
        if let Err(failure) = in_virtual_time(lost(app_mesh, &mut ledger)) {
            report.failures.push((format!("lost, app mesh {app_mesh}"), failure));
        }
    }
    if report.failures.is_empty() {
        report.failures.extend(unused(&ledger).into_iter().map(|failure| ("unused".to_owned(), failure)));
    }
    report.scenarios = ledger.values().map(|it| it.used.len()).sum();
    for (purpose, it) in &ledger {
        let figure =
            format!("{} of {}", it.granted.iter().filter(|one| it.used.contains(**one)).count(), it.granted.len());
        report.figures.insert(format!("{purpose:?} uses"), figure);
    }
    report.wall = start.elapsed();
    report
}

/// What is granted for nothing, and what is said to be rare and is not.
fn unused(ledger: &Ledger) -> Vec<String> {
    let text = std::fs::read_to_string(RARE).unwrap_or_default();
    let entries = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rare: BTreeMap<&str, &str> = entries
        .map(|line| line.split_once(' ').unwrap_or((line, "")))
        .map(|(action, why)| (action, why.trim()))
        .collect();
    let mut found: Vec<String> = rare
        .iter()
        .filter(|(_, why)| why.is_empty())
        .map(|(action, _)| format!("{action} is rare for no reason"))
        .collect();
    let declared: BTreeSet<&str> = DECLARED
        .iter()
        .filter_map(|purpose| ledger.get(purpose))
        .flat_map(|it| it.used.iter().map(String::as_str))
        .collect();
    let mut idle = BTreeSet::new();
    for (purpose, it) in ledger {
        let is_used = |action: &str| {
            if DECLARED.contains(purpose) { declared.contains(action) } else { it.used.contains(action) }
        };
        let of: BTreeSet<&str> = it.granted.iter().copied().filter(|action| !is_used(action)).collect();
        let without: Vec<&str> = of.iter().copied().filter(|action| !rare.contains_key(action)).collect();
        if !without.is_empty() {
            found.push(format!("{purpose:?} is granted what no run needs: {without:?}"));
        }
        idle.extend(of);
    }
    found.extend(rare.keys().filter(|action| !idle.contains(*action)).map(|action| format!("{action} is not rare")));
    found
}

/// An account with two environments, and the policies of one.
struct Trial<'a> {
    lab: &'a Lab,
    workspace: Workspace,
    ledger: &'a mut Ledger,
}

impl Trial<'_> {
    fn granted(&self, purpose: Purpose) -> BTreeSet<&'static str> {
        policy::actions(&self.workspace.kinds, purpose)
    }

    fn owner(&self) -> Owner<'_> {
        let aws = &self.workspace.aws;
        Owner { partition: "aws", account: &aws.account, region: &aws.region, suffix: SUFFIX }
    }

    fn document(&self, purpose: Purpose) -> String {
        policy::document(&self.granted(purpose), &self.owner()).to_string()
    }

    /// Does something under a policy, and keeps account of what it takes.
    async fn under(&mut self, purpose: Purpose, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
        self.lab.sandbox.enforce(Some(&self.document(purpose)))?;
        let before = self.lab.sandbox.calls().len();
        let result = work.await.map_err(|failure| format!("under the policy of {purpose:?}: {failure}"));
        let calls = self.lab.sandbox.calls();
        self.lab.sandbox.enforce(None)?;
        let granted = self.granted(purpose);
        let of = self.ledger.entry(purpose).or_default();
        of.granted.extend(granted);
        of.used.extend(calls[before..].iter().flat_map(|call| actions_of(call.service, call.operation)));
        result
    }

    /// Every action that is held to names or tags is silent on everything of the other environment. Gives how many such questions there were.
    fn others_are_safe(&self) -> Result<usize, String> {
        let items: Vec<Item> = self
            .lab
            .sandbox
            .look(|call| call.world.inventory(call.now, call.place()))
            .map_err(|error| error.to_string())?;
        let others = items.iter().filter(|item| item.tags.get("Environment").is_some_and(|of| of == OTHER));
        let others: Vec<&Item> = others.collect();
        let mut questions = 0;
        for purpose in PURPOSES {
            let granted = self.granted(purpose);
            let policy = Policy::parse(&self.document(purpose), Grammar::Identity)?;
            let unscoped = policy::unscoped(&granted, &self.owner());
            for (action, item) in
                granted.difference(&unscoped).flat_map(|action| others.iter().map(move |item| (*action, *item)))
            {
                let context: Vec<(String, &str)> =
                    item.tags.iter().map(|(key, tag)| (format!("aws:ResourceTag/{key}"), tag.as_str())).collect();
                let context: Vec<(&str, &str)> = context.iter().map(|(key, tag)| (key.as_str(), *tag)).collect();
                let caller = Caller::Arn("arn:aws:iam::123456789012:user/platformctl");
                let request = platformctl::sandbox::iam::policy::Request {
                    caller,
                    action,
                    resource: &item.arn,
                    context: &context,
                };
                if policy.decide(&request) != Decision::Silent {
                    return Err(format!("{purpose:?} may {action} on {} of another environment", item.arn));
                }
                questions += 1;
            }
        }
        Ok(questions)
    }
}

/// Lives under the policies: every change that an environment knows.
async fn live(app_mesh: bool, ledger: &mut Ledger, figures: &mut BTreeMap<String, String>) -> Result<(), String> {
    let quotas = ["L-3032A538", "L-36FBB829", "L-F678F1CE", "L-0263D0A3", "L-A4707A72", "L-FE5A380F"];
    let quotas = quotas.map(|code| (code.to_owned(), 1000.0)).into();
    let lab = Lab::with(SandboxOptions { app_mesh, quotas, seed: seed(), ..SandboxOptions::in_memory() });
    let small = configs::small();
    let text = |error: OperationError| error.to_string();
    // Another environment in the same account, which none of the policies is about.
    let other = lab.workspace_of(OTHER, &small).await.map_err(text)?;
    let ran = lab.carry_out(&other, Intention::Up).await.map_err(text)?;
    done(End::Ran(ran))?;

    let workspace = lab.workspace(&small).await.map_err(text)?;
    let mut trial = Trial { lab: &lab, workspace, ledger };
    let mut configurations = configs::all();
    configurations.extend((!app_mesh).then(configs::database));
    let last = configurations.last().cloned().unwrap_or_default();
    let ups = async {
        for config in &configurations {
            done(lab.run(config, Intention::Up).await)?;
        }
        Ok(())
    };
    trial.under(Purpose::Up, ups).await?;
    let questions = trial.others_are_safe()?;
    figures.insert("questions about another environment".to_owned(), questions.to_string());

    let looks = async {
        // A run that was cut off is looked into by the next one; `doctor` belongs to the same policy.
        let checks = operation::doctor(&lab.workspace(&last).await.map_err(text)?, true).await;
        match checks.iter().find(|check| check.detail.contains("can't be checked")) {
            Some(check) => Err(format!("{}: {}", check.name, check.detail)),
            None => Ok(()),
        }
    };
    trial.under(Purpose::Up, looks).await?;
    let rotations = async {
        done(commands::run(&lab, &last, Command::Certificates).await)?;
        done(commands::run(&lab, &last, Command::Authority).await)?;
        if app_mesh { Ok(()) } else { done(commands::run(&lab, &last, Command::Credentials).await) }
    };
    trial.under(Purpose::Rotate, rotations).await?;
    commands::before(&lab, &last, Command::Deploy).await?;
    let own = lab.workspace(&last).await.map_err(text)?;
    for (tag, behaviour) in [("2", "well"), ("exits", "exits")] {
        push(&own, "payments", tag, behaviour).await?;
    }
    trial.under(Purpose::Deploy, deployments(&lab, &last)).await?;
    let seen = async {
        let entries = history::history(&own, "payments", 20).await.map_err(|failure| failure.to_string())?;
        if entries.len() > 3 { Ok(()) } else { Err(format!("{} deployments are few", entries.len())) }
    };
    trial.under(Purpose::History, seen).await?;
    trial.under(Purpose::Logs, lines(&own)).await?;
    let wanted = exec::Wanted {
        service: "payments".to_owned(),
        container: "app".to_owned(),
        task: None,
        command: "/bin/sh".to_owned(),
    };
    let shell = async { exec::open(&own, &wanted, "1.2.553.0").await.map(drop).map_err(text) };
    trial.under(Purpose::Exec, shell).await?;
    let status = async { operation::status(&own).await.map(drop).map_err(text) };
    trial.under(Purpose::Status, status).await?;
    refusals(&lab, &trial, &other).await?;
    fill(&own).await?;
    trial.under(Purpose::Destroy, async { done(lab.run(&last, Intention::Destroy).await) }).await?;
    if !app_mesh {
        // Nothing of App Mesh is there to be seen or changed.
        trial.ledger.values_mut().for_each(|it| it.granted.retain(|action| !action.starts_with("appmesh:")));
    }
    Ok(())
}

/// Something of everything that keeps a bucket from being deleted.
async fn fill(workspace: &Workspace) -> Result<(), String> {
    let (s3, bucket) = (&workspace.aws.s3, format!("bucket-payments-{SUFFIX}-{}", workspace.aws.account));
    for _ in 0..2 {
        let put = s3.put_object().bucket(&bucket).key("kept").body(b"receipt".to_vec().into());
        put.send().await.map_err(|error| format!("{error:?}"))?;
    }
    s3.delete_object().bucket(&bucket).key("kept").send().await.map_err(|error| format!("{error:?}"))?;
    let begun = s3.create_multipart_upload().bucket(&bucket).key("begun").send().await;
    begun.map(drop).map_err(|error| format!("{error:?}"))
}

/// Where the state is lost and the tag search knows nothing yet, everything is told to be ours by its own tags, by the policies of `up` and `destroy`.
async fn lost(app_mesh: bool, ledger: &mut Ledger) -> Result<(), String> {
    let durations = Durations { tag_search: Duration::from_secs(24 * 3600), ..Durations::real() };
    let lab = Lab::with(SandboxOptions { app_mesh, durations, seed: seed(), ..SandboxOptions::in_memory() });
    let config = if app_mesh { configs::small() } else { configs::database() };
    let before = lab.inventory();
    let workspace = lab.workspace(&config).await.map_err(|error| error.to_string())?;
    let mut trial = Trial { lab: &lab, workspace, ledger };
    let ups = async {
        done(lab.run(&config, Intention::Up).await)?;
        check::forget();
        done(lab.run(&config, Intention::Up).await)
    };
    trial.under(Purpose::Up, ups).await?;
    check::forget();
    trial.under(Purpose::Destroy, async { done(lab.run(&config, Intention::Destroy).await) }).await?;
    check::nothing_left(&lab, &before)
}

/// Good and bad deployments, waits for a person, ways back.
async fn deployments(lab: &Lab, config: &str) -> Result<(), String> {
    done(commands::run(lab, config, Command::Deploy).await)?;
    done(commands::run(lab, config, Command::Resume).await)?;
    let text = |error: OperationError| error.to_string();
    let workspace = lab.workspace(config).await.map_err(text)?;
    let (told, interrupt) = (&*lab.told, Interrupt::default());
    let request = |tag: &str, pause_before: Option<PausePoint>| Request {
        services: vec![("payments".to_owned(), Image::Own(tag.to_owned()))],
        demands: Demands::default(),
        strategy: Strategy { pause_before, ..Strategy::default() },
    };
    let verdicts =
        run::deploy(&workspace, &request("exits", None), Limit::Usual, true, told, &interrupt).await.map_err(text)?;
    if verdicts.iter().any(|(_, verdict)| verdict.outcome.is_good()) {
        return Err("a program that ends at once was deployed".to_owned());
    }
    for goes_on in [false, true] {
        let paused = request("2", Some(PausePoint::Traffic));
        run::deploy(&workspace, &paused, Limit::Usual, false, told, &interrupt).await.map_err(text)?;
        tokio::time::sleep(Duration::from_secs(240)).await;
        run::answer(&workspace, "payments", goes_on, true, told, &interrupt).await.map_err(text)?;
    }
    // Back to what was before, and then a way back that is stopped half way.
    run::roll_back(&workspace, "payments", None, Limit::Usual, true, told, &interrupt).await.map_err(text)?;
    run::deploy(&workspace, &request("2", None), Limit::Usual, false, told, &interrupt).await.map_err(text)?;
    tokio::time::sleep(Duration::from_secs(20)).await;
    run::roll_back(&workspace, "payments", None, Limit::Usual, true, told, &interrupt).await.map(drop).map_err(text)
}

async fn lines(workspace: &Workspace) -> Result<(), String> {
    let wanted = logs::Wanted {
        service: "payments".to_owned(),
        since: Duration::from_secs(3600),
        filter: None,
        container: None,
        task: None,
    };
    let mut reader = logs::Reader::new(workspace, wanted).map_err(|error| error.to_string())?;
    let (lines, _) = reader.next().await.map_err(|error| error.to_string())?;
    if lines.is_empty() { Err("nobody wrote anything".to_owned()) } else { Ok(()) }
}

/// A missing permission is told as one, and nothing of the other environment can be taken away.
async fn refusals(lab: &Lab, trial: &Trial<'_>, other: &Workspace) -> Result<(), String> {
    lab.sandbox.enforce(Some(&trial.document(Purpose::Status)))?;
    denied("up under the policy of status", lab.run(&configs::more(), Intention::Up).await)?;
    let of_others = |items: Vec<String>| -> Vec<String> {
        items.into_iter().filter(|item| item.contains(&format!("-{OTHER}"))).collect()
    };
    let before = of_others(lab.inventory());
    lab.sandbox.enforce(Some(&trial.document(Purpose::Destroy)))?;
    let ran = lab.carry_out(other, Intention::Destroy).await;
    denied("destroy of another environment", ran.map_or_else(End::Refused, End::Ran))?;
    lab.sandbox.enforce(None)?;
    let after = of_others(lab.inventory());
    if after != before {
        let gone: Vec<&String> = before.iter().filter(|item| !after.contains(item)).collect();
        return Err(format!("the policy of destroy reaches another environment: {gone:?} went"));
    }
    Ok(())
}

fn denied(what: &str, end: End) -> Result<(), String> {
    match end {
        End::Ran(ran) if !ran.outcome.is_complete() => {
            match ran.outcome.failed.iter().find(|(_, failure)| failure.class != Class::Denied) {
                Some((key, failure)) => Err(format!("{what}: {key} fails otherwise: {failure}")),
                None => Ok(()),
            }
        }
        end => Err(format!("{what} should be denied: {}", end.text())),
    }
}

fn done(end: End) -> Result<(), String> {
    match end {
        End::Ran(ran) if ran.outcome.is_complete() && ran.left.is_empty() => Ok(()),
        end => Err(end.text()),
    }
}

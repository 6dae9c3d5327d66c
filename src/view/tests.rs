//! What people see, for runs made by hand.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Look, Paint,
    json::Events,
    lines::Lines,
    live::Model,
    plan::PlanView,
    printer::{Manner, tests::captured},
    progress::Pace,
    samples::{book, change, key, plan, step},
    summary::{self, Addresses, Effort},
};
use crate::{
    config,
    engine::{Action, Book, Chapter, Class, Event, Failure, Observer, Phase, Plan, record::Deposed, schedule::Outcome},
    operation::Leftover,
};

const PLAIN: fn() -> Paint = || Paint::new(false);

#[test]
fn a_plan_shows_what_changes_and_why() {
    let (plan, book) = (plan(), book("subnet/public-a", Phase::Ready, "subnet-1", json!({"public": true}), &[]));
    let view = PlanView { plan: &plan, book: &book, verbose: false };
    assert_snapshot!(view.text(PLAIN()), @r#"
    network
        + vpc/main              main-dev
        ~ subnet/public-a       public-a-dev
            public: false → true  (changed outside platformctl)
            tag Team: → "platform"
    encryption
      -/+ kms-key/main          main-dev
            the old one goes first: AWS takes its name only once
            policy.Statement[Sid=Logs].Action: "kms:Decrypt" → "kms:Encrypt*"  (needs a new one)
    services
        ~ ecs-service/payments  payments-dev
            an earlier run was cut off before it was finished
            vpc: "vpc-old" → (known after apply)
    observability
        = log-group/flow        flow-dev
    data
        - bucket/old            id-old

    Plan: 1 to create, 2 to change, 1 to replace, 1 to delete, 120 unchanged, 1 to adopt (1 changed outside platformctl)
    "#);
}

#[test]
fn a_verbose_plan_shows_the_settings_of_what_is_made() {
    let mut create = step("subnet/public-a", Chapter::Network, Action::Create);
    create.spec = json!({"vpc": {"$ref": "vpc/main#id"}, "cidr": "10.0.0.0/20", "note": null});
    let plan = Plan { steps: vec![create], unchanged: 0 };
    let view = PlanView { plan: &plan, book: &Book::default(), verbose: true };
    assert_snapshot!(view.text(PLAIN()), @r#"
    network
        + subnet/public-a  public-a-dev
            vpc: "${vpc/main.id}"
            cidr: "10.0.0.0/20"

    Plan: 1 to create, 0 to change, 0 to replace, 0 to delete, 0 unchanged
    "#);
}

#[test]
fn references_to_what_stays_are_no_difference() {
    let mut service = step("ecs-service/payments", Chapter::Services, Action::Update);
    let have = json!({"role": "arn:role", "vpc": "vpc-1"});
    service.spec = json!({"links": {"role": {"$ref": "iam-role/task#arn"}, "vpc": {"$ref": "vpc/main#id"}}});
    service.changes = vec![change("links", have, None, false)];
    let plan = Plan { steps: vec![step("vpc/main", Chapter::Network, Action::Create), service], unchanged: 1 };
    let book = book("iam-role/task", Phase::Ready, "task", json!({}), &[("arn", "arn:role")]);
    let text = PlanView { plan: &plan, book: &book, verbose: false }.text(PLAIN());
    assert!(text.contains("links.vpc: \"vpc-1\" → (known after apply)"), "{text}");
    assert!(!text.contains("links.role"), "{text}");
}

#[test]
fn a_change_in_envoys_packed_configuration_is_shown_inside() {
    use crate::mesh::{envoy::Layout, scripts};
    let sidecars = |weight: u32, name: &str| {
        let clusters = json!([{"name": "accounts", "weight": weight}, {"name": name}]);
        let bootstrap = json!({"static_resources": {"clusters": clusters}, "admin": {"port": 9901}});
        let packed = &scripts::init_environment(&bootstrap, &Layout::fargate())[0].1;
        json!([{"name": "mesh-init", "environment": {"MESH_BOOTSTRAP": packed, "ADMIN": "x"}}])
    };
    let mut task = step("task-definition/payments", Chapter::Services, Action::Replace);
    task.changes = vec![change("sidecars", sidecars(1, "old"), Some(sidecars(2, "new")), true)];
    let plan = Plan { steps: vec![task], unchanged: 0 };
    let view = PlanView { plan: &plan, book: &Book::default(), verbose: false };
    assert_snapshot!(view.text(PLAIN()));
}

#[test]
fn a_plan_as_json_tells_drift() {
    let (plan, book) = (plan(), book("subnet/public-a", Phase::Ready, "subnet-1", json!({"public": true}), &[]));
    let line = PlanView { plan: &plan, book: &book, verbose: false }.json();
    assert_eq!((line["version"].as_u64(), line["type"].as_str()), (Some(1), Some("plan")));
    assert_eq!(line["totals"]["drifted"], 1);
    assert_eq!(line["steps"][1]["changes"][0]["drift"], true);
    assert_eq!(line["steps"][3]["changes"][0]["to"], "(known after apply)");
    assert_eq!(line["steps"][3]["changes"][0]["drift"], false);
}

fn started(text: &str, chapter: Chapter, action: Action) -> Event {
    Event::Started { key: key(text), chapter, name: String::new(), action }
}

fn done(text: &str, chapter: Chapter, action: Action) -> Event {
    Event::Done { key: key(text), chapter, name: String::new(), action, id: "id-1".to_owned(), ms: 1200 }
}

fn waiting(text: &str, reason: &str) -> Event {
    Event::Waiting { key: key(text), reason: reason.to_owned() }
}

/// A run some way on.
fn events() -> Vec<Event> {
    let (network, encryption) = (Chapter::Network, Chapter::Encryption);
    vec![
        Event::Begun { steps: 6 },
        started("vpc/main", network, Action::Create),
        started("kms-key/main", encryption, Action::Replace),
        waiting("kms-key/main", "pending\u{1b}[2J deletion"),
        done("vpc/main", network, Action::Create),
        started("subnet/public-a", network, Action::Update),
        Event::Repeating {
            key: key("subnet/public-a"),
            attempt: 2,
            pause_ms: 1500,
            reason: "ec2:ModifySubnetAttribute: RequestLimitExceeded: too many calls".to_owned(),
        },
        Event::Failed {
            key: key("bucket/old"),
            chapter: Chapter::Data,
            name: "old-dev".to_owned(),
            action: Action::Delete,
            reason: "s3:DeleteBucket: AccessDenied: no".to_owned(),
            remedy: None,
        },
        Event::Skipped { key: key("ecs-service/payments"), because: "waits for kms-key/main".to_owned() },
    ]
}

fn model(rows: usize, columns: usize) -> String {
    let start = Instant::now();
    let mut model = Model::new(&plan(), Pace::Simulated(20.0), start);
    for event in events() {
        model.take(&event, start);
    }
    model.draw(PLAIN(), (rows, columns), start + Duration::from_secs(83)).join("\n")
}

#[test]
fn the_live_view_has_a_row_for_each_resource_that_is_changing() {
    assert_snapshot!(model(24, 80), @r#"
    network         1/2
        ~ subnet/public-a  attempt 2: ec2:ModifySubnetAttribute: RequestLim…  1m23s
    encryption      0/1
      -/+ kms-key/main     pending [2J deletion                               1m23s
    services        0/1  1 not tried
    observability   0/1
    data            0/1
      failed bucket/old: s3:DeleteBucket: AccessDenied: no
    1 of 6 steps · 1m23s of simulated time · 1 failed
    "#);
}

#[test]
fn a_low_terminal_sees_only_the_busy_chapters() {
    assert_snapshot!(model(9, 60), @r#"
    network         1/2
        ~ subnet/public-a  attempt 2: ec2:ModifySubnetA…  1m23s
    encryption      0/1
      -/+ kms-key/main     pending [2J deletion           1m23s
    data            0/1
      failed bucket/old: s3:DeleteBucket: AccessDenied: no
    1 of 6 steps · 1m23s of simulated time · 1 failed
    "#);
}

#[test]
fn any_terminal_gets_no_more_than_it_has_room_for() {
    for (rows, columns) in [(1, 1), (3, 10), (5, 25), (8, 40), (24, 80), (60, 300)] {
        let text = model(rows, columns);
        let room = rows.saturating_sub(1).max(4);
        assert!(text.lines().count() <= room, "{rows}: {text}");
        let width = columns.saturating_sub(1).max(20);
        assert!(text.lines().all(|line| console::measure_text_width(line) <= width), "{columns}: {text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn a_replacement_is_done_when_both_of_its_halves_are() {
    let start = Instant::now();
    let plan = Plan { steps: vec![step("kms-key/main", Chapter::Encryption, Action::Replace)], unchanged: 0 };
    let mut model = Model::new(&plan, Pace::Real, start);
    let mut footers = Vec::new();
    for event in [
        started("kms-key/main", Chapter::Encryption, Action::Replace),
        done("kms-key/main", Chapter::Encryption, Action::Replace),
        started("kms-key/main", Chapter::Encryption, Action::Replace),
        done("kms-key/main", Chapter::Encryption, Action::Replace),
    ] {
        model.take(&event, start);
        footers.extend(model.draw(PLAIN(), (24, 80), start).pop());
    }
    assert_eq!(footers, ["0 of 1 step · 0.0s", "1 of 1 step · 0.0s", "0 of 1 step · 0.0s", "1 of 1 step · 0.0s"]);
}

#[tokio::test(start_paused = true)]
async fn plain_lines_tell_what_was_done_and_which_waits_last() {
    let (printer, _, err) = captured(Look::default(), Manner::Lines);
    let plan = plan();
    let lines = Lines::new(&printer, &plan);
    for event in events() {
        lines.tell(&event);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_snapshot!(err.text(), @r#"
    created    vpc/main              id-1  1.2s
    waiting    kms-key/main          pending [2J deletion  8.0s
    failed     bucket/old            s3:DeleteBucket: AccessDenied: no
    skipped    ecs-service/payments  waits for kms-key/main
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_countdown_is_told_once_and_what_passes_soon_not_at_all() {
    let (printer, _, err) = captured(Look::default(), Manner::Lines);
    let plan = plan();
    let lines = Lines::new(&printer, &plan);
    lines.tell(&started("kms-key/main", Chapter::Encryption, Action::Create));
    lines.tell(&started("vpc/main", Chapter::Network, Action::Create));
    for left in (1..=30).rev() {
        lines.tell(&waiting("kms-key/main", &format!("baking, {left} s left")));
        if left == 29 {
            lines.tell(&waiting("vpc/main", "pending"));
        }
        if left == 26 {
            lines.tell(&done("vpc/main", Chapter::Network, Action::Create));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        lines.catch_up();
    }
    lines.tell(&waiting("kms-key/main", "cleaning up"));
    tokio::time::sleep(Duration::from_secs(6)).await;
    lines.catch_up();
    assert_snapshot!(err.text(), @r#"
    created    vpc/main              id-1  1.2s
    waiting    kms-key/main          baking, 26 s left  5.0s
    waiting    kms-key/main          cleaning up  36s
    "#);
}

#[tokio::test(start_paused = true)]
async fn json_lines_are_versioned_and_timed() {
    let (printer, out, _) = captured(Look { json: true, ..Look::default() }, Manner::Json);
    let json = Events::new(&printer);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    json.tell(&waiting("vpc/main", "pending"));
    let line: Value = serde_json::from_str(&out.text()).expect("a line");
    let wanted = json!({
        "version": 1, "type": "event", "at_ms": 1500, "event": "waiting", "key": "vpc/main", "reason": "pending"
    });
    assert_eq!(line, wanted);
}

fn outcome() -> Outcome {
    let refused = Failure {
        operation: "ec2:CreateSubnet".to_owned(),
        code: Some("InvalidSubnet.Range".to_owned()),
        request_id: Some("r-1".to_owned()),
        ..Failure::new(Class::Invalid, "The CIDR '10.0.0.0/8' is invalid.").remedy("choose another network.cidr")
    };
    let waits = |text: &str| (key(text), "waits for subnet/public-a".to_owned());
    Outcome {
        done: vec![(key("vpc/main"), Duration::from_secs(2)), (key("kms-key/main"), Duration::from_secs(65))],
        failed: vec![(key("subnet/public-a"), refused)],
        skipped: vec![
            waits("ecs-service/payments"),
            waits("log-group/flow"),
            (key("bucket/old"), "interrupted".to_owned()),
        ],
        elapsed: Duration::from_secs(70),
        ..Outcome::default()
    }
}

#[test]
fn a_failure_says_what_why_what_exists_and_what_next() {
    let book = book("subnet/public-a", Phase::Intended, "", json!(null), &[]);
    let text = summary::failure(PLAIN(), 80, &plan(), &outcome(), &book, "platformctl up --env-suffix dev");
    assert_snapshot!(text, @r#"
    failed: subnet/public-a (public-a-dev)
      ec2:CreateSubnet: InvalidSubnet.Range: The CIDR '10.0.0.0/8' is invalid.
        (request r-1)
      cause: AWS refuses the request as it is
      now: unknown: it may exist, and the next run looks for it before it does
        anything
      remedy: choose another network.cidr

    not tried: 3 steps (2 waits for subnet/public-a, 1 interrupted)

    next: platformctl up --env-suffix dev
    "#);
}

#[test]
fn half_a_replacement_says_what_exists() {
    let mut book = book("vpc/main", Phase::Ready, "vpc-2", json!({}), &[]);
    let former =
        Deposed { id: "vpc-1".to_owned(), name: String::new(), outputs: Default::default(), dependencies: vec![] };
    book.deposed.insert(key("vpc/main"), vec![former]);
    let interrupted = (key("vpc/main"), "interrupted".to_owned());
    let outcome = Outcome {
        done: vec![(key("vpc/main"), Duration::from_secs(2))],
        skipped: vec![interrupted, (key("bucket/old"), "interrupted".to_owned())],
        interrupted: true,
        ..Outcome::default()
    };
    let text = summary::failure(PLAIN(), 80, &plan(), &outcome, &book, "platformctl up --env-suffix dev");
    assert_snapshot!(text, @r#"

    not finished:
      vpc/main: it exists and is recorded as vpc-2; the former one still has to go:
        vpc-1

    not tried: 1 step (1 interrupted)

    next: platformctl up --env-suffix dev
    "#);
    let effort = Effort { reading: 3, changing: 1, pace: Pace::Real };
    assert!(summary::effort(&plan(), &outcome, effort, 80).starts_with("1 begun in"));
}

#[test]
fn what_exists_is_told_by_the_state() {
    let subnet = key("subnet/public-a");
    let now = |phase| summary::exists_now(&book("subnet/public-a", phase, "subnet-1", json!(null), &[]), &subnet);
    assert_eq!(summary::exists_now(&Book::default(), &subnet), "nothing of it exists");
    assert_eq!(now(Phase::Created), "it exists and is recorded as subnet-1");
    assert!(now(Phase::Intended).starts_with("unknown"));
}

#[test]
fn the_effort_names_the_slowest() {
    let effort = Effort { reading: 30, changing: 12, pace: Pace::Simulated(20.0) };
    assert_snapshot!(summary::effort(&plan(), &outcome(), effort, 80), @r#"
    1 created, 1 replaced in 1m10s of simulated time
    longest: kms-key/main 1m05s, vpc/main 2.0s
    API calls: 30 reading, 12 changing
    "#);
}

#[test]
fn addresses_come_from_the_load_balancer() {
    let text = "[platform]\nteam = \"a\"\ncost_center = \"b\"\n[services.payments]\n[services.user-profile]\npath = \"/users\"\n";
    let config = config::parse("platform.toml", text).expect("sound");
    let book = book("load-balancer/main", Phase::Ready, "arn", json!({}), &[("dns_name", "alb-dev.example.com")]);
    let addresses = Addresses::find(&config, &book).expect("a load balancer");
    assert_snapshot!(addresses.text(PLAIN()), @r#"
    load balancer  alb-dev.example.com
    payments       http://alb-dev.example.com/payments
    user-profile   http://alb-dev.example.com/users
    "#);
    assert_eq!(Addresses::find(&config, &Book::default()), None);
}

#[test]
fn a_destroy_ends_with_the_proof() {
    let item = |key: &str, note: &str| Leftover { key: key.to_owned(), id: "id-1".to_owned(), note: note.to_owned() };
    let kept = [item("kms-key/main", "pending deletion until 2026-12-01")];
    let text = summary::leftovers(PLAIN(), "dev", &[], &kept);
    assert_snapshot!(text, @r#"
    nothing left of environment 'dev'
    AWS keeps for some days before it deletes them by itself:
      kms-key/main  id-1  pending deletion until 2026-12-01
    "#);
    assert_snapshot!(summary::leftovers(PLAIN(), "dev", &[item("vpc/main", "exists")], &[]), @r#"
    left of environment 'dev': 1 resource
      vpc/main  id-1  exists
    "#);
}

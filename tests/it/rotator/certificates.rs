//! Certificates rotated by the function's own clients over HTTP: repeated, cut off, overtaken, in every stage of a change of authority.

use std::time::Duration;

use platformctl::{
    mesh::{self, Authorities, AuthorityRequest, AuthoritySecret, LeafNote, LeafRequest, LeafSecret, Stage},
    rotator::{RotationError, Step},
};
use time::OffsetDateTime;

use super::world::{AUTHORITY_SECRET, DONE, World, now};

fn request() -> LeafRequest {
    LeafRequest {
        trust_domain: "dev.platform".to_owned(),
        service: "payments".to_owned(),
        dns_name: "payments.dev.local".to_owned(),
        days: 30,
    }
}

fn authority(days: u16) -> AuthorityRequest {
    AuthorityRequest { trust_domain: "dev.platform".to_owned(), namespace: "dev.local".to_owned(), days }
}

/// An authority, and a service's certificate as `up` makes it.
pub async fn world() -> World {
    let world = World::new("payments").await.of_certificate();
    let made = OffsetDateTime::now_utc() - Duration::from_secs(12 * 24 * 3600);
    let authorities = Authorities::create(&authority(365), made).expect("an authority");
    world.keep(AUTHORITY_SECRET, "mesh-authority-dev", &authorities.secret().to_json().expect("JSON"));
    let leaf = authorities.issue(&request(), made).expect("a certificate");
    world.keep(&world.secret_arn(), "mesh-certificate-payments-dev", &leaf.to_json().expect("JSON"));
    describe(&world, &leaf);
    world
}

fn describe(world: &World, leaf: &LeafSecret) {
    let text = LeafNote::of(leaf, &request()).expect("readable").to_string();
    world.state().secrets.get_mut(&world.secret_arn()).expect("the secret").description = text;
}

fn authorities(world: &World) -> Authorities {
    let text = world.state().secrets[AUTHORITY_SECRET].versions["first"].0.clone().expect("a value");
    Authorities::try_from(&AuthoritySecret::from_json(&text).expect("JSON")).expect("authorities")
}

/// What `rotate certificates --authority` does first in a phase.
fn advance(world: &World, phase: u8) {
    let next = authorities(world).advance(Stage::of_phase(phase), &authority(365), OffsetDateTime::now_utc());
    let text = next.expect("the next stage").secret().to_json().expect("JSON");
    let mut state = world.state();
    state.secrets.get_mut(AUTHORITY_SECRET).expect("there").versions.insert("first".to_owned(), (Some(text), now()));
}

/// What somebody else does who issues a certificate: a version of its own, and its description.
fn issue(world: &World, later: Duration) -> LeafSecret {
    let leaf = authorities(world).issue(&request(), OffsetDateTime::now_utc() + later).expect("a certificate");
    let arn = world.secret_arn();
    {
        let mut state = world.state();
        let secret = state.secrets.get_mut(&arn).expect("the secret");
        let id = format!("ordered-{}", secret.versions.len());
        secret.versions.insert(id.clone(), (Some(leaf.to_json().expect("JSON")), now()));
        secret.label("AWSCURRENT", &id);
    }
    describe(world, &leaf);
    leaf
}

pub fn leaf(world: &World, label: &str) -> LeafSecret {
    let secret = world.secret();
    let (text, _) = &secret.versions[&secret.stages[label]];
    LeafSecret::from_json(text.as_deref().expect("a value")).expect("a certificate")
}

fn note(world: &World) -> LeafNote {
    LeafNote::read(&world.secret().description).expect("a note")
}

/// What is in use is what peers accept and what the description says.
pub fn assert_good(world: &World) {
    let (leaf, authorities) = (leaf(world, "AWSCURRENT"), authorities(world));
    leaf.verify(&request(), &authorities.bundle(), OffsetDateTime::now_utc()).expect("peers accept it");
    assert!(authorities.would_issue(&note(world)).expect("readable"));
    assert_eq!(note(world).fingerprint, mesh::fingerprint(&leaf.cert_chain).expect("readable"));
}

/// No key that any version of any secret ever held is in this text, nor anything in PEM.
pub fn assert_untold(world: &World, text: &str) {
    assert!(!text.contains("-----BEGIN"), "{text}");
    let state = world.state();
    let values = state.secrets.values().flat_map(|it| it.versions.values()).filter_map(|(text, _)| text.clone());
    let lines = values.flat_map(|value| {
        let parts: Vec<String> = value.split("PRIVATE KEY-----\\n").skip(1).map(str::to_owned).collect();
        parts.into_iter().filter_map(|rest| Some(rest.split("\\n").next()?.to_owned()))
    });
    let keys: Vec<String> = lines.filter(|line| line.len() == 64).collect();
    assert!(keys.len() >= 3, "there is something to look for");
    assert!(!keys.iter().any(|key| text.contains(key)), "a key is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_twice_makes_one_certificate_and_one_deployment() {
    let world = world().await;
    world.state().deployments.push((now(), DONE));
    let first = note(&world).fingerprint;
    for round in 1..=3 {
        let before = leaf(&world, "AWSCURRENT");
        let token = world.order();
        let rotator = world.rotator();
        for step in Step::ALL {
            for time in ["once", "twice"] {
                let done = rotator.run(&world.event(step, &token)).await;
                done.unwrap_or_else(|error| panic!("{step:?} {time}: {error}"));
            }
        }
        world.rotated();
        assert_eq!(leaf(&world, "AWSPREVIOUS"), before);
        assert_good(&world);
        assert_eq!(note(&world).ordered(), first, "whoever ordered the first one need not be told");
        assert_eq!(world.state().deployments.len(), round + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_after_any_call_and_run_again_it_comes_to_the_same_end() {
    let world = world().await;
    world.state().deployments.push((now(), DONE));
    let (first, mut calls) = (note(&world).fingerprint, 1);
    loop {
        let token = world.order();
        let (before, deployments) = (leaf(&world, "AWSCURRENT"), world.state().deployments.len());
        let ended = world.cut_off(calls, world.steps(&token)).await;
        leaf(&world, "AWSCURRENT");
        world.steps(&token).await.unwrap_or_else(|error| panic!("again after {calls} calls: {error}"));
        assert_eq!(leaf(&world, "AWSPREVIOUS"), before, "after {calls} calls");
        assert_good(&world);
        assert_eq!(note(&world).ordered(), first, "after {calls} calls");
        assert_eq!(world.state().deployments.len(), deployments + 1, "after {calls} calls");
        if ended {
            break;
        }
        calls += 1;
    }
    println!("cut off after each of {} calls", calls - 1);
    assert!(calls > 15, "{calls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_each_stage_of_a_change_of_authority_it_is_as_the_stage_wants_it() {
    let world = world().await;
    world.state().deployments.push((now(), DONE));
    for phase in 1..=3 {
        let before = note(&world);
        // One that was pending when the stage came is given up.
        let pending = world.order();
        let rotator = world.rotator();
        for step in &Step::ALL[..3] {
            rotator.run(&world.event(*step, &pending)).await.expect("in time");
        }
        advance(&world, phase);
        let late = rotator.run(&world.event(Step::FinishSecret, &pending)).await;
        assert!(matches!(late, Err(RotationError::Outdated(_))), "phase {phase}: {late:?}");
        assert_eq!(note(&world), before, "what is in use stays");
        assert!(!world.secret().stages.contains_key("AWSPENDING"), "the next one is not kept from beginning");
        let again = rotator.run(&world.event(Step::CreateSecret, &pending)).await;
        assert!(matches!(again, Err(RotationError::NotPending { .. })), "{again:?}");
        // The next one is of the new stage, and whoever rolls the phase out learns of it.
        world.rotate().await;
        assert_good(&world);
        let after = note(&world);
        assert_eq!(after.ordered(), after.fingerprint, "phase {phase}");
        world.rotate().await;
        assert_good(&world);
        assert_eq!(note(&world).ordered(), after.fingerprint, "phase {phase}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_issued_one_later_keeps_it() {
    let world = world().await;
    world.state().deployments.push((now(), DONE));
    for done in 0..=3 {
        let token = world.order();
        let rotator = world.rotator();
        for step in &Step::ALL[..done] {
            rotator.run(&world.event(*step, &token)).await.expect("a step");
        }
        let theirs = issue(&world, Duration::from_secs(5 * (1 + done as u64)));
        let deployments = world.state().deployments.len();
        for step in &Step::ALL[done..] {
            let told = rotator.run(&world.event(*step, &token)).await;
            assert!(told.is_ok(), "{done} {step:?}: {told:?}");
        }
        assert_eq!(leaf(&world, "AWSCURRENT"), theirs, "{done}");
        assert!(!world.secret().stages.contains_key("AWSPENDING"));
        assert_eq!(world.state().deployments.len(), deployments, "and its deployment is theirs");
        for step in Step::ALL {
            let told = rotator.run(&world.event(step, &token)).await.expect("nothing to do");
            assert!(told.contains("newer"), "{told}");
        }
        world.rotated();
        assert_good(&world);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_under_way_is_left_alone_as_long_as_nothing_ends_first() {
    let world = world().await;
    world.state().deployments = vec![(now(), DONE), (now(), "IN_PROGRESS")];
    world.rotate().await;
    assert_good(&world);
    assert_eq!(world.state().deployments.len(), 2);
    // The tasks that run are from before the certificate that is replaced now.
    let old = now() - 1000.0;
    world.state().deployments = vec![(old, DONE), (now(), "IN_PROGRESS")];
    let token = world.order();
    let error = world.steps(&token).await.expect_err("they would hold it for too long").to_string();
    assert!(error.contains("older than the one before"), "{error}");
    assert_good(&world);
    world.state().deployments = vec![(old, DONE)];
    world.steps(&token).await.expect("made up for");
    assert_eq!(world.state().deployments.len(), 2);
    assert_good(&world);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_fails_the_rotation_and_nothing_else() {
    let world = world().await;
    let before = leaf(&world, "AWSCURRENT");
    let rotator = world.rotator();
    // Somebody puts something else into the pending version.
    let stranger = Authorities::create(&authority(365), OffsetDateTime::now_utc()).expect("an authority");
    let stranger = stranger.issue(&request(), OffsetDateTime::now_utc()).expect("a certificate");
    let other = LeafRequest { service: "accounts".to_owned(), ..request() };
    let other = authorities(&world).issue(&other, OffsetDateTime::now_utc()).expect("a certificate");
    let swapped = LeafSecret { private_key: stranger.private_key.clone(), ..before.clone() };
    for (wrong, told) in [(stranger, "BadSignature"), (other, "accounts"), (swapped, "another certificate")] {
        let token = world.order();
        let text = wrong.to_json().expect("JSON");
        let arn = world.secret_arn();
        world.state().secrets.get_mut(&arn).expect("there").versions.insert(token.clone(), (Some(text), now()));
        let error = world.steps(&token).await.expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
        assert_untold(&world, &error);
        assert_eq!(leaf(&world, "AWSCURRENT"), before);
    }
    // Secrets Manager tries the function out: a copy of what is in use, without the steps before.
    let token = world.order();
    let (arn, text) = (world.secret_arn(), before.to_json().expect("JSON"));
    world.state().secrets.get_mut(&arn).expect("there").versions.insert(token.clone(), (Some(text), now()));
    rotator.run(&world.event(Step::TestSecret, &token)).await.expect("what is in use is good");
    assert!(!world.secret().stages.contains_key("PLATFORMCTL_TESTED"), "no label stays on what is taken away again");
    // The authority ends.
    let gone = OffsetDateTime::now_utc() - Duration::from_secs(400 * 24 * 3600);
    let gone = Authorities::create(&authority(365), gone).expect("an authority").secret().to_json().expect("JSON");
    world.keep(AUTHORITY_SECRET, "mesh-authority-dev", &gone);
    let token = world.order();
    let error = world.steps(&token).await.expect_err("expired").to_string();
    assert!(error.contains("expired") && error.contains("renew the authority"), "{error}");
    assert_eq!(leaf(&world, "AWSCURRENT"), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_come_to_one_certificate() {
    let world = world().await;
    world.state().deployments.push((now(), DONE));
    for _ in 0..5 {
        let token = world.order();
        for step in Step::ALL {
            let (one, two) = (world.rotator(), world.rotator());
            let event = world.event(step, &token);
            let (one, two) = tokio::join!(one.run(&event), two.run(&event));
            one.and(two).unwrap_or_else(|error| panic!("{step:?}: {error}"));
        }
        world.rotated();
        assert_good(&world);
    }
}

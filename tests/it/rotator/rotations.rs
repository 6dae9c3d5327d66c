//! Rotations, repeated, cut off, at once, with all that a password can hold.

use std::{collections::BTreeSet, time::Instant};

use platformctl::rotator::{RotationError, Step, secret::Credentials};

use super::world::{DONE, World, now};

/// No password that any version of any secret ever held is in the database's log, in a statement, or in this text.
pub fn assert_untold(world: &World, text: &str) {
    let log = world.postgres.log();
    let state = world.state();
    let values =
        state.secrets.values().flat_map(|secret| secret.versions.values()).filter_map(|(text, _)| text.as_ref());
    let passwords: BTreeSet<String> = values
        .filter_map(|text| Credentials::from_json(text))
        .map(|it| it.password)
        .filter(|it| it != "none")
        .collect();
    assert!(passwords.len() > 2, "there is something to look for");
    for password in passwords {
        assert!(!log.contains(&password), "the database's log holds a password");
        assert!(!text.contains(&password), "a log holds a password");
        assert!(state.statements.iter().all(|sql| !sql.contains(&password)), "a statement holds a password");
    }
}

/// A client that connects with what tasks hold: the credentials that were current when they were started.
async fn client(world: &World, held: &Credentials) -> bool {
    world.logs_in(held).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_rotations_in_a_row_lock_nobody_out_who_should_be_let_in() {
    let world = World::new("payments").await;
    world.rotate().await;
    world.state().deployments.push((now(), DONE));
    let (mut before, mut failed, mut tried, mut slowest) = (Vec::new(), 0, 0, 0);
    for round in 0..10 {
        let secret = world.secret();
        // Tasks that were started before the rotation, and after it.
        let old = secret.credentials("AWSCURRENT");
        let token = world.order();
        let rotator = world.rotator();
        let started = Instant::now();
        for step in Step::ALL {
            rotator.run(&world.event(step, &token)).await.unwrap_or_else(|error| panic!("{round} {step:?}: {error}"));
            failed += usize::from(!client(&world, &old).await);
            tried += 1;
        }
        slowest = slowest.max(started.elapsed().as_millis());
        world.rotated();
        let secret = world.secret();
        let (current, previous) = (secret.credentials("AWSCURRENT"), secret.credentials("AWSPREVIOUS"));
        assert_eq!(previous, old);
        assert!(world.logs_in(&current).await && world.logs_in(&previous).await, "round {round}");
        for dead in &before {
            assert!(!world.logs_in(dead).await, "round {round}: the ones before are dead");
        }
        before.push(previous);
        assert_eq!(world.state().deployments.len(), round + 2, "each rotation rolls the service out once");
        assert_eq!(world.login_secret().credentials("AWSCURRENT").username, "nobody", "nothing stays lent");
    }
    println!("a rotation takes {slowest} ms at most, log-ins of a client among it");
    assert_eq!((failed, tried), (0, 40), "log-ins with what a task holds, at every step");
    assert_untold(&world, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_users_own_what_either_makes_and_nobody_else_reaches_it() {
    let world = World::new("user-profile").await;
    world.rotate().await;
    let secret = world.secret();
    let (first, second) = (secret.credentials("AWSPREVIOUS"), secret.credentials("AWSCURRENT"));
    assert_eq!((first.username.as_str(), second.username.as_str()), ("user_profile_a", "user_profile_b"));
    let place = second.database.clone().expect("where the database is");
    assert_eq!((place.port, place.name.as_str()), (world.postgres.port, "platform"));
    let one = world.postgres.log_in(&first.username, &first.password).await.expect("the first user");
    one.batch_execute("CREATE TABLE profiles (id int); INSERT INTO profiles VALUES (1)").await.expect("a table");
    let two = world.postgres.log_in(&second.username, &second.password).await.expect("the second user");
    two.batch_execute("ALTER TABLE profiles ADD COLUMN name text; DROP TABLE profiles").await.expect("it owns it, too");
    two.batch_execute("CREATE TABLE public.x (id int)").await.expect_err("not in the common schema");
    world.keep_service("other");
    let other = world.of("other");
    other.rotate().await;
    let stranger = other.secret().credentials("AWSCURRENT");
    let stranger = other.postgres.log_in(&stranger.username, &stranger.password).await.expect("another service");
    one.batch_execute("CREATE TABLE profiles (id int)").await.expect("a table");
    stranger.batch_execute("SELECT * FROM user_profile.profiles").await.expect_err("not its own");
    stranger.batch_execute("ALTER ROLE user_profile_a PASSWORD 'x'").await.expect_err("not its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_can_be_done_twice() {
    let world = World::new("payments").await;
    world.state().deployments.push((now(), DONE));
    for _ in 0..3 {
        let token = world.order();
        let rotator = world.rotator();
        for step in Step::ALL {
            for time in ["once", "twice"] {
                let done = rotator.run(&world.event(step, &token)).await;
                done.unwrap_or_else(|error| panic!("{step:?} {time}: {error}"));
            }
        }
        world.rotated();
        let secret = world.secret();
        assert!(world.logs_in(&secret.credentials("AWSCURRENT")).await);
        assert!(world.logs_in(&secret.credentials("AWSPREVIOUS")).await);
    }
    assert_eq!(world.state().deployments.len(), 4, "no deployment is started twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_after_any_call_and_run_again_it_comes_to_the_same_end() {
    let world = World::new("payments").await;
    world.rotate().await;
    world.state().deployments.push((now(), DONE));
    let mut calls = 1;
    loop {
        let token = world.order();
        let before = world.secret().credentials("AWSCURRENT");
        let ended = world.cut_off(calls, world.steps(&token)).await;
        assert!(world.logs_in(&before).await, "after {calls} calls, what tasks hold still works");
        world.steps(&token).await.unwrap_or_else(|error| panic!("again after {calls} calls: {error}"));
        let secret = world.secret();
        let (current, previous) = (secret.credentials("AWSCURRENT"), secret.credentials("AWSPREVIOUS"));
        assert!(current != before && previous == before, "after {calls} calls");
        assert!(world.logs_in(&current).await && world.logs_in(&previous).await, "after {calls} calls");
        if ended {
            break;
        }
        calls += 1;
    }
    println!("cut off after each of {} calls", calls - 1);
    assert!(calls > 25, "{calls}");
    assert_untold(&world, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_left_half_done_is_taken_over_by_the_next_one() {
    let world = World::new("payments").await;
    world.rotate().await;
    for calls in [6, 12, 18, 24] {
        let abandoned = world.order();
        world.cut_off(calls, world.steps(&abandoned)).await;
        let token = world.order();
        world.steps(&token).await.expect("the next one");
        let secret = world.secret();
        assert!(world.logs_in(&secret.credentials("AWSCURRENT")).await);
        assert!(world.logs_in(&secret.credentials("AWSPREVIOUS")).await);
        let late = world.rotator().run(&world.event(Step::SetSecret, &abandoned)).await;
        assert!(matches!(late, Err(RotationError::NotPending { .. })), "an abandoned one does no harm: {late:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_can_not_be_reached_fails_the_rotation_and_nothing_else() {
    let world = World::new("payments").await;
    world.rotate().await;
    let before = world.secret().credentials("AWSCURRENT");
    let token = world.order();
    world.state().unreachable = true;
    let error = world.steps(&token).await.expect_err("unreachable").to_string();
    assert!(error.contains("isn't available") && error.contains("setting up the user"), "{error}");
    assert_eq!(world.secret().credentials("AWSCURRENT"), before);
    world.state().unreachable = false;
    assert!(world.logs_in(&before).await);
    world.steps(&token).await.expect("later it can");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_password_is_set_as_it_is() {
    let world = World::new("payments").await;
    let awkward = [
        "it's",
        "\"double\"",
        "back\\slash\\",
        "$create$ $$ END",
        "semi; DROP ROLE postgres; --",
        " spaces  around ",
        "tab\tnewline\nreturn\r",
        "percent%s {brace} ${dollar}",
        "ünïcödé ☃ 🦀",
        "soft\u{ad}hyphen",
        "ligature \u{fb01} \u{2168}",
        "SCRAM-SHA-256$4096:AAAA$BBBB:CCCC",
        "md5d41d8cd98f00b204e9800998ecf8427e",
        &"long ".repeat(40),
    ];
    for password in awkward {
        let token = world.order();
        let current = world.secret().credentials("AWSCURRENT");
        let username = if current.username.ends_with("_a") { "payments_b" } else { "payments_a" }.to_owned();
        let pending = Credentials { database: None, username, password: password.to_owned() };
        let arn = world.secret_arn();
        let put = |text: String| {
            let mut state = world.state();
            let secret = state.secrets.get_mut(&arn).expect("the secret");
            secret.versions.insert(token.clone(), (Some(text), now()));
        };
        put(pending.to_json());
        world.steps(&token).await.unwrap_or_else(|error| panic!("{password:?}: {error}"));
        assert_eq!(world.secret().credentials("AWSCURRENT"), pending);
        assert!(world.logs_in(&pending).await, "{password:?}");
    }
    assert_untold(&world, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_come_to_one_end() {
    let world = World::new("payments").await;
    world.state().separate = true;
    for _ in 0..5 {
        let token = world.order();
        for step in Step::ALL {
            let (one, two) = (world.rotator(), world.rotator());
            let event = world.event(step, &token);
            let (one, two) = tokio::join!(one.run(&event), two.run(&event));
            one.and(two).unwrap_or_else(|error| panic!("{step:?}: {error}"));
        }
        world.rotated();
        let secret = world.secret();
        assert!(world.logs_in(&secret.credentials("AWSCURRENT")).await);
        assert!(world.logs_in(&secret.credentials("AWSPREVIOUS")).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_hold_a_password_keep_it_from_being_changed() {
    let world = World::new("payments").await;
    world.rotate().await;
    world.state().deployments.push((now(), DONE));
    // What is ordered in the same millisecond can't be told apart.
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    world.state().becomes = "IN_PROGRESS";
    world.rotate().await;
    let held = world.secret().credentials("AWSPREVIOUS");
    let token = world.order();
    let early = world.steps(&token).await.expect_err("its tasks are still being replaced");
    assert!(matches!(early, RotationError::RollingOut(_)), "{early}");
    assert!(world.logs_in(&held).await);
    world.state().deployments.iter_mut().for_each(|deployment| deployment.1 = DONE);
    world.state().becomes = DONE;
    world.steps(&token).await.expect("they have been replaced");
    assert!(!world.logs_in(&held).await);
    // A roll-out that was lost is made up for before anything is changed.
    world.state().deployments.truncate(1);
    let held = world.secret().credentials("AWSPREVIOUS");
    let token = world.order();
    let lost = world.steps(&token).await.expect_err("tasks were never replaced");
    assert!(matches!(lost, RotationError::NotRolledOut(_)), "{lost}");
    assert!(world.logs_in(&held).await && world.state().deployments.len() == 2);
    world.steps(&token).await.expect("now they have been");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_of_before_the_switch_is_not_taken_for_one_that_brings_the_new_ones() {
    let world = World::new("payments").await;
    world.rotate().await;
    world.state().deployments.push((now(), DONE));
    let a_moment = || tokio::time::sleep(std::time::Duration::from_millis(10));
    a_moment().await;
    world.rotate().await;
    a_moment().await;
    // Somebody deploys after the new version was made and before it is current, as where a rotation is repeated for hours.
    let (token, rotator) = (world.order(), world.rotator());
    rotator.run(&world.event(Step::CreateSecret, &token)).await.expect("made");
    let held = world.secret().credentials("AWSCURRENT");
    a_moment().await;
    world.state().deployments.push((now(), DONE));
    a_moment().await;
    world.state().becomes = "ROLLBACK_SUCCESSFUL";
    world.steps(&token).await.expect("a rotation whose roll-out fails");
    assert_eq!(world.secret().credentials("AWSPREVIOUS"), held);
    // Whose turn it is now is who the running tasks log in as.
    let token = world.order();
    for _ in 0..2 {
        let refused = world.steps(&token).await.expect_err("running tasks hold what would be changed");
        assert!(matches!(refused, RotationError::NotRolledOut(_)), "{refused}");
        assert!(world.logs_in(&held).await);
    }
    world.state().becomes = DONE;
    world.steps(&token).await.expect_err("a deployment is made up for first");
    world.steps(&token).await.expect("it succeeded");
    assert!(!world.logs_in(&held).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_noted_the_switch_a_deployment_comes_first() {
    let world = World::new("payments").await;
    world.rotate().await;
    world.state().deployments.push((now(), DONE));
    world.rotate().await;
    let (held, arn) = (world.secret().credentials("AWSPREVIOUS"), world.secret_arn());
    let noted = |world: &World| world.secret().description.clone();
    assert!(
        noted(&world).starts_with("; version 00000000-0000-4000-8000-000000000002 in use since 20"),
        "{}",
        noted(&world)
    );
    world.state().secrets.get_mut(&arn).expect("the secret").description = "of payments".to_owned();
    let token = world.order();
    let first = world.steps(&token).await.expect_err("nobody knows what the tasks hold");
    assert!(matches!(first, RotationError::NotRolledOut(_)), "{first}");
    assert!(world.logs_in(&held).await);
    assert!(
        noted(&world).starts_with("of payments; version 00000000-0000-4000-8000-000000000002 in use"),
        "{}",
        noted(&world)
    );
    world.steps(&token).await.expect("now it is known");
    assert!(
        noted(&world).starts_with("of payments; version 00000000-0000-4000-8000-000000000003 in use"),
        "{}",
        noted(&world)
    );
}

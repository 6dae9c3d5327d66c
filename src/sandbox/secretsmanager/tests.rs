use std::time::Duration;

use serde_json::Value;

use crate::aws::secrets::{AuthoritySecret, CertificateSecret, CredentialsSecret};
use crate::engine::{Class, Gone, Life, Output, Physical, Resource};
use crate::mesh::{self, LeafSecret};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::keys::key;
use crate::sandbox::tests::support::code;

const NAME: &str = "db-credentials-payments-dev";

async fn credentials(bench: &Bench) -> Specimen<CredentialsSecret> {
    let spec = CredentialsSecret {
        key: key(bench, "main").await,
        description: "Database credentials of payments".into(),
        username: "payments".into(),
    };
    Specimen::new("payments", NAME, spec)
}

/// One of the same name, made with another token.
fn successor(it: Specimen<CredentialsSecret>) -> Specimen<CredentialsSecret> {
    Specimen::new("successor", NAME, it.spec)
}

fn value(bench: &Bench, arn: &str) -> String {
    let look =
        bench.sandbox.look(|call| call.world.secretsmanager.find(arn).and_then(|it| it.text().map(str::to_owned)));
    look.expect("a look").expect("a value")
}

#[tokio::test(start_paused = true)]
async fn credentials_live_and_are_told_to_nobody() {
    let bench = Bench::open().await;
    let it = credentials(&bench).await;
    let made = bench.live(&it).await;
    let secret: Value = serde_json::from_str(&value(&bench, &made.id)).expect("JSON");
    let password = secret["password"].as_str().expect("a password");
    assert_eq!((secret["username"].as_str(), password.len()), (Some("payments"), 32));
    let seen = bench.see(&it, None, false).await;
    assert!(!format!("{made:?} {seen:?} {:?}", it.spec).contains(password));
    bench.end(&it, &made).await;
    let again = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("the token was used");
    assert_eq!((again.class, again.code.as_deref()), (Class::Exists, Some("ResourceExistsException")));
    bench.live(&successor(it)).await;
}

#[tokio::test(start_paused = true)]
async fn a_second_create_of_the_same_generation_finds_the_name_taken() {
    let bench = Bench::open().await;
    let it = credentials(&bench).await;
    let created = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect("created");
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("another value");
    assert_eq!((failure.class, failure.code.as_deref()), (Class::Exists, Some("ResourceExistsException")));
    // The list doesn't show it yet, and the look finds it all the same.
    let listed = bench.aws.secrets.list_secrets().send().await.expect("a list");
    assert!(listed.secret_list().is_empty());
    let seen = bench.see(&it, None, false).await;
    assert_eq!(seen.iter().map(|seen| seen.id.as_str()).collect::<Vec<_>>(), [created.id]);
}

#[tokio::test(start_paused = true)]
async fn description_and_key_are_changed() {
    let bench = Bench::open().await;
    let mut it = credentials(&bench).await;
    let mut made = bench.live(&it).await;
    let before = value(&bench, &made.id);
    it.spec.description = "Credentials".into();
    it.spec.key = key(&bench, "other").await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["key", "description"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(value(&bench, &made.id), before);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_somebody_scheduled_for_deletion_is_broken_and_goes_at_once_when_told() {
    let bench = Bench::open().await;
    let it = credentials(&bench).await;
    let made = bench.live(&it).await;
    let call = bench.aws.secrets.delete_secret().secret_id(&made.id).recovery_window_in_days(7);
    call.send().await.expect("scheduled");
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(matches!(&seen[0].life, Life::Broken(_)));
    let failure = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("its name is taken");
    assert_eq!(failure.class, Class::Blocked);
    CredentialsSecret::delete(&bench.aws, &made).await.expect("deleted");
    assert_eq!(CredentialsSecret::gone(&bench.aws, &made).await.expect("a look"), Gone::NotYet("being deleted".into()));
    bench.live(&successor(it)).await;
}

fn authority(key: &Output<crate::aws::kms::KmsKeyArn>) -> Specimen<AuthoritySecret> {
    let spec = AuthoritySecret {
        key: key.clone(),
        trust_domain: "dev.platform".into(),
        namespace: "dev.local".into(),
        days: 365,
        to: None,
    };
    Specimen::new("services", "mesh-authority-dev", spec)
}

fn certificate(key: &Output<crate::aws::kms::KmsKeyArn>, authority: &Physical) -> Specimen<CertificateSecret> {
    let spec = CertificateSecret {
        key: key.clone(),
        authority: Output::known(&authority.id),
        issuer: Output::known(&authority.outputs["fingerprint"]),
        trust: Output::known(&authority.outputs["trust"]),
        service: "payments".into(),
        trust_domain: "dev.platform".into(),
        dns_name: "payments.dev.local".into(),
        days: 30,
        renew_before_days: 10,
        issued_after: None,
    };
    Specimen::new("payments", "mesh-certificate-payments-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn the_authority_issues_certificates_and_both_tell_when_they_end() {
    let bench = Bench::open().await;
    let key = key(&bench, "main").await;
    let authority = authority(&key);
    let ca = bench.live(&authority).await;
    let mut it = certificate(&key, &ca);
    let mut made = bench.live(&it).await;

    let leaf = LeafSecret::from_json(&value(&bench, &made.id)).expect("the layout of the task definitions");
    assert_eq!(mesh::fingerprint(&leaf.cert_chain).expect("readable"), made.outputs["fingerprint"]);
    assert_eq!(mesh::fingerprint(&leaf.ca_bundle).expect("readable"), ca.outputs["fingerprint"]);
    assert_eq!((leaf.not_after - bench.aws.now()).whole_days(), 29);
    assert!(made.outputs["not_after"] < ca.outputs["not_after"]);
    for secret in [value(&bench, &made.id), value(&bench, &ca.id)] {
        let secret: Value = serde_json::from_str(&secret).expect("JSON");
        let key = secret["private_key"].as_str().expect("a key");
        assert!(!format!("{made:?}{ca:?}").contains(key));
    }

    // Near its end, it differs from what is wanted and is issued anew.
    it.spec.renew_before_days = 31;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), ["renew_before_days"]);
    let before = made.outputs["fingerprint"].clone();
    it.spec.days = 60;
    bench.change(&it, &mut made, vec!["days".into(), "renew_before_days".into()]).await;
    assert_ne!(made.outputs["fingerprint"], before);
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), Vec::<String>::new());

    bench.end(&it, &made).await;
    bench.end(&authority, &ca).await;
}

#[tokio::test(start_paused = true)]
async fn a_changed_authority_is_seen_at_once_though_the_list_still_shows_the_former() {
    let bench = Bench::open().await;
    let key = key(&bench, "main").await;
    let mut it = authority(&key);
    let mut ca = bench.live(&it).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let before = ca.outputs.clone();
    it.spec.to = Some(mesh::Stage::Introduced);
    let seen = bench.see(&it, Some(&ca.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), ["to"]);
    bench.change(&it, &mut ca, vec!["to".into()]).await;
    assert_eq!((&ca.outputs["fingerprint"], ca.outputs["stage"].as_str()), (&before["fingerprint"], "introduced"));
    assert!(ca.outputs["trust"].contains(&before["trust"]) && ca.outputs["trust"].contains('+'));

    let listed = bench.aws.secrets.list_secrets().send().await.expect("a list");
    let shown = |text: &str| listed.secret_list().iter().any(|entry| entry.description() == Some(text));
    let described = bench.aws.secrets.describe_secret().secret_id(&ca.id).send().await.expect("described");
    assert!(!shown(described.description().unwrap_or_default()), "the list is behind");
    let seen = bench.see(&it, Some(&ca.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), Vec::<String>::new());
    assert_eq!(seen[0].outputs, ca.outputs);
    // Once more, as after a lost answer: the next one stays the next one.
    bench.change(&it, &mut ca, vec!["to".into()]).await;
    assert_eq!(seen[0].outputs, ca.outputs);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_ends_with_its_authority_is_not_issued_again_and_again() {
    let bench = Bench::open().await;
    let key = key(&bench, "main").await;
    let mut issuer = authority(&key);
    issuer.spec.days = 8;
    let ca = bench.live(&issuer).await;
    let it = certificate(&key, &ca);
    let made = bench.live(&it).await;
    assert_eq!(made.outputs["not_after"], ca.outputs["not_after"]);
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert_eq!(bench.differences(&it, &seen[0].observed), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_was_found_without_its_description_is_read_from_its_value() {
    let bench = Bench::open().await;
    let key = key(&bench, "main").await;
    let authority = authority(&key);
    let ca = bench.live(&authority).await;
    bench.aws.secrets.update_secret().secret_id(&ca.id).description("mine").send().await.expect("described");
    let seen = bench.see(&authority, None, false).await;
    assert!(!seen[0].outputs.contains_key("fingerprint"));
    let found = Physical { outputs: seen[0].outputs.clone(), ..ca.clone() };
    let crate::engine::Readiness::Ready(outputs) = authority.spec.ready(&bench.aws, &found).await.expect("a look")
    else {
        panic!("it is there");
    };
    assert_eq!(outputs, ca.outputs);
    // It is described again by the next change, and not before: the words may mean something to somebody.
    let mut described = ca.clone();
    bench.change(&authority, &mut described, vec!["to".into()]).await;
    let seen = bench.see(&authority, None, false).await;
    assert_eq!((&seen[0].outputs, bench.differences(&authority, &seen[0].observed)), (&ca.outputs, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn what_is_recorded_is_seen_with_one_call_once_the_list_shows_it() {
    let bench = Bench::open().await;
    let it = credentials(&bench).await;
    let made = bench.live(&it).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let count = |bench: &Bench| -> u64 {
        let counts = bench.aws.log.counts().into_iter().filter(|((service, _), _)| service == "Secrets Manager");
        counts.map(|(_, count)| count).sum()
    };
    let before = count(&bench);
    assert_eq!(bench.see(&it, Some(&made.id), false).await.len(), 1);
    assert_eq!(count(&bench) - before, 1);
}

#[tokio::test(start_paused = true)]
async fn what_secrets_manager_refuses() {
    let bench = Bench::open().await;
    let secrets = &bench.aws.secrets;
    let create = |name: &str| secrets.create_secret().name(name).secret_string("x");
    assert_eq!(code(create("a b").send().await), "ValidationException");
    assert_eq!(code(create("a").client_request_token("short").send().await), "InvalidParameterException");
    assert_eq!(code(create("a").kms_key_id("alias/none").send().await), "EncryptionFailure");
    assert_eq!(code(secrets.describe_secret().secret_id("a").send().await), "ResourceNotFoundException");

    let token = "0123456789abcdef0123456789abcdef";
    let key = key(&bench, "main").await;
    let made =
        create("a").kms_key_id(key.get().expect("known")).client_request_token(token).send().await.expect("made");
    let again = create("a").client_request_token(token).send().await.expect("the same request");
    assert_eq!(again.arn(), made.arn());
    let update = |text: &str| secrets.update_secret().secret_id("a").secret_string(text);
    assert_eq!(code(update("y").client_request_token(token).send().await), "ResourceExistsException");
    update("y").send().await.expect("a new version");

    bench.aws.kms.schedule_key_deletion().key_id(key.get().expect("known")).send().await.expect("scheduled");
    settle().await;
    assert_eq!(code(secrets.get_secret_value().secret_id("a").send().await), "DecryptionFailure");
    assert_eq!(code(update("z").send().await), "EncryptionFailure");

    let delete = || secrets.delete_secret().secret_id("a");
    let both = delete().force_delete_without_recovery(true).recovery_window_in_days(7);
    assert_eq!(code(both.send().await), "InvalidParameterException");
    assert_eq!(code(delete().recovery_window_in_days(6).send().await), "InvalidParameterException");
    delete().send().await.expect("scheduled");
    assert_eq!(code(secrets.get_secret_value().secret_id("a").send().await), "InvalidRequestException");
    assert_eq!(code(update("z").send().await), "InvalidRequestException");
    tokio::time::sleep(Duration::from_secs(31 * 24 * 3600)).await;
    assert_eq!(code(secrets.describe_secret().secret_id("a").send().await), "ResourceNotFoundException");
}

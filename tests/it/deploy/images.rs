//! Which image is meant, and whether it can run: in the account's registry, and in others.

use platformctl::operation::deploy::{Image, Outcome, Request};
use serde_json::json;

use super::bench::{Bench, Seen, tag};

fn reference(image: &str) -> Request {
    let mut request = tag("payments", "1");
    request.services[0].1 = Image::Reference(image.to_owned());
    request
}

fn refused(seen: &Seen, why: &str) {
    let (error, hint) = (seen.error().to_string(), seen.error().remedy().unwrap_or_default());
    assert!(error.contains(why), "{why}: {error}");
    assert!(!hint.is_empty(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_single_image_is_told_by_its_configuration_and_an_index_by_its_list() {
    let bench = Bench::up().await;
    bench.push_for("payments", "arm", "arm64", json!({})).await;
    bench.push_index("payments", "arms", &["arm64"]).await;
    bench.push_index("payments", "both", &["arm64", "amd64"]).await;
    let before = bench.lab.inventory();
    let single = bench.deploy(&tag("payments", "arm")).await;
    insta::assert_snapshot!("architecture", single.recorded());
    refused(&single, "the image is for linux/arm64, tasks are X86_64 (linux/amd64)");
    refused(&bench.deploy(&tag("payments", "arms")).await, "the image is for linux/arm64, tasks are X86_64");
    assert_eq!(bench.lab.inventory(), before, "nothing was registered");
    let both = bench.deploy(&tag("payments", "both")).await;
    assert_eq!(both.verdict().outcome, Outcome::Succeeded, "{}", both.text);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn images_of_other_registries_are_pinned_too() {
    let bench = Bench::up().await;
    for image in ["nginx:1", "public.ecr.aws/nginx/nginx:1.29", "ghcr.io/example/app:2", "quay.io/sandbox/single:3"] {
        let seen = bench.deploy(&reference(image)).await;
        assert_eq!(seen.verdict().outcome, Outcome::Succeeded, "{image}: {}", seen.text);
        let runs = bench.image("payments").await;
        let name = image.rsplit_once(':').map_or(image, |(name, _)| name);
        assert!(runs.starts_with(&format!("{name}@sha256:")), "{image}: {runs}");
        let again = bench.deploy(&reference(image)).await;
        assert_eq!(again.verdict().outcome, Outcome::Unchanged, "{}", again.text);
        let pinned = bench.deploy(&reference(&runs)).await;
        assert_eq!(pinned.verdict().outcome, Outcome::Unchanged, "{}", pinned.text);
    }
    let workspace = bench.workspace().await;
    let entries = platformctl::operation::deploy::history::history(&workspace, "payments", 1).await.expect("one");
    assert_eq!(entries[0].asked.as_deref(), Some("quay.io/sandbox/single:3"), "the tag is remembered");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn several_services_ask_a_registry_once() {
    let bench = Bench::up().await;
    let mut request = reference("ghcr.io/example/app:1");
    request.services.push(("accounts".to_owned(), request.services[0].1.clone()));
    let seen = bench.deploy(&request).await;
    assert!(seen.result.as_ref().is_ok_and(|all| all.iter().all(|(_, it)| it.outcome == Outcome::Succeeded)));
    let asked = bench.lab.sandbox.calls().iter().filter(|call| call.service == "web").count();
    assert_eq!(asked, 3, "refused, token, manifest");
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn what_other_registries_do_not_have_or_do_not_show_is_refused() {
    let bench = Bench::up().await;
    let before = bench.lab.inventory();
    refused(&bench.deploy(&reference("ghcr.io/example/app:missing")).await, "does not exist");
    refused(&bench.deploy(&reference("ghcr.io/sandbox/arm64:1")).await, "the image is for linux/arm64");
    refused(&bench.deploy(&reference("quay.io/sandbox/artifact:1")).await, "it is no container image");
    let private = bench.deploy(&reference("ghcr.io/sandbox/private:1")).await;
    insta::assert_snapshot!("private", private.recorded());
    refused(&private, "is private or does not exist");
    refused(&bench.deploy(&reference("registry.example.com/app:1")).await, "can't be looked at");
    let other = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ecr-payments-dev:1";
    refused(&bench.deploy(&reference(other)).await, "does not exist");
    let mut scanned = reference("ghcr.io/example/app:1");
    scanned.demands.max_severity = Some(platformctl::operation::deploy::Severity::High);
    refused(&bench.deploy(&scanned).await, "no findings known");
    assert_eq!(bench.lab.inventory(), before);
    bench.is_sound().await;
}

#[tokio::test(start_paused = true)]
async fn who_says_so_deploys_unverified_and_the_breaker_takes_back_what_can_t_be_pulled() {
    let bench = Bench::up().await;
    let mut request = reference("ghcr.io/sandbox/private:1");
    request.demands.unverified = true;
    let seen = bench.deploy(&request).await;
    insta::assert_snapshot!("unverified", seen.recorded());
    assert_eq!(seen.verdict().outcome, Outcome::RolledBack);
    assert!(seen.verdict().causes.iter().any(|cause| cause.contains("pull access denied")), "{}", seen.text);
    bench.is_sound().await;
}

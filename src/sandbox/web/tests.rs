use crate::aws::Web;
use crate::aws::address::Address;
use crate::aws::deploy::Reference;
use crate::aws::deploy::registry::{Sought, look};
use crate::aws::web::Ask;
use crate::engine::Class;
use crate::sandbox::fault::{CallInfo, Failure, Fault, FaultPlan};
use crate::sandbox::tests::bench::Bench;

async fn sought(web: &Web, text: &str) -> Sought {
    look(web, &Reference::parse(text)).await.unwrap_or_else(|failure| panic!("{text}: {failure}"))
}

fn found(sought: Sought) -> (String, Vec<String>) {
    match sought {
        Sought::Found { digest, platforms } => (digest, platforms.iter().map(ToString::to_string).collect()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn each_registry_tells_digest_and_platforms() {
    let bench = Bench::open().await;
    let web = &bench.aws.web;
    for image in ["nginx:1", "docker.io/a/b:1", "public.ecr.aws/nginx/nginx:1", "ghcr.io/a/b:1", "quay.io/a/b:1"] {
        let (digest, platforms) = found(sought(web, image).await);
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"], "{image}");
        // The digest means the same from then on.
        let pinned = Reference::parse(image).pinned(&digest);
        assert_eq!(found(sought(web, &pinned).await).0, digest, "{image}");
    }
    for host in ["docker.io", "public.ecr.aws", "ghcr.io", "quay.io"] {
        // The configuration comes from a store of another host, which a token must not reach.
        assert_eq!(found(sought(web, &format!("{host}/sandbox/arm64:1")).await).1, ["linux/arm64"], "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_not_shown_is_told_apart_where_the_registry_does() {
    let bench = Bench::open().await;
    let web = &bench.aws.web;
    assert_eq!(sought(web, "ghcr.io/a/b:missing").await, Sought::Absent);
    assert!(
        matches!(sought(web, "ghcr.io/a/sandbox/private:1").await, Sought::Hidden(said) if said.contains("not authorized"))
    );
    let chart = look(web, &Reference::parse("quay.io/sandbox/artifact:1")).await;
    assert!(chart.is_err_and(|failure| failure.class == Class::Invalid && failure.message.contains("helm")));
    let nowhere = look(web, &Reference::parse("registry.example.com/a:1")).await;
    assert!(nowhere.is_err_and(|failure| failure.class == Class::Unavailable && failure.message.contains("lookup")));
}

#[tokio::test(start_paused = true)]
async fn faults_reach_what_is_read_of_the_web() {
    for (failure, class) in [
        (Failure::ConnectionLost, Class::Unavailable),
        (Failure::TimedOut, Class::Unavailable),
        (Failure::Hang, Class::Unavailable),
        (Failure::Truncated, Class::Unavailable),
        (Failure::ServerError, Class::Unavailable),
        (Failure::Throttled, Class::Throttled),
        (Failure::Garbled, Class::Unreadable),
    ] {
        let options = crate::sandbox::SandboxOptions::in_memory();
        let first = move |call: &CallInfo| {
            if call.service == "web" && call.index == 1 { Fault::BeforeAct(failure) } else { Fault::None }
        };
        let faults: std::sync::Arc<dyn FaultPlan> = std::sync::Arc::new(first);
        let bench = Bench::with(crate::sandbox::SandboxOptions { faults: Some(faults), ..options }).await;
        let seen = look(&bench.aws.web, &Reference::parse("quay.io/a/b:1")).await;
        assert_eq!(seen.expect_err("spoiled").class, class, "{failure:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_token_goes_where_it_was_not_meant_for() {
    let bench = Bench::open().await;
    let address = Address::parse("https://production.cloudfront.docker.com/sha256:0?signature=x").expect("an address");
    let ask = Ask { operation: "GetBlob", address, accept: "*/*", authorization: Some("Bearer x") };
    let reply = bench.aws.web.get(ask).await.expect("an answer");
    assert_eq!(reply.status, 400, "the store itself refuses two ways to sign");
    let plain = Address::parse("http://ghcr.io/v2/").expect("an address");
    let ask = Ask { operation: "GetBlob", address: plain, accept: "*/*", authorization: None };
    assert!(bench.aws.web.get(ask).await.is_err_and(|failure| failure.message.contains("not reached by TLS")));
}

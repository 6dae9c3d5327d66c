use aws_sdk_ecr::types::{EncryptionConfiguration, EncryptionType};
use serde_json::{Value, json};

use crate::aws::ecr::Repository;
use crate::engine::{Class, Gone, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::{code, push};

fn keep(count: u32) -> Value {
    json!({ "rules": [{
        "rulePriority": 1, "description": "keep the last images", "action": { "type": "expire" },
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count },
    }]})
}

async fn repository(bench: &Bench) -> Specimen<Repository> {
    let key = bench.aws.kms.create_key().send().await.expect("a key").key_metadata.and_then(|key| key.arn);
    let key = Output::known(key.expect("its ARN"));
    let spec = Repository { scan_on_push: true, immutable_tags: true, key, lifecycle: keep(10) };
    Specimen::new("payments", "ecr-payments-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_repository_lives_and_goes_with_its_images() {
    let bench = Bench::open().await;
    let mut it = repository(&bench).await;
    let mut made = bench.live(&it).await;
    assert_eq!(made.outputs["uri"], "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev");
    let stored = |made: &str| {
        let lifecycle = bench.sandbox.look(|call| call.world.ecr.repositories[made].lifecycle.clone());
        serde_json::from_str::<Value>(&lifecycle.expect("a look").expect("a policy")).expect("JSON")
    };
    assert_eq!(stored(&made.id), keep(10));

    (it.spec.scan_on_push, it.spec.immutable_tags, it.spec.lifecycle) = (false, false, keep(20));
    let seen = bench.see(&it, Some(&made.id), false).await;
    let differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["scan_on_push", "immutable_tags", "lifecycle"]);
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    assert_eq!(stored(&made.id), keep(20));

    let manifest = push(&bench.aws.ecr, &made.id, "v1", "{}").await;
    let push = || bench.aws.ecr.put_image().repository_name(&made.id).image_tag("v1").image_manifest(&manifest);
    let described = bench.aws.ecr.describe_images().repository_name(&made.id).send().await.expect("described");
    assert_eq!(described.image_details()[0].image_tags(), ["v1"]);
    assert_eq!(code(push().send().await), "ImageAlreadyExistsException");
    let plain = bench.aws.ecr.delete_repository().repository_name(&made.id);
    assert_eq!(code(plain.send().await), "RepositoryNotEmptyException");
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn a_repository_of_somebody_else_shows_its_tags() {
    let bench = Bench::open().await;
    let it = repository(&bench).await;
    bench.aws.ecr.create_repository().repository_name(&it.name).send().await.expect("somebody else's");
    settle().await;
    let seen = bench.see(&it, None, false).await;
    assert_eq!(seen[0].tags, Some(Default::default()));
    let refused = it.spec.create(&bench.aws, &bench.identity(&it)).await.expect_err("the name is taken");
    assert_eq!(refused.class, Class::Exists);
}

#[tokio::test(start_paused = true)]
async fn ecr_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let ecr = &bench.aws.ecr;
    for name in ["a", "Payments", "ecr--payments", "-ecr", "ecr/"] {
        let call = ecr.create_repository().repository_name(name);
        assert_eq!(code(call.send().await), "InvalidParameterException", "{name}");
    }
    let encryption = EncryptionConfiguration::builder().encryption_type(EncryptionType::Kms).kms_key("nothing").build();
    let call = ecr.create_repository().repository_name("ok").encryption_configuration(encryption.expect("complete"));
    assert_eq!(code(call.send().await), "KmsException");
    ecr.create_repository().repository_name("ok").send().await.expect("created");
    let both = ecr.describe_repositories().repository_names("ok").repository_names("missing");
    assert_eq!(code(both.send().await), "RepositoryNotFoundException");
    let bad = ecr.put_lifecycle_policy().repository_name("ok").lifecycle_policy_text("{}");
    assert_eq!(code(bad.send().await), "InvalidParameterException");
}

#[tokio::test(start_paused = true)]
async fn layers_come_before_images_and_their_addresses_open_for_an_hour() {
    let bench = Bench::open().await;
    let ecr = &bench.aws.ecr;
    ecr.create_repository().repository_name("ok").send().await.expect("created");
    let absent = format!("sha256:{}", "0".repeat(64));
    let put =
        |manifest: Value| ecr.put_image().repository_name("ok").image_tag("x").image_manifest(manifest.to_string());
    let single = json!({ "schemaVersion": 2, "config": { "digest": absent }, "layers": [] });
    assert_eq!(code(put(single).send().await), "LayersNotFoundException");
    let index = json!({ "schemaVersion": 2, "manifests": [{ "digest": absent }] });
    assert_eq!(code(put(index).send().await), "ReferencedImagesNotFoundException");
    assert_eq!(code(put(json!({})).send().await), "InvalidParameterException");

    let configuration = json!({ "os": "linux", "architecture": "arm64" }).to_string();
    let layer = |digest: &str| ecr.get_download_url_for_layer().repository_name("ok").layer_digest(digest);
    assert_eq!(code(layer(&absent).send().await), "LayersNotFoundException");
    let manifest: Value = serde_json::from_str(&push(ecr, "ok", "1", &configuration).await).expect("JSON");
    let digest = manifest["config"]["digest"].as_str().expect("a digest");
    let url = layer(digest).send().await.expect("an address").download_url.expect("an address");
    let get = async |url: &str, authorization: Option<&str>| {
        let address = crate::aws::address::Address::parse(url).expect("an address");
        let ask = crate::aws::web::Ask { operation: "GetLayer", address, accept: "*/*", authorization };
        let reply = bench.aws.web.get(ask).await.expect("an answer");
        (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
    };
    assert_eq!(get(&url, None).await, (200, configuration));
    assert!(get(&url, Some("Bearer x")).await.1.contains("Only one auth mechanism allowed"));
    assert!(get(&url.replace("Signature=", "Signature=0"), None).await.1.contains("SignatureDoesNotMatch"));
    tokio::time::sleep(std::time::Duration::from_secs(3601)).await;
    assert!(get(&url, None).await.1.contains("Request has expired"));
}

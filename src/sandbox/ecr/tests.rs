use aws_sdk_ecr::types::{EncryptionConfiguration, EncryptionType};
use serde_json::{Value, json};

use crate::aws::ecr::Repository;
use crate::engine::{Class, Gone, Output, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

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

    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"}"#;
    let push = || bench.aws.ecr.put_image().repository_name(&made.id).image_tag("v1").image_manifest(manifest);
    push().send().await.expect("pushed");
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

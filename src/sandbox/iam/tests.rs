use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::{Refusal, assumable, may};
use crate::aws::iam::Role;
use crate::engine::{Class, Gone, Physical, Resource};
use crate::sandbox::tests::bench::{Bench, Specimen, settle};
use crate::sandbox::tests::support::code;

const LOAD_BALANCERS: &str = "arn:aws:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers";
const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const TASKS: &str = "ecs-tasks.amazonaws.com";

fn trust(service: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" }, "ArnLike": { "aws:SourceArn": "arn:aws:ecs:us-east-1:123456789012:*" } },
    }]})
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }] })
}

fn role() -> Specimen<Role> {
    let spec = Role {
        description: "for tests".into(),
        trust: trust(TASKS),
        policies: BTreeMap::from([
            ("bucket".into(), allow("s3:GetObject", "arn:aws:s3:::bucket/*")),
            ("table".into(), allow("dynamodb:Query", "*")),
        ]),
        managed: BTreeSet::from([LOAD_BALANCERS.into()]),
    };
    Specimen::new("task-payments", "role-task-payments-dev", spec)
}

#[tokio::test(start_paused = true)]
async fn a_role_lives() {
    let bench = Bench::open().await;
    let mut it = role();
    let mut made = bench.live(&it).await;
    assert_eq!(made.outputs["arn"], "arn:aws:iam::123456789012:role/role-task-payments-dev");

    it.spec.trust = trust("ecs.amazonaws.com");
    it.spec.policies.remove("table");
    it.spec.policies.insert("bucket".into(), allow("s3:PutObject", "arn:aws:s3:::bucket/*"));
    it.spec.managed = BTreeSet::from([EXECUTION.into()]);
    let seen = bench.see(&it, Some(&made.id), false).await;
    let mut differ = bench.differences(&it, &seen[0].observed);
    assert_eq!(differ, ["trust", "policies", "managed"]);
    it.spec.description = "changed".into();
    differ.push("description".into());
    bench.change(&it, &mut made, differ).await;
    let seen = bench.see(&it, Some(&made.id), false).await;
    assert!(bench.differences(&it, &seen[0].observed).is_empty());
    let description = bench.sandbox.look(|call| call.world.iam.roles[&made.id].description.clone());
    assert_eq!(description.expect("a look"), "changed");
    assert_eq!(bench.end(&it, &made).await, Gone::Yes);
}

#[tokio::test(start_paused = true)]
async fn many_roles_are_seen_in_two_calls() {
    let bench = Bench::open().await;
    let it = role();
    bench.make(&it).await;
    for number in 0..60 {
        let call = bench.aws.iam.create_role().role_name(format!("other-{number}"));
        call.assume_role_policy_document(trust(TASKS).to_string()).send().await.expect("created");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let looks = || bench.sandbox.calls().iter().filter(|call| call.service == "iam" && !call.mutating).count();
    let before = looks();
    assert_eq!(bench.see(&it, None, true).await.len(), 1);
    assert_eq!(looks() - before, 2);
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_by_whom_it_trusts_once_it_is_known_everywhere() {
    let bench = Bench::open().await;
    let made = bench.make(&role()).await;
    let arn = made.outputs["arn"].clone();
    let source = bench.arn("ecs", "service/cluster-dev/service-payments-dev");
    let ask = |arn: &str, service: &str, source: &str| {
        bench.sandbox.look(|call| assumable(call, arn, service, source)).expect("a look")
    };
    assert_eq!(ask(&arn, TASKS, &source), Err(Refusal::NotVisibleYet));
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(ask(&arn, TASKS, &source), Ok(()));
    assert_eq!(ask(&arn, "ecs.amazonaws.com", &source), Err(Refusal::NotTrusted));
    assert_eq!(ask(&arn, TASKS, "arn:aws:ecs:us-east-1:210987654321:service/x"), Err(Refusal::NotTrusted));
    assert_eq!(ask("arn:aws:iam::123456789012:role/nobody", TASKS, &source), Err(Refusal::Missing));
}

#[tokio::test(start_paused = true)]
async fn a_role_may_what_its_policies_allow() {
    let bench = Bench::open().await;
    let arn = bench.make(&role()).await.outputs["arn"].clone();
    let ask = |action: &str, resource: &str| {
        bench.sandbox.look(|call| may(call, &arn, action, resource, &[])).expect("a look")
    };
    assert!(!ask("s3:GetObject", "arn:aws:s3:::bucket/x"), "the policy isn't known everywhere yet");
    settle().await;
    assert!(ask("s3:GetObject", "arn:aws:s3:::bucket/x"));
    assert!(!ask("s3:GetObject", "arn:aws:s3:::other/x"));
    assert!(!ask("s3:PutObject", "arn:aws:s3:::bucket/x"));
    assert!(ask(
        "elasticloadbalancing:ModifyRule",
        &bench.arn("elasticloadbalancing", "listener-rule/app/alb-dev/1/2/3")
    ));
    // While a change is on its way, only what is allowed before and after is.
    let call = bench.aws.iam.put_role_policy().role_name("role-task-payments-dev").policy_name("more");
    let document = allow("s3:PutObject", "arn:aws:s3:::bucket/*").to_string();
    call.policy_document(document).send().await.expect("put");
    assert!(ask("s3:GetObject", "arn:aws:s3:::bucket/x") && !ask("s3:PutObject", "arn:aws:s3:::bucket/x"));
    settle().await;
    assert!(ask("s3:PutObject", "arn:aws:s3:::bucket/x"));
    let call = bench.aws.iam.delete_role_policy().role_name("role-task-payments-dev").policy_name("more");
    call.send().await.expect("deleted");
    assert!(!ask("s3:PutObject", "arn:aws:s3:::bucket/x"));
}

#[tokio::test(start_paused = true)]
async fn iam_refuses_what_aws_refuses() {
    let bench = Bench::open().await;
    let iam = &bench.aws.iam;
    let create = |name: &str, trust: &str| iam.create_role().role_name(name).assume_role_policy_document(trust);
    let good = trust(TASKS).to_string();
    for name in ["", "a b", &"r".repeat(65)] {
        assert_eq!(code(create(name, &good).send().await), "ValidationError", "{name}");
    }
    let stranger = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:role/nobody" }, "Action": "sts:AssumeRole",
    }]});
    for bad in ["{".to_owned(), allow("s3:GetObject", "*").to_string(), stranger.to_string()] {
        assert_eq!(code(create("r", &bad).send().await), "MalformedPolicyDocument", "{bad}");
    }
    let long =
        json!({ "Version": "2012-10-17", "Id": "x".repeat(2048), "Statement": trust(TASKS)["Statement"] }).to_string();
    assert_eq!(code(create("r", &long).send().await), "LimitExceeded");
    create("r", &good).send().await.expect("created");
    assert_eq!(code(create("R", &good).send().await), "EntityAlreadyExists", "names are compared without case");

    let attach = |arn: &str| iam.attach_role_policy().role_name("r").policy_arn(arn);
    assert_eq!(code(attach("arn:aws:iam::aws:policy/NoSuchPolicy").send().await), "NoSuchEntity");
    let put = |document: String| iam.put_role_policy().role_name("r").policy_name("p").policy_document(document);
    assert_eq!(code(put(good.clone()).send().await), "MalformedPolicyDocument", "a trust policy is no other");
    assert_eq!(
        code(put(allow("s3:GetObject", &format!("arn:aws:s3:::{}", "b".repeat(10_240))).to_string()).send().await),
        "LimitExceeded"
    );
    put(allow("s3:GetObject", "*").to_string()).send().await.expect("put");
    attach(EXECUTION).send().await.expect("attached");
    for _ in 0..2 {
        assert_eq!(code(iam.delete_role().role_name("r").send().await), "DeleteConflict");
        let _ = iam.detach_role_policy().role_name("r").policy_arn(EXECUTION).send().await;
    }
    iam.delete_role_policy().role_name("r").policy_name("p").send().await.expect("deleted");
    iam.delete_role().role_name("r").send().await.expect("deleted");
    assert_eq!(code(iam.delete_role().role_name("r").send().await), "NoSuchEntity");
}

#[tokio::test(start_paused = true)]
async fn an_instance_profile_blocks_a_role_and_is_named() {
    let bench = Bench::open().await;
    let made: Physical = bench.make(&role()).await;
    let hold = |call: &mut crate::sandbox::call::Call<'_>| {
        call.world.iam.roles.get_mut("role-task-payments-dev").map(|role| role.instance_profiles.insert("web".into()))
    };
    bench.sandbox.look(hold).expect("a look");
    let failure = Role::delete(&bench.aws, &made).await.expect_err("held");
    assert_eq!(failure.class, Class::Blocked);
    assert_eq!(Role::blockers(&bench.aws, &made).await.expect("a look"), ["instance profile web"]);
}

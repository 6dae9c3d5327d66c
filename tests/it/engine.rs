//! The engine on a small blueprint: plan, replace, adopt, recover.

use std::{net::Ipv4Addr, sync::Arc};

use ipnet::Ipv4Net;
use platformctl::{
    aws::{
        ec2::{Subnet, Vpc},
        tags::Search,
    },
    blueprint::Facts,
    engine::{Action, Blueprint, Chapter, Kinds, Plan},
    operation::{Intention, Workspace, prepare::prepare_with},
    sandbox::{CallInfo, Failure, Fault, FaultPlan, SandboxOptions},
};

use crate::lab::{EXAMPLE, Lab, assert_done, carry_out, up_with};

fn net(second: u8, third: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new(Ipv4Addr::new(10, second, third, 0), length).expect("a network")
}

/// A workspace that knows the network's kinds alone.
async fn network_only(lab: &Lab) -> Workspace {
    let mut workspace = lab.workspace(EXAMPLE, "dev").await;
    workspace.kinds = Kinds::new(Arc::new(Search(workspace.aws.clone())));
    platformctl::aws::ec2::register(&mut workspace.kinds, &workspace.aws);
    workspace
}

/// A VPC and two subnets, the second at 10.`second`.`third`.0/24.
fn two_subnets(second: u8, third: u8) -> impl Fn(&Facts) -> Blueprint {
    move |facts| {
        let mut blueprint = Blueprint::default();
        let spec: Vpc = serde_json::from_value(serde_json::json!({
            "cidr": net(second, 0, 16), "dns_support": true, "dns_hostnames": true, "default_group_rules": [],
        }))
        .expect("a VPC");
        let vpc = blueprint.add(Chapter::Network, "main", "vpc-dev", spec);
        for (name, third) in [("a", 1), ("b", third)] {
            let spec = Subnet { vpc: vpc.id(), cidr: net(second, third, 24), zone: facts.zones[0].clone() };
            blueprint.add(Chapter::Network, name, format!("subnet-{name}-dev"), spec);
        }
        blueprint
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_run_finds_nothing_to_do_and_destroy_leaves_nothing() {
    let lab = Lab::new();
    let before = lab.inventory();
    let workspace = network_only(&lab).await;
    assert_done(&up_with(&workspace, two_subnets(20, 2)).await.expect("up"));
    assert_eq!(lab.inventory().len(), before.len() + 3, "{:?}", lab.inventory());
    let again = prepare_with(&workspace, Intention::Plan, two_subnets(20, 2)).await.expect("plan");
    assert!(again.plan.steps.is_empty(), "{:?}", again.plan);
    let destroy = prepare_with(&workspace, Intention::Destroy, two_subnets(20, 2)).await.expect("plan");
    assert_done(&carry_out(&workspace, &destroy).await.expect("destroy"));
    assert_eq!(lab.inventory(), before);
    assert!(workspace.load().expect("readable").is_none(), "the state goes with the environment");
}

/// What a plan does, in its order.
fn actions(plan: &Plan) -> Vec<(&str, Action, bool)> {
    plan.steps.iter().map(|step| (step.key.as_str(), step.action, step.delete_first)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_fixed_field_makes_a_new_resource_and_what_refers_to_it_moves() {
    let lab = Lab::new();
    let workspace = network_only(&lab).await;
    assert_done(&up_with(&workspace, two_subnets(20, 2)).await.expect("up"));
    let change = prepare_with(&workspace, Intention::Up, two_subnets(20, 3)).await.expect("plan");
    assert_eq!(actions(&change.plan), [("subnet/b", Action::Replace, true)], "the address range can be taken once");
    assert_eq!(change.plan.steps[0].changes[0].field, "cidr");
    assert_done(&carry_out(&workspace, &change).await.expect("replaced"));
    drop(change);
    let change = prepare_with(&workspace, Intention::Up, two_subnets(21, 3)).await.expect("plan");
    let expected = [
        ("vpc/main", Action::Replace, false),
        ("subnet/a", Action::Replace, true),
        ("subnet/b", Action::Replace, true),
    ];
    assert_eq!(actions(&change.plan), expected);
    assert_done(&carry_out(&workspace, &change).await.expect("replaced"));
    drop(change);
    let after = prepare_with(&workspace, Intention::Plan, two_subnets(21, 3)).await.expect("plan");
    assert!(after.plan.steps.is_empty(), "{:?}", after.plan);
    assert!(after.book.deposed.is_empty());
    assert_eq!(lab.inventory().len(), 3, "{:?}", lab.inventory());
}

#[tokio::test(start_paused = true)]
async fn a_lost_state_is_adopted_and_another_environment_is_left_alone() {
    let lab = Lab::new();
    let workspace = network_only(&lab).await;
    assert_done(&up_with(&workspace, two_subnets(20, 2)).await.expect("up"));
    let before = lab.inventory();
    std::fs::remove_dir_all(lab.state.path().join("dev")).expect("lost");
    let adopt = prepare_with(&workspace, Intention::Up, two_subnets(20, 2)).await.expect("plan");
    assert!(
        adopt.plan.steps.iter().all(|step| step.action == Action::Adopt) && adopt.plan.steps.len() == 3,
        "{:?}",
        adopt.plan
    );
    assert_done(&carry_out(&workspace, &adopt).await.expect("adopted"));
    assert_eq!(lab.inventory(), before);
    drop(adopt);
    let state = workspace.store.journal();
    let text = std::fs::read_to_string(&state).expect("a journal");
    let id = workspace.load().expect("readable").expect("there").header.environment_id;
    std::fs::write(&state, text.replace(&id, "another")).expect("written");
    let refused = prepare_with(&workspace, Intention::Up, two_subnets(20, 2)).await.err().expect("refused");
    assert!(refused.to_string().contains("belongs to another environment"), "{refused}");
    assert_eq!(lab.inventory(), before);
}

/// Loses the answer to the first call of one operation.
struct LoseFirst(&'static str, std::sync::atomic::AtomicBool);

impl FaultPlan for LoseFirst {
    fn decide(&self, call: &CallInfo) -> Fault {
        let first = call.operation == self.0 && !self.1.swap(true, std::sync::atomic::Ordering::SeqCst);
        if first { Fault::AfterAct(Failure::ConnectionLost) } else { Fault::None }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_whose_answer_was_lost_is_found_and_not_repeated() {
    for lost in ["CreateVpc", "CreateSubnet"] {
        let faults = Arc::new(LoseFirst(lost, false.into()));
        let lab = Lab::with(SandboxOptions { faults: Some(faults), ..SandboxOptions::in_memory() });
        let before = lab.inventory().len();
        let workspace = network_only(&lab).await;
        assert_done(&up_with(&workspace, two_subnets(20, 2)).await.expect("up"));
        assert_eq!(lab.inventory().len(), before + 3, "{lost}: {:?}", lab.inventory());
        let again = prepare_with(&workspace, Intention::Plan, two_subnets(20, 2)).await.expect("plan");
        assert!(again.plan.steps.is_empty(), "{lost}: {:?}", again.plan);
    }
}

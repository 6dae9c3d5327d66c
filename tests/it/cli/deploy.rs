//! Deploying at the prompt, in the sandbox.

use std::{fs, os::unix::fs::PermissionsExt};

use super::bench::{Bench, ran};

#[test]
fn a_deployment_is_followed_rolled_back_listed_and_looked_into() {
    let bench = Bench::new();
    bench.sandbox("up --yes").ended(0, &[]);

    let good = bench.sandbox("deploy payments --image public.ecr.aws/nginx/nginx:1.29");
    good.ended(0, &["begun", "starting green", "all production traffic is on green", "deployed"]);
    assert!(good.out.contains("the new revision serves all requests"), "{}", good.out);
    bench.sandbox("plan").ended(0, &[]);

    let bad = bench.sandbox("deploy payments --image public.ecr.aws/sandbox/exits:1 --json");
    bad.ended(8, &[]);
    let verdict = &bad.summary()["services"]["payments"];
    assert_eq!(verdict["outcome"], "rolled-back");
    assert!(verdict["log"].to_string().contains("can't reach the ledger"), "{verdict}");

    let history = bench.sandbox("history payments");
    history.ended(0, &[]);
    assert!(history.out.contains("rolled back") && history.out.contains("nginx:1.29"), "{}", history.out);

    bench.sandbox("rollback payments").ended(0, &["deployed"]);
    bench.sandbox("continue payments").ended(3, &["no deployment of payments waits for an answer"]);

    let logs = bench.sandbox("logs payments --since 5h --container app");
    logs.ended(0, &[]);
    assert!(logs.out.contains("app        ") && logs.out.contains("listening on port 8080"), "{}", logs.out);
    bench.sandbox("plan").ended(0, &[]);

    exec(&bench);
    bench.sandbox("destroy --yes").ended(0, &[]);
}

fn exec(bench: &Bench) {
    const COMMAND: &str = "--env-suffix dev --sandbox --sandbox-speed 400 exec payments -- ls -l";
    bench.run(COMMAND).ended(3, &["session-manager-plugin", "install it"]);
    let plugin = bench.path("bin/session-manager-plugin");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && { echo 1.2.553.0; exit; }\necho \"$AWS_SSM_START_SESSION_RESPONSE\" > session\necho \"$@\" > arguments\n";
    bench.write("bin/session-manager-plugin", script);
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).expect("executable");
    let path = format!("{}:/usr/bin:/bin", bench.path("bin").display());
    ran(bench.command(COMMAND).env("PATH", path)).ended(0, &["app of task"]);
    let read = |name: &str| fs::read_to_string(bench.path(name)).expect("written by the plugin");
    assert!(read("session").contains("TokenValue") && !read("arguments").contains("TokenValue"));
    assert!(read("arguments").contains("ecs:cluster-dev_"));
}

#[test]
fn what_is_wrong_with_the_command_line_is_told() {
    let bench = Bench::new();
    bench.sandbox("deploy payments").ended(3, &["which image is payments to run?", "--tag"]);
    bench.sandbox("deploy payments --tag a/b").ended(3, &["--tag"]);
    bench.sandbox("deploy payments=1 payments=2").ended(3, &["payments is named twice"]);
    bench.sandbox("deploy payments --tag 1 --timeout 5").ended(3, &["write it as 90s, 20m or 2h"]);
    bench
        .sandbox("deploy payments --tag 1 --step-percent 10")
        .ended(3, &["belong to the strategies canary and linear"]);
    bench
        .sandbox("deploy payments --tag 1")
        .ended(3, &["has no ECS service service-payments-dev", "bring it up first"]);
    bench.sandbox("deploy paymints --tag 1").ended(3, &["no service 'paymints'", "did you mean payments?"]);
    bench.sandbox("history nothing").ended(3, &["no service 'nothing'"]);
}

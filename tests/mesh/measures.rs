//! What the mesh costs. `scripts/bench-mesh` prints it; ratios in one run, since the machine's speed is anybody's guess.

use std::time::{Duration, Instant};

use platformctl::mesh::envoy::{Layout, bootstrap};
use serde_json::Value;

use crate::support::{
    Client, Request, World,
    task::container,
    world::{generate, spec},
};

/// Requests of each measure; more by the variable of that name.
fn requests() -> usize {
    std::env::var("MESH_BENCH_REQUESTS").ok().and_then(|text| text.parse().ok()).unwrap_or(300)
}

/// Times of single requests, one after the other on one connection, in order of length.
fn latencies(open: &dyn Fn() -> Client, request: &Request) -> Vec<Duration> {
    let mut client = open();
    let mut one = || {
        let start = Instant::now();
        assert_eq!(client.send(request).expect("an answer").status, 200);
        start.elapsed()
    };
    for _ in 0..30 {
        one();
    }
    let mut times: Vec<Duration> = (0..requests()).map(|_| one()).collect();
    times.sort();
    times
}

/// Requests per second of eight connections at once.
fn throughput(open: &(dyn Fn() -> Client + Sync), request: &Request) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = open();
                for _ in 0..requests() / 2 {
                    assert_eq!(client.send(request).expect("an answer").status, 200);
                }
            });
        }
    });
    (8 * (requests() / 2)) as f64 / start.elapsed().as_secs_f64()
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    times[(times.len() * percent / 100).min(times.len() - 1)].as_secs_f64() * 1000.0
}

/// Resident memory of a process, and the part of it that is no file, in MiB.
fn memory(process: u32) -> (f64, f64) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name}"));
        line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
    };
    (of("VmRSS:"), of("RssAnon:"))
}

/// So many services, each calling the next eight.
fn crowd(count: usize) -> String {
    let mut text = String::from("[platform]\nteam = \"t\"\ncost_center = \"c\"\n");
    for index in 0..count {
        let calls: Vec<String> =
            (1..=8.min(count - 1)).map(|step| format!("\"s{:02}\"", (index + step) % count)).collect();
        text.push_str(&format!("[services.s{index:02}]\ncalls = [{}]\n", calls.join(", ")));
    }
    text
}

/// Size of a service's bootstrap, and of all that its task carries for it once packed, in bytes.
fn sizes(text: &str, service: &str) -> (usize, usize) {
    let (blueprint, model) = generate(text);
    let plain = bootstrap(&model, service, &Layout::fargate()).expect("the service exists").to_string().len();
    let init = container(spec(&blueprint, "task-definition", service), "mesh-init")["environment"].clone();
    let packed =
        ["MESH_BOOTSTRAP", "MESH_SDS_LEAF", "MESH_SDS_TRUST"].map(|name| init[name].as_str().map_or(0, str::len));
    (plain, packed.iter().sum())
}

#[test]
fn what_a_hop_costs() {
    let world = World::new();
    let [accounts, payments] = world.start(["accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    let (idle, idle_anonymous) = memory(payments.envoy_process());

    let port =
        |name: &str| accounts.environment[name].as_str().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    let application = (accounts.loopback, port("PORT"));
    let egress = (payments.loopback, payments.url("accounts"));
    let direct = move || Client::connect(application.0, application.1).expect("the application answers");
    let meshed = move || Client::connect(egress.0, egress.1).expect("the sidecar answers");

    println!("\none hop through two Envoys, against a direct call of an application that does nothing");
    println!("{:<34} {:>10} {:>10} {:>10} {:>8}", "", "direct", "mesh", "added", "ratio");
    for (what, path) in [("", "/"), (" of an application of 5 ms", "/slow/5")] {
        let request = Request::get(path);
        let (plain, mesh) = (latencies(&direct, &request), latencies(&meshed, &request));
        for percent in [50, 99] {
            let (plain, mesh) = (percentile(&plain, percent), percentile(&mesh, percent));
            let name = format!("p{percent}, ms{what}");
            println!("{name:<34} {plain:>10.3} {mesh:>10.3} {:>10.3} {:>8.2}", mesh - plain, mesh / plain);
        }
    }
    let (plain, mesh) = (throughput(&direct, &Request::get("/")), throughput(&meshed, &Request::get("/")));
    println!("{:<34} {plain:>10.0} {mesh:>10.0} {:>10} {:>8.2}", "requests/s, 8 connections", "", mesh / plain);

    let (loaded, loaded_anonymous) = memory(payments.envoy_process());
    println!(
        "\nmemory of a sidecar, MiB: idle {idle:.0} (its own {idle_anonymous:.0}), after load {loaded:.0} (its own {loaded_anonymous:.0})"
    );
    for (count, text, service) in [(3, crowd(3), "s00"), (30, crowd(30), "s00")] {
        let (plain, packed) = sizes(&text, service);
        let share = packed as f64 / (64.0 * 1024.0) * 100.0;
        println!(
            "bootstrap, {count:>2} services: {plain} bytes, {packed} packed, {share:.0} % of a task definition's 64 KiB"
        );
    }
    let definition = spec(&world.blueprint, "task-definition", "payments");
    let number = |value: &Value| value.as_f64().expect("a number");
    let envoy = container(definition, "envoy");
    let (cpu, limit) = (number(&envoy["cpu"]), number(&envoy["memory"]));
    println!(
        "the sidecar's share of the task: {cpu} of {} CPU units ({:.1} %), {limit} of {} MiB ({:.1} %)",
        definition["cpu"],
        cpu / number(&definition["cpu"]) * 100.0,
        definition["memory"],
        limit / number(&definition["memory"]) * 100.0,
    );
    assert!(loaded < limit, "a sidecar that needs {loaded} MiB would be killed at {limit}");
}

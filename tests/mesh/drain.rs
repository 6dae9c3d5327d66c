//! A task that is told to stop goes without a failed request, whether its callers come from the mesh or from the load balancer.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use platformctl::mesh::ports;

use crate::support::{Client, Load, Request, World, client::ask, until};

/// What a load balancer does: asks each target how it is, and sends requests to those that are well, in turn.
struct Balancer {
    targets: Vec<Ipv4Addr>,
    well: Arc<Mutex<Vec<Ipv4Addr>>>,
    stop: Arc<AtomicBool>,
}

impl Balancer {
    fn start(targets: &[Ipv4Addr]) -> Self {
        let (well, stop) = (Arc::new(Mutex::new(targets.to_vec())), Arc::new(AtomicBool::new(false)));
        let (checked, seen, ended) = (targets.to_vec(), well.clone(), stop.clone());
        std::thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                let passes = |target: &&Ipv4Addr| {
                    let asked = ask(**target, ports::INGRESS, &Request::get("/healthz"));
                    asked.is_ok_and(|answer| answer.status == 200)
                };
                let passing = checked.iter().filter(passes).copied().collect();
                *seen.lock().expect("no panic with the targets") = passing;
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Balancer { targets: targets.to_vec(), well, stop }
    }

    fn load(&self, clients: usize, requests: Vec<Request>) -> Load {
        let (well, turn, all) = (self.well.clone(), AtomicUsize::new(0), self.targets.clone());
        Load::start(clients, requests, move || {
            let well = well.lock().expect("no panic with the targets").clone();
            let well = if well.is_empty() { all.clone() } else { well };
            Client::connect(well[turn.fetch_add(1, Ordering::SeqCst) % well.len()], ports::INGRESS)
        })
    }

    fn well(&self) -> Vec<Ipv4Addr> {
        self.well.lock().expect("no panic with the targets").clone()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_task_that_is_told_to_stop_goes_without_a_failed_request() {
    let world = World::new();
    let [mut leaving, staying, payments] = world.start(["accounts", "accounts", "payments"]);
    until("payments to know both", || {
        (payments.statistic("cluster.peer_accounts.membership_healthy") == 2).then_some(())
    });
    let balancer = Balancer::start(&[leaving.address, staying.address]);
    let requests = || vec![Request::get("/"), Request::post("/"), Request::get("/slow/40")];
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    let from_mesh = Load::start(3, requests(), move || Client::connect(loopback, port));
    let from_balancer = balancer.load(3, requests());
    // Under way when the signal comes, and longer than the drain's first second.
    let long = std::thread::spawn(move || ask(loopback, port, &Request::post("/slow/2500")));
    until("both to serve", || (leaving.served() > 50 && staying.served() > 50).then_some(()));

    leaving.terminate();
    // It says at once that it goes, to those who ask …
    until("the balancer to see it", || (balancer.well() == [staying.address]).then_some(()));
    // … and keeps serving meanwhile; ECS takes it out of name service, which callers learn later.
    world.dns.remove("accounts.dev.local", leaving.address);
    let log = leaving.wait_drained();
    assert!(log.contains("drain: begins"), "{log}");
    from_mesh.wait_for(100);
    from_balancer.wait_for(100);
    from_mesh.finish().assert_whole("calls of peers while a task drains", 150);
    from_balancer.finish().assert_whole("requests of the load balancer while a task drains", 150);
    assert_eq!(long.join().expect("no panic").expect("an answer").status, 200, "what was under way is finished");
}

/// The way of `rotate` and of every deployment: a new task comes, the old one goes.
#[test]
fn the_only_task_is_replaced_without_a_failed_request() {
    let world = World::new();
    let [mut old, payments] = world.start(["accounts", "payments"]);
    payments.call_until(200, "accounts", &Request::get("/"));
    let (loopback, port) = (payments.loopback, payments.url("accounts"));
    let requests = vec![Request::get("/"), Request::post("/")];
    let load = Load::start(3, requests, move || Client::connect(loopback, port));

    let [new] = world.start(["accounts"]);
    until("the new task to serve", || (new.served() > 20).then_some(()));
    world.dns.remove("accounts.dev.local", old.address);
    old.stop();
    load.wait_for(200);
    load.finish().assert_whole("calls while the only task is replaced", 220);
}

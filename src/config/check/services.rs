//! Rules about the services: how many, how large, who calls whom, which variables.

use std::collections::BTreeSet;

use crate::config::injected;
use crate::config::report::{Fault, Report, quotable};
use crate::config::rules::fargate;
use crate::config::service::{Service, Strategy};
use crate::config::suggest::nearest;
use crate::config::types::{Config, MeshProvider};

/// Services that one load balancer takes: it has 100 rules (Elastic Load Balancing quotas), of which each service needs one
/// for production and one for tests, and some are left for the redirect, the defaults and a change of the order. Its 100
/// target groups, two per service, allow as many.
pub const MOST_SERVICES: usize = 45;

/// Bytes that the variables of a service may take together, so that its task definition stays below the 64 KiB that ECS
/// allows (ECS Developer Guide, service quotas) next to the sidecars' own configuration.
const MOST_VARIABLE_BYTES: usize = 16 * 1024;

pub(super) fn check(config: &Config, report: &mut Report) {
    for (name, service) in &config.services {
        let at = |key: &str| format!("services.{name}.{key}");
        size(config, service, &at, report);
        tasks(config, service, &at, report);
        calls(config, name, &at, report);
        strategy(service, &at, report);
        edges(service, &at, report);
        table(service, &at, report);
        database(config, service, &at, report);
        variables(service, &at, report);
    }
}

/// Whether there are so many services as a load balancer takes. If not, nothing else about them is worth saying.
pub(super) fn count(config: &Config, report: &mut Report) -> bool {
    let count = config.services.len();
    if count == 0 && report.clean(&["services"]) {
        let help = "add at least one, as a section of its own: [services.payments]";
        report.blame("services", Fault::new("names no service", "nothing to run", help));
    }
    if count > MOST_SERVICES {
        let label = format!("{count} services, {} too many", count - MOST_SERVICES);
        let help = "split them into several configurations: each environment has a load balancer of its own";
        let what = format!("names more than the {MOST_SERVICES} services that a load balancer takes");
        report.blame_key("services", Fault::new(what, label, help));
    }
    (1..=MOST_SERVICES).contains(&count)
}

fn size(config: &Config, service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    let (cpu, memory) = (at("cpu"), at("memory"));
    if !report.clean(&[&cpu, &memory]) {
        return;
    }
    if let Err(fault) = fargate::memory(service.cpu, service.memory) {
        if report.origin.is_written(&memory) {
            report.blame(&memory, fault);
        } else {
            let what = format!("needs another memory than the default of {} MiB", service.memory);
            report.blame(&cpu, Fault { what, label: "no memory given for it".into(), ..fault });
        }
    } else if service.memory < fargate::LEAST_WITH_APP_MESH && config.mesh.provider == MeshProvider::AppMesh {
        let least = fargate::LEAST_WITH_APP_MESH;
        let fault = Fault::new(
            format!("is {} MiB, too little for the application beside App Mesh's sidecars", service.memory),
            format!("less than {least}"),
            format!("set memory = {least}, or the mesh's provider = \"envoy\", which takes one sidecar less"),
        );
        let provider = ("mesh.provider", "chosen here".to_owned());
        report.blame_with(&memory, fault, &[provider]);
    }
}

fn tasks(config: &Config, service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    let (least, most) = (service.min_tasks, service.max_tasks);
    if report.clean(&[&at("min_tasks"), &at("max_tasks")]) && most < least {
        let other = (&*at("min_tasks"), format!("the least is {least}"));
        let fault = Fault::new(
            format!("is {most}, below the {least} of `min_tasks`"),
            "too few",
            format!("raise it to {least} or more, or lower `min_tasks`, which is 2 without a line"),
        );
        report.blame_with(&at("max_tasks"), fault, &[other]);
    }
    // The cluster's base is a default for all services; a small one need not reach it.
    let own_base = service.on_demand_base != config.cluster.on_demand_base;
    if report.clean(&[&at("on_demand_base"), &at("max_tasks")]) && service.on_demand_base > most && own_base {
        let what = format!("is {}, more than the {most} tasks that there can be", service.on_demand_base);
        let help = format!("lower it to {most} or less, or raise `max_tasks`");
        report.blame(&at("on_demand_base"), Fault::new(what, "never reached", help));
    }
}

fn calls(config: &Config, name: &str, at: &impl Fn(&str) -> String, report: &mut Report) {
    let list = at("calls");
    let mut seen = BTreeSet::new();
    for (index, callee) in config.services[name].calls.iter().enumerate() {
        let fault = if callee == name {
            Fault::new(
                "names the service itself",
                "this very service",
                "remove it: a service needs no mesh to call itself",
            )
        } else if !seen.insert(callee) {
            Fault::new(format!("names `{}` twice", quotable(callee)), "again", "remove one of them")
        } else if !config.services.contains_key(callee) {
            unknown(config, name, callee)
        } else {
            continue;
        };
        report.blame(&format!("{list}[{index}]"), fault);
    }
}

fn unknown(config: &Config, name: &str, callee: &str) -> Fault {
    let others: Vec<&str> = config.services.keys().map(String::as_str).filter(|other| *other != name).collect();
    let help = match nearest(callee, others.iter().copied()) {
        Some(meant) => format!("did you mean \"{}\"?", quotable(meant)),
        None if others.is_empty() => "there is no other service".into(),
        None => {
            let others: Vec<String> = others.into_iter().map(quotable).collect();
            format!("the other services are {}", others.join(", "))
        }
    };
    Fault::new(format!("names `{}`, which is not a service", quotable(callee)), "no such service", help)
}

fn strategy(service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    if !report.clean(&[&at("strategy")]) {
        return;
    }
    for (key, value) in [("step_percent", service.step_percent), ("step_minutes", service.step_minutes)] {
        if value.is_some() && service.strategy == Strategy::BlueGreen {
            let help = "remove the line, or choose `strategy = \"canary\"` or `strategy = \"linear\"`";
            report.blame(&at(key), Fault::new("belongs to another strategy", "blue-green has no steps", help));
        }
    }
    let least = service.strategy.least_percent();
    if service.step_percent.is_some_and(|percent| percent < least) && service.strategy == Strategy::Linear {
        let help = format!("choose {least} or more: ECS takes no smaller steps");
        report.blame(&at("step_percent"), Fault::new("is too small a step", "too small", help));
    }
}

/// An edge that nothing is called along would be a wish that nobody hears.
fn edges(service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    for callee in service.edges.keys().filter(|callee| !service.calls.contains(callee)) {
        let help = match nearest(callee, service.calls.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{}`?", quotable(meant)),
            None => format!("add \"{}\" to `calls`, or remove the section", quotable(callee)),
        };
        let fault = Fault::new("is about a service that is not in `calls`", "not called", help);
        report.blame_key(&at(&format!("edges.{callee}")), fault);
    }
}

fn table(service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    if let Some(table) = &service.table
        && table.sort_key.as_ref() == Some(&table.partition_key)
    {
        let fault = Fault::new("is the partition key", "the same name", "name another attribute, or remove the line");
        report.blame(&at("table.sort_key"), fault);
    }
}

/// Who uses the database needs one, and credentials for it.
fn database(config: &Config, service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    let path = at("database");
    if !service.database || !report.clean(&[&path, "database"]) {
        return;
    }
    if config.database.is_none() {
        let help = "add a section [database] (its header alone is enough), or remove the line";
        report.blame(&path, Fault::new("asks for a database, and there is none", "no [database] in this file", help));
    }
    if !service.credentials {
        let other = (&*at("credentials"), "says that it has none".to_owned());
        let help = "remove `credentials = false`: the credentials are those of the database";
        report.blame_with(&path, Fault::new("needs credentials", "a database without credentials", help), &[other]);
    }
}

fn variables(service: &Service, at: &impl Fn(&str) -> String, report: &mut Report) {
    for name in service.environment.keys() {
        if let Some(owner) = injected::owner(service, name) {
            let fault = Fault::new(
                "is set by the platform",
                format!("holds {owner}"),
                "remove the line, or give your own variable another name",
            );
            report.blame_key(&at(&format!("environment.{name}")), fault);
        }
    }
    let bytes: usize = service.environment.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MOST_VARIABLE_BYTES {
        let label = format!("{bytes} bytes, {} too many", bytes - MOST_VARIABLE_BYTES);
        let help = "a task definition has 64 KiB for everything: keep large values in the service's bucket";
        report.blame(&at("environment"), Fault::new("is too large for a task definition", label, help));
    }
}

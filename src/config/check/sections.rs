//! Rules about everything but the services.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use crate::config::database::Capacity;
use crate::config::report::{Fault, Report};
use crate::config::rules::aws;
use crate::config::types::Config;

/// Ranges that fit into the load balancer's security group: it has room for 60 inbound rules (Amazon VPC quotas), and each
/// range takes one for HTTP, one for HTTPS and one for the test listener.
const MOST_ALLOWED_CIDRS: usize = 20;

pub(super) fn check(config: &Config, report: &mut Report) {
    region(config, report);
    network(config, report);
    allowed_cidrs(&config.ingress.allowed_cidrs, report);
    health_check(config, report);
    certificates(config, report);
    emails(&config.observability.alarm_emails, report);
    database(config, report);
}

/// What must fit the region: the zones and the certificate.
pub(in crate::config) fn region(config: &Config, report: &mut Report) {
    let region = &config.platform.region;
    if let Some(zones) = &config.platform.zones
        && report.clean(&["platform.region"])
        && let Err(fault) = aws::zones(zones, region)
    {
        report.blame("platform.zones", fault);
    }
    if let Some(arn) = &config.ingress.certificate_arn
        && report.clean(&["platform.region"])
        && aws::certificate_region(arn) != region
    {
        let label = format!("not in {region}");
        let help =
            format!("request or import the certificate in {region}: a load balancer takes none of another region");
        let what = format!("is a certificate of {}, but the platform stands in {region}", aws::certificate_region(arn));
        report.blame("ingress.certificate_arn", Fault::new(what, label, help));
    }
}

fn network(config: &Config, report: &mut Report) {
    if !report.clean(&["network.cidr"]) {
        return;
    }
    let cidr = config.network.cidr;
    for (index, avoided) in config.network.avoid.iter().enumerate().filter(|(_, avoided)| overlap(&cidr, avoided)) {
        let fault = Fault::new(
            format!("overlaps {avoided}, which is to be avoided"),
            "overlaps",
            "move one of them; networks that overlap cannot be connected",
        );
        report.blame_with("network.cidr", fault, &[(&format!("network.avoid[{index}]"), "with this".into())]);
    }
}

fn overlap(left: &Ipv4Net, right: &Ipv4Net) -> bool {
    left.contains(right) || right.contains(left)
}

fn allowed_cidrs(cidrs: &[Ipv4Net], report: &mut Report) {
    const PATH: &str = "ingress.allowed_cidrs";
    if cidrs.is_empty() {
        let help = "name who may, or leave the line out to let everybody";
        report.blame(PATH, Fault::new("lets nobody reach the load balancer", "empty", help));
    }
    if cidrs.len() > MOST_ALLOWED_CIDRS {
        let label = format!("{} ranges, {} too many", cidrs.len(), cidrs.len() - MOST_ALLOWED_CIDRS);
        let help = "a security group has room for 20 ranges; join neighbours into larger ones";
        return report.blame(PATH, Fault::new("names more ranges than a security group can hold", label, help));
    }
    for (index, inner) in cidrs.iter().enumerate() {
        let outer = cidrs
            .iter()
            .enumerate()
            .find(|(other, outer)| *other != index && outer.contains(inner) && (*outer != inner || *other < index));
        if let Some((outer_index, outer)) = outer {
            let fault =
                Fault::new(format!("names {inner}, which lies within {outer}"), "says nothing new", "remove it");
            let other = (&*format!("{PATH}[{outer_index}]"), "covers it".to_string());
            report.blame_with(&format!("{PATH}[{index}]"), fault, &[other]);
        }
    }
}

fn health_check(config: &Config, report: &mut Report) {
    let check = config.ingress.health_check;
    let (timeout, interval) = ("ingress.health_check.timeout_seconds", "ingress.health_check.interval_seconds");
    if report.clean(&[timeout, interval]) && check.timeout_seconds >= check.interval_seconds {
        let what = format!("is {}, not less than the interval of {}", check.timeout_seconds, check.interval_seconds);
        let help = "a check must end before the next one begins: lower the time-out or raise `interval_seconds`";
        report.blame(timeout, Fault::new(what, "as long as the interval, or longer", help));
    }
}

fn certificates(config: &Config, report: &mut Report) {
    let mesh = &config.mesh;
    if report.clean(&["mesh.certificate_days", "mesh.authority_days"]) && mesh.authority_days <= mesh.certificate_days {
        let what =
            format!("is {}, not more than the {} days of a certificate", mesh.authority_days, mesh.certificate_days);
        let help = "the authority must outlive what it signs: raise it, or lower `certificate_days`";
        let other = ("mesh.certificate_days", format!("certificates live {} days", mesh.certificate_days));
        report.blame_with("mesh.authority_days", Fault::new(what, "ends too early", help), &[other]);
    }
}

fn database(config: &Config, report: &mut Report) {
    let Some(database) = &config.database else { return };
    let (least, most) = ("database.min_capacity", "database.max_capacity");
    if report.clean(&[least, most]) && database.max_capacity < database.min_capacity {
        let what = format!("is {}, below the {} of `min_capacity`", database.max_capacity, database.min_capacity);
        let other = (least, format!("the least is {}", database.min_capacity));
        report.blame_with(most, Fault::new(what, "too little", "raise it, or lower `min_capacity`"), &[other]);
    }
    let pause = "database.pause_after_seconds";
    if report.clean(&[least, pause]) && report.origin.is_written(pause) && database.min_capacity != Capacity::ZERO {
        let help =
            "set min_capacity = 0, or remove the line: only a database whose capacity may go down to zero pauses";
        report.blame(pause, Fault::new("says when the database pauses, but it never does", "without effect", help));
    }
}

/// Addresses that are told of alarms; each has to confirm, and each must be taken away again.
const MOST_EMAILS: usize = 50;

fn emails(emails: &[String], report: &mut Report) {
    const PATH: &str = "observability.alarm_emails";
    if emails.len() > MOST_EMAILS {
        let label = format!("{} addresses, {} too many", emails.len(), emails.len() - MOST_EMAILS);
        let help = format!("use at most {MOST_EMAILS}, or one mailing list");
        return report.blame(PATH, Fault::new("names too many addresses", label, help));
    }
    let mut seen = BTreeSet::new();
    for (index, email) in emails.iter().enumerate() {
        if !seen.insert(email) {
            let fault = Fault::new(format!("names {email} twice"), "again", "remove one of them");
            report.blame(&format!("{PATH}[{index}]"), fault);
        }
    }
}

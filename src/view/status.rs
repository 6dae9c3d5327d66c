//! How an environment fares, for people. Every part says which source it comes from: the state, or AWS.

use std::fmt::Write;

use super::{
    Paint,
    table::{Field, Mood, table},
    text::{clean, count, pad, wrap},
};
use crate::operation::status::report::{
    AlarmsStatus, CertificateStatus, DeploymentStatus, ServiceStatus, Source, StatusReport, TargetCounts,
};

/// Days before its end at which a certificate should have been renewed.
const SOON: i64 = 7;
/// What was not read, or is not there.
const NOTHING: &str = "–";

/// The whole report.
pub fn text(report: &StatusReport, paint: Paint, width: usize) -> String {
    let mut parts = vec![paint.bold(&clean(&report.summary)), facts(report, paint)];
    if !report.services.is_empty() {
        parts.push(traffic(report, paint, width));
        parts.push(versions(report, paint, width));
        parts.push(paint.dim(&sources(report)));
    }
    parts.extend(ringing(report, paint, width));
    parts.extend(found(report, paint, width));
    parts.extend(differences(report, paint, width));
    parts.extend(doomed(report, width));
    parts.extend(problems(report, paint, width));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// A title and what there is to say about it, one line each.
fn facts(report: &StatusReport, paint: Paint) -> String {
    let (environment, state) = (&report.environment, &report.state);
    let mut lines: Vec<(&str, String)> = Vec::new();
    let recorded = if state.present {
        format!("{}, {} recorded, serial {}", state.path, count(state.resources, "resource"), state.serial)
    } else {
        format!("none in {}", state.path)
    };
    lines.push(("state", recorded));
    for chapter in state.chapters.iter().filter(|chapter| chapter.phases.keys().any(|phase| phase != "ready")) {
        let phases: Vec<String> = chapter.phases.iter().map(|(phase, number)| format!("{number} {phase}")).collect();
        lines.push(("", format!("{}: {}", chapter.chapter, phases.join(", "))));
    }
    for deposed in &state.deposed {
        lines.push(("", format!("{}: a predecessor, {}, still has to go", deposed.key, deposed.id)));
    }
    lines.extend(state.warning.iter().map(|warning| ("", warning.clone())));
    lines.extend(state.locked_by.iter().map(|holder| ("locked", holder.clone())));
    if !environment.zones.is_empty() {
        lines.push(("zones", environment.zones.join(", ")));
    }
    if let Some(provider) = &environment.mesh_provider {
        lines.push(("mesh", environment.mesh_reason.clone().unwrap_or_else(|| provider.clone())));
    }
    if let Some(authority) = &environment.authority {
        lines.push(("authority", valid(authority)));
    }
    lines.extend(environment.certificates.iter().map(|notice| ("", notice.line())));
    if let Some(balancer) = &report.load_balancer {
        let address = balancer.url.as_ref().or(balancer.address.as_ref());
        lines.push(("load balancer", format!("{} {}", balancer.state, address.map_or("", String::as_str))));
    }
    for service in &report.services {
        lines.extend(service.url.iter().map(|url| (service.name.as_str(), url.clone())));
    }
    let width = lines.iter().map(|(title, _)| title.len()).max().unwrap_or_default();
    let lines = lines.iter().map(|(title, what)| format!(" {}  {}", paint.dim(&pad(title, width)), clean(what)));
    lines.collect::<Vec<_>>().join("\n")
}

fn traffic(report: &StatusReport, paint: Paint, width: usize) -> String {
    let rows = report.services.iter().map(|service| {
        vec![
            name(service),
            status(service),
            tasks(service),
            targets(service.blue),
            targets(service.green),
            service.serving.as_ref().map_or(NOTHING, |serving| serving.color).into(),
            deployment(service.deployment.as_ref()),
            alarms(service.alarms.as_ref()),
        ]
    });
    let heading = ["service", "status", "tasks", "blue", "green", "serves", "deployment", "alarms"];
    table(paint, width, &heading, rows.collect())
}

fn versions(report: &StatusReport, paint: Paint, width: usize) -> String {
    let rows = report.services.iter().map(|service| {
        let text = |value: &Option<String>| Field::from(value.clone().unwrap_or_else(|| NOTHING.to_owned()));
        vec![
            Field::from(service.name.as_str()),
            text(&service.image),
            text(&service.revision),
            scaling(service),
            certificate(service.certificate.as_ref()),
            credentials(service),
        ]
    });
    let heading = ["service", "image", "revision", "scaling", "certificate", "credentials"];
    table(paint, width, &heading, rows.collect())
}

fn name(service: &ServiceStatus) -> Field {
    if service.configured {
        service.name.as_str().into()
    } else {
        Field::new(format!("{} (goes with the next up)", service.name), Mood::Odd)
    }
}

fn status(service: &ServiceStatus) -> Field {
    let Some(status) = &service.status else { return NOTHING.into() };
    Field::new(status.to_lowercase(), if status == "ACTIVE" { Mood::Good } else { Mood::Bad })
}

fn tasks(service: &ServiceStatus) -> Field {
    let Some(tasks) = service.tasks else { return NOTHING.into() };
    let mood = if tasks.running >= tasks.desired { Mood::Good } else { Mood::Odd };
    let starting = if tasks.pending > 0 { format!(" (+{} starting)", tasks.pending) } else { String::new() };
    Field::new(format!("{} of {}{starting}", tasks.running, tasks.desired), mood)
}

fn targets(counts: Option<TargetCounts>) -> Field {
    let Some(counts) = counts else { return NOTHING.into() };
    let mood = match () {
        () if counts.total == 0 => Mood::Plain,
        () if counts.healthy == counts.total => Mood::Good,
        () => Mood::Odd,
    };
    let draining = if counts.draining > 0 { format!(" (-{} draining)", counts.draining) } else { String::new() };
    Field::new(format!("{} of {}{draining}", counts.healthy, counts.total), mood)
}

fn deployment(deployment: Option<&DeploymentStatus>) -> Field {
    let Some(deployment) = deployment else { return NOTHING.into() };
    let words = |text: &str| text.to_lowercase().replace('_', " ");
    let stage = deployment.stage.as_deref().map(|stage| format!(": {}", words(stage))).unwrap_or_default();
    let mood = match () {
        () if deployment.failed => Mood::Bad,
        () if deployment.in_progress => Mood::Odd,
        () => Mood::Good,
    };
    Field::new(format!("{}{stage}", words(&deployment.status)), mood)
}

fn alarms(alarms: Option<&AlarmsStatus>) -> Field {
    let Some(alarms) = alarms else { return NOTHING.into() };
    match (alarms.in_alarm.len(), alarms.without_data) {
        (0, 0) => Field::new(format!("0 of {}", alarms.total), Mood::Good),
        (0, unsure) => Field::new(format!("0 of {} ({unsure} without data)", alarms.total), Mood::Plain),
        (ringing, _) => Field::new(format!("{ringing} of {}", alarms.total), Mood::Bad),
    }
}

fn scaling(service: &ServiceStatus) -> Field {
    let Some(range) = service.scaling else { return NOTHING.into() };
    if range.suspended {
        Field::new(format!("{} to {}, suspended", range.min, range.max), Mood::Odd)
    } else {
        format!("{} to {}", range.min, range.max).into()
    }
}

fn certificate(certificate: Option<&CertificateStatus>) -> Field {
    let Some(certificate) = certificate else { return NOTHING.into() };
    let mood = match certificate.days_left {
        ..0 => Mood::Bad,
        0..SOON => Mood::Odd,
        _ => Mood::Good,
    };
    Field::new(valid(certificate), mood)
}

fn valid(certificate: &CertificateStatus) -> String {
    match certificate.days_left {
        ..0 => format!("ended {}", day(&certificate.not_after)),
        days => format!("{days} days, to {}", day(&certificate.not_after)),
    }
}

fn credentials(service: &ServiceStatus) -> Field {
    let Some(secret) = &service.credentials else { return NOTHING.into() };
    let text = match (&secret.next_rotation, &secret.last_rotated, &secret.last_changed) {
        (Some(next), ..) => format!("next rotation {}", day(next)),
        (None, Some(last), _) => format!("rotated {}", day(last)),
        (None, None, Some(changed)) => format!("changed {}, not rotated", day(changed)),
        (None, None, None) => "not rotated".to_owned(),
    };
    text.into()
}

/// The day of a time of RFC 3339.
fn day(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

/// Where the columns come from; most come from one place.
fn sources(report: &StatusReport) -> String {
    let others = report.columns.iter().filter(|column| column.source != Source::Aws);
    let others: Vec<String> = others.map(|column| format!("{}: {}", column.title, column.source.title())).collect();
    let rest = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
    format!(" all of this as AWS says now{rest}")
}

fn ringing(report: &StatusReport, paint: Paint, width: usize) -> Option<String> {
    let of_services = report.services.iter().filter_map(|service| service.alarms.as_ref());
    let alarms: Vec<_> = of_services.chain(&report.alarms).flat_map(|alarms| &alarms.in_alarm).collect();
    let rows = alarms.iter().map(|alarm| {
        let since = alarm.since.clone().unwrap_or_else(|| NOTHING.to_owned());
        vec![Field::new(alarm.name.clone(), Mood::Bad), since.into(), alarm.reason.as_str().into()]
    });
    (!alarms.is_empty()).then(|| table(paint, width, &["in alarm", "since", "because"], rows.collect()))
}

fn found(report: &StatusReport, paint: Paint, width: usize) -> Option<String> {
    let rows = report.found.iter().map(|found| vec![found.kind.as_str().into(), found.resources.to_string().into()]);
    (!report.found.is_empty()).then(|| table(paint, width, &["found on AWS", "resources"], rows.collect()))
}

fn differences(report: &StatusReport, paint: Paint, width: usize) -> Option<String> {
    let differences = report.differences.as_ref().filter(|list| !list.is_empty())?;
    let rows = differences.iter().map(|difference| {
        let text = |text: &str| Field::from(text);
        vec![
            text(&difference.key),
            text(&difference.name),
            text(&difference.state),
            Field::new(difference.aws.clone(), Mood::Odd),
        ]
    });
    Some(table(paint, width, &["resource", "name", "the state says", "AWS says"], rows.collect()))
}

fn doomed(report: &StatusReport, width: usize) -> Option<String> {
    let lines =
        report.doomed.iter().map(|item| wrap(&clean(&format!("{} {}: {}", item.key, item.id, item.note)), 1, width));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| format!("on its way out by itself:\n{}", lines.join("\n")))
}

fn problems(report: &StatusReport, paint: Paint, width: usize) -> Option<String> {
    let mut text = String::new();
    for problem in &report.problems {
        let _ = write!(text, "\n{}", wrap(&clean(&format!("{}: {}", problem.what, problem.message)), 1, width));
        if let Some(remedy) = &problem.remedy {
            let _ = write!(text, "\n{}", wrap(&format!("hint: {}", clean(remedy)), 3, width));
        }
    }
    (!text.is_empty()).then(|| format!("{}{text}", paint.alarm("could not be read:")))
}

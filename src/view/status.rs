//! How an environment fares, for people. Every part says which source it comes from: the state, or AWS.

use std::fmt::Write;

use super::{
    Paint,
    table::{Field, Mood, table},
    text::{clean, count, pad, shorten, wrap},
};
use crate::operation::status::report::{
    AlarmsStatus, CertificateStatus, DeploymentStatus, ServiceStatus, Source, StatusReport, TargetCounts,
};

/// Days before its end at which a certificate should have been renewed.
const SOON: i64 = 7;
/// What was not read, or is not there.
const NOTHING: &str = "–";
/// Hexadecimal digits of an image's digest that are shown, and the ellipsis.
const DIGEST: usize = 13;

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
    lines.extend(environment.mesh_change.iter().map(|notice| ("", notice.line())));
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
        vec![
            Field::from(service.name.as_str()),
            service.image.as_deref().map_or(NOTHING.to_owned(), |image| image_name(&service.name, image)).into(),
            service.revision.as_deref().map_or(NOTHING, revision_number).into(),
            scaling(service),
            certificate(service),
            credentials(service),
        ]
    });
    let heading = ["service", "image", "rev.", "range", "certificate", "credentials"];
    table(paint, width, &heading, rows.collect())
}

/// What tells one image from the next: the tag or the digest of one in the service's own repository, else the last part of the name
/// as well. The whole name is in the JSON.
fn image_name(service: &str, image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    if let Some((name, digest)) = last.split_once("@sha256:") {
        let (name, digest) = (name.split(':').next().unwrap_or(name), shorten(digest, DIGEST));
        return if is_own(service, name) { digest } else { format!("{name}@{digest}") };
    }
    match last.split_once(':') {
        Some((name, tag)) if is_own(service, name) => tag.to_owned(),
        _ => last.to_owned(),
    }
}

fn is_own(service: &str, repository: &str) -> bool {
    repository.strip_prefix("ecr-").is_some_and(|rest| rest.starts_with(&format!("{service}-")))
}

/// The number of `family:number`; the family is the service's.
fn revision_number(revision: &str) -> &str {
    revision.rsplit(':').next().unwrap_or(revision)
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
    let starting = if tasks.pending > 0 { format!(", {} starting", tasks.pending) } else { String::new() };
    Field::new(format!("{}/{}{starting}", tasks.running, tasks.desired), mood)
}

fn targets(counts: Option<TargetCounts>) -> Field {
    let Some(counts) = counts else { return NOTHING.into() };
    let mood = match () {
        () if counts.total == 0 => Mood::Plain,
        () if counts.healthy == counts.total => Mood::Good,
        () => Mood::Odd,
    };
    let draining = if counts.draining > 0 { format!(", {} draining", counts.draining) } else { String::new() };
    Field::new(format!("{}/{}{draining}", counts.healthy, counts.total), mood)
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
    // Long words would cost other columns their place.
    let waits = if deployment.waits_for_you { ": continue or abort?" } else { "" };
    Field::new(format!("{}{stage}{waits}", words(&deployment.status)), mood)
}

fn alarms(alarms: Option<&AlarmsStatus>) -> Field {
    let Some(alarms) = alarms else { return NOTHING.into() };
    match (alarms.in_alarm.len(), alarms.without_data) {
        (0, 0) => Field::new(format!("0/{}", alarms.total), Mood::Good),
        (0, unsure) => Field::new(format!("0/{} ({unsure} without data)", alarms.total), Mood::Plain),
        (ringing, _) => Field::new(format!("{ringing}/{}", alarms.total), Mood::Bad),
    }
}

fn scaling(service: &ServiceStatus) -> Field {
    let Some(range) = service.scaling else { return NOTHING.into() };
    if range.suspended {
        Field::new(format!("{}–{}, paused", range.min, range.max), Mood::Odd)
    } else {
        format!("{}–{}", range.min, range.max).into()
    }
}

fn certificate(service: &ServiceStatus) -> Field {
    let Some(certificate) = &service.certificate else { return NOTHING.into() };
    let mood = match certificate.days_left {
        ..0 => Mood::Bad,
        0..SOON => Mood::Odd,
        _ => Mood::Good,
    };
    let end = day(&certificate.not_after);
    let text = match certificate.days_left {
        ..0 => format!("ended {end}"),
        days @ 0..SOON => format!("{end}, {days} days"),
        _ => format!("to {end}"),
    };
    let next = service.certificate_rotation.as_ref().and_then(|secret| secret.next_rotation.as_deref());
    Field::new(next.map_or_else(|| text.clone(), |next| format!("{text}, rotates {}", day(next))), mood)
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
        (Some(next), ..) => format!("rotates {}", day(next)),
        (None, Some(last), _) => format!("rotated {}", day(last)),
        (None, None, Some(changed)) => format!("set {}", day(changed)),
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::operation::status::report::{
        AlarmStatus, Difference, EnvironmentStatus, LoadBalancerStatus, SERVICE_COLUMNS, ScalingRange, SecretStatus,
        Serving, StateStatus, TaskCounts,
    };

    /// A service that fares well.
    fn service(name: &str) -> ServiceStatus {
        let day = |day: u8| Some(format!("2026-11-{day:02}T10:00:00Z"));
        ServiceStatus {
            name: name.to_owned(),
            configured: true,
            status: Some("ACTIVE".to_owned()),
            url: Some(format!("http://alb-dev-1.us-east-1.elb.amazonaws.com/{name}")),
            tasks: Some(TaskCounts { desired: 2, running: 2, pending: 0 }),
            blue: Some(TargetCounts { healthy: 2, total: 2, draining: 0 }),
            green: Some(TargetCounts { healthy: 0, total: 0, draining: 0 }),
            serving: Some(Serving { color: "blue", blue: 100, green: 0 }),
            deployment: Some(DeploymentStatus {
                waits_for_you: false,
                in_progress: false,
                status: "SUCCESSFUL".to_owned(),
                stage: None,
                reason: None,
                failed: false,
                began: day(1),
                ended: day(1),
            }),
            image: Some(format!("123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-{name}-dev:1.4.2")),
            revision: Some(format!("task-{name}-dev:12")),
            scaling: Some(ScalingRange { min: 2, max: 10, suspended: false }),
            certificate: Some(CertificateStatus { not_after: "2026-12-27T10:00:00Z".to_owned(), days_left: 29 }),
            certificate_rotation: None,
            credentials: Some(SecretStatus {
                name: format!("secret-{name}-dev"),
                rotates: false,
                last_changed: day(2),
                last_rotated: None,
                next_rotation: None,
                not_after: None,
            }),
            alarms: Some(AlarmsStatus { total: 6, without_data: 0, in_alarm: Vec::new() }),
            last_event: None,
        }
    }

    fn report(services: Vec<ServiceStatus>) -> StatusReport {
        StatusReport {
            environment: EnvironmentStatus {
                suffix: "dev".to_owned(),
                id: Some("id".to_owned()),
                account: "123456789012".to_owned(),
                region: "us-east-1".to_owned(),
                zones: ["us-east-1a", "us-east-1b", "us-east-1c"].map(str::to_owned).to_vec(),
                mesh_provider: Some("envoy".to_owned()),
                mesh_reason: Some("Envoy, as configured".to_owned()),
                mesh_change: None,
                authority: Some(CertificateStatus { not_after: "2027-11-01T10:00:00Z".to_owned(), days_left: 339 }),
                certificates: Vec::new(),
            },
            exists: true,
            summary: "2 of 3 services are well".to_owned(),
            state: StateStatus {
                path: ".platformctl/dev/journal.jsonl".to_owned(),
                present: true,
                serial: 2,
                resources: 133,
                ..StateStatus::default()
            },
            found: Vec::new(),
            load_balancer: Some(LoadBalancerStatus {
                name: "alb-dev".to_owned(),
                state: "active".to_owned(),
                address: Some("alb-dev-1.us-east-1.elb.amazonaws.com".to_owned()),
                url: Some("http://alb-dev-1.us-east-1.elb.amazonaws.com".to_owned()),
            }),
            columns: SERVICE_COLUMNS.to_vec(),
            services,
            alarms: None,
            differences: None,
            doomed: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// One that is well, one in the middle of a deployment, one that is not well.
    fn busy() -> StatusReport {
        let mut moving = service("notifications");
        moving.tasks = Some(TaskCounts { desired: 2, running: 2, pending: 2 });
        moving.green = Some(TargetCounts { healthy: 1, total: 2, draining: 0 });
        moving.deployment = Some(DeploymentStatus {
            waits_for_you: false,
            in_progress: true,
            status: "IN_PROGRESS".to_owned(),
            stage: Some("BAKE_TIME".to_owned()),
            reason: None,
            failed: false,
            began: None,
            ended: None,
        });
        moving.image = Some("public.ecr.aws/docker/library/python:3.13-alpine".to_owned());
        let mut broken = service("user-profile");
        broken.tasks = Some(TaskCounts { desired: 2, running: 1, pending: 0 });
        broken.blue = Some(TargetCounts { healthy: 1, total: 2, draining: 1 });
        broken.image = Some("registry.example.com/user-profile@sha256:0123456789abcdef0123456789abcdef".to_owned());
        broken.certificate = Some(CertificateStatus { not_after: "2026-11-30T10:00:00Z".to_owned(), days_left: 2 });
        let alarm = AlarmStatus {
            name: "alarm-user-profile-errors-dev".to_owned(),
            reason: "Threshold Crossed: 3 datapoints were greater than the threshold (5.0)".to_owned(),
            since: Some("2026-11-27T11:58:00Z".to_owned()),
        };
        broken.alarms = Some(AlarmsStatus { total: 6, without_data: 1, in_alarm: vec![alarm] });
        let mut report = report(vec![service("payments"), moving, broken]);
        report.differences = Some(vec![Difference {
            key: "log-group/flow-logs".to_owned(),
            name: "/platformctl/dev/flow-logs".to_owned(),
            state: "ready".to_owned(),
            aws: "absent".to_owned(),
        }]);
        report
    }

    #[test]
    fn a_status_fits_eighty_columns() {
        assert_snapshot!(text(&busy(), Paint::new(false), 80));
    }

    #[test]
    fn a_status_fits_a_hundred_columns() {
        assert_snapshot!(text(&busy(), Paint::new(false), 100));
    }

    #[test]
    fn what_is_well_takes_one_line_for_each_service() {
        let report = report(["accounts", "notifications", "payments"].map(service).to_vec());
        for width in [80, 100] {
            let shown = [traffic(&report, Paint::new(false), width), versions(&report, Paint::new(false), width)];
            for table in shown {
                assert_eq!(table.lines().count(), 4, "{table}");
                assert!(table.lines().all(|line| console::measure_text_width(line) <= width), "{table}");
            }
        }
    }

    #[test]
    fn images_are_told_apart_by_what_differs() {
        let repository = "123456789012.dkr.ecr.us-east-1.amazonaws.com/ecr-payments-dev";
        assert_eq!(image_name("payments", &format!("{repository}:1.4.2")), "1.4.2");
        assert_eq!(image_name("payments", &format!("{repository}@sha256:{}", "a1".repeat(32))), "a1a1a1a1a1a1…");
        assert_eq!(image_name("accounts", &format!("{repository}:1.4.2")), "ecr-payments-dev:1.4.2");
        assert_eq!(image_name("payments", "public.ecr.aws/docker/library/python:3.13-alpine"), "python:3.13-alpine");
        assert_eq!(image_name("payments", "localhost:5000/app"), "app");
    }
}

//! The services, each from several looks that are made for all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    Problems,
    known::{Known, Thing},
    report::{
        AlarmsStatus, CertificateStatus, DeploymentStatus, ScalingRange, SecretStatus, ServiceStatus, Serving,
        TargetCounts,
    },
    sections::scheme,
};
use crate::{
    aws::{
        look::{
            alarms::{self, Says},
            balancing::{self, Weights},
            scaling, secrets,
            services::{self, Revision, Seen},
        },
        secrets::facts::NOT_AFTER,
    },
    engine::{Outputs, survey::persist},
    operation::{
        Workspace,
        changeover::{self, Picture},
    },
};

/// What all looks said; `None` where one failed.
struct Looks {
    services: Option<BTreeMap<String, Seen>>,
    deployments: BTreeMap<String, DeploymentStatus>,
    revisions: BTreeMap<String, Revision>,
    targets: BTreeMap<String, TargetCounts>,
    weights: BTreeMap<String, Weights>,
    ranges: BTreeMap<String, ScalingRange>,
    rotations: BTreeMap<String, SecretStatus>,
    alarms: Option<BTreeMap<String, alarms::Seen>>,
}

/// The services, the alarms that belong to none of them, and what carries the services' calls.
pub async fn look(
    workspace: &Workspace,
    known: &Known,
    problems: &Problems,
) -> (Vec<ServiceStatus>, Option<AlarmsStatus>, Picture) {
    let configured = workspace.config.services.keys().map(String::as_str);
    let existing = known.of_kind("ecs-service").map(|(name, _)| name);
    let names: BTreeSet<&str> = if known.is_empty() { BTreeSet::new() } else { configured.chain(existing).collect() };
    let looks = look_at_all(workspace, known, problems).await;
    let mut owners: BTreeMap<Option<&str>, Vec<&Thing>> = BTreeMap::new();
    for (key, alarm) in known.of_kind("alarm") {
        owners.entry(owner(&names, key)).or_default().push(alarm);
    }
    let alarms = |service: Option<&str>| {
        let of_service = owners.get(&service).map(Vec::as_slice).unwrap_or_default();
        looks.alarms.as_ref().map(|seen| count(of_service, seen))
    };
    let address = known.of_kind("load-balancer").next().and_then(|(_, balancer)| balancer.outputs.get("dns_name"));
    let now = workspace.aws.now();
    let base = address.map(|address| format!("{}://{address}", scheme(known)));
    let services = names.iter().map(|&name| {
        let path = workspace.config.services.get(name).map(|service| service.path.as_str());
        let url = base.as_ref().zip(path).map(|(base, path)| format!("{base}{path}"));
        ServiceStatus { url, configured: path.is_some(), alarms: alarms(Some(name)), ..one(known, &looks, name, now) }
    });
    let shapes = names.iter().filter(|name| workspace.config.services.contains_key(**name)).filter_map(|&name| {
        let physical = &known.get("ecs-service", name)?.name;
        let revisions = &looks.services.as_ref()?.get(physical)?.revisions;
        let shapes = revisions.iter().filter_map(|revision| looks.revisions.get(revision)?.shape);
        Some((name.to_owned(), shapes.collect()))
    });
    let picture = Picture::new(shapes.collect());
    (services.collect(), alarms(None).filter(|alarms| alarms.total > 0), picture)
}

async fn look_at_all(workspace: &Workspace, known: &Known, problems: &Problems) -> Looks {
    let aws = &workspace.aws;
    let jitter = &workspace.jitter;
    let ids = |kind: &'static str| known.of_kind(kind).map(|(_, thing)| thing.id.clone()).collect::<Vec<_>>();
    let (groups, ranges_of) = (ids("target-group"), ids("scalable-target"));
    let secrets_of = [ids("credentials-secret"), ids("mesh-certificate")].concat();
    let production = known.of_kind("listener-rule").filter(|(name, _)| name.ends_with("-production"));
    let rules: Vec<String> = production.map(|(_, rule)| rule.id.clone()).collect();
    let alarm_names: Vec<String> = known.of_kind("alarm").map(|(_, alarm)| alarm.name.clone()).collect();
    let (services, targets, weights, ranges, rotations, alarms) = futures::join!(
        look_at_services(workspace, known, problems),
        persist(jitter, || balancing::targets(aws, groups.clone())),
        persist(jitter, || balancing::weights(aws, rules.clone())),
        persist(jitter, || scaling::ranges(aws, &ranges_of)),
        persist(jitter, || secrets::rotations(aws, secrets_of.clone())),
        persist(jitter, || alarms::alarms(aws, &alarm_names)),
    );
    let (services, deployments, revisions) = services;
    Looks {
        services,
        deployments,
        revisions,
        targets: problems.keep("the health of targets", targets).unwrap_or_default(),
        weights: problems.keep("the weights of the production rules", weights).unwrap_or_default(),
        ranges: problems.keep("the scaling ranges", ranges).unwrap_or_default(),
        rotations: problems.keep("the rotation of secrets", rotations).unwrap_or_default(),
        alarms: problems.keep("the alarms", alarms),
    }
}

/// The services, their deployments, their revisions.
type Services = (Option<BTreeMap<String, Seen>>, BTreeMap<String, DeploymentStatus>, BTreeMap<String, Revision>);

/// The services, and then what only they tell where to look for.
async fn look_at_services(workspace: &Workspace, known: &Known, problems: &Problems) -> Services {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let names: Vec<String> = known.of_kind("ecs-service").map(|(_, service)| service.name.clone()).collect();
    let cluster = known.of_kind("cluster").next().map(|(_, cluster)| cluster.name.clone());
    let found = match &cluster {
        Some(cluster) => persist(jitter, || services::services(aws, cluster, &names)).await,
        None => Ok(BTreeMap::new()),
    };
    let Some(seen) = problems.keep("the services", found) else { return (None, BTreeMap::new(), BTreeMap::new()) };
    let definitions: BTreeSet<String> = seen.values().flat_map(|service| service.revisions.clone()).collect();
    let variables = changeover::variables(&workspace.config);
    let (deployments, revisions) = futures::join!(
        persist(jitter, || services::deployments(aws, seen.values())),
        persist(jitter, || services::revisions(aws, definitions.iter().cloned().collect(), &variables)),
    );
    let deployments = problems.keep("the deployments", deployments).unwrap_or_default();
    let revisions = problems.keep("the revisions", revisions).unwrap_or_default();
    (Some(seen), deployments, revisions)
}

fn one(known: &Known, looks: &Looks, name: &str, now: OffsetDateTime) -> ServiceStatus {
    let id = |kind: &str, name: &str| known.get(kind, name).map(|thing| thing.id.as_str());
    let physical = known.get("ecs-service", name).map(|service| service.name.as_str());
    let seen = physical.and_then(|physical| looks.services.as_ref()?.get(physical));
    let status = looks.services.as_ref().map(|_| seen.map_or_else(|| "absent".to_owned(), |seen| seen.status.clone()));
    let definition = seen.and_then(|seen| seen.task_definition.as_deref());
    let (blue, green) = (id("target-group", &format!("{name}-blue")), id("target-group", &format!("{name}-green")));
    let counts = |group: Option<&str>| looks.targets.get(group?).copied();
    let weights = id("listener-rule", &format!("{name}-production")).and_then(|rule| looks.weights.get(rule));
    let rotation = |kind: &str| id(kind, name).and_then(|secret| looks.rotations.get(secret)).cloned();
    let certificate_rotation = rotation("mesh-certificate");
    // The rotator renews certificates without the state's knowing.
    let not_after = certificate_rotation.as_ref().and_then(|secret| secret.not_after.as_ref());
    let recorded = known.get("mesh-certificate", name).and_then(|it| it.outputs.get(NOT_AFTER));
    let not_after = not_after.or(recorded);
    ServiceStatus {
        name: name.to_owned(),
        configured: false,
        status,
        url: None,
        tasks: seen.map(|seen| seen.tasks),
        blue: counts(blue),
        green: counts(green),
        serving: weights.map(|weights| serving(weights, blue, green)),
        deployment: seen.and_then(|seen| looks.deployments.get(&seen.arn)).cloned(),
        image: definition.and_then(|definition| looks.revisions.get(definition)?.image.clone()),
        revision: definition.map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned()),
        scaling: id("scalable-target", name).and_then(|target| looks.ranges.get(target)).copied(),
        certificate: not_after.and_then(|end| until(end, now)),
        certificate_rotation,
        credentials: rotation("credentials-secret"),
        alarms: None,
        last_event: seen.and_then(|seen| seen.last_event.clone()),
    }
}

fn serving(weights: &Weights, blue: Option<&str>, green: Option<&str>) -> Serving {
    let weight = |group: Option<&str>| group.and_then(|group| weights.get(group)).copied().unwrap_or(0);
    let (blue, green) = (weight(blue), weight(green));
    let color = match (blue > 0, green > 0) {
        (true, false) => "blue",
        (false, true) => "green",
        (true, true) => "both",
        (false, false) => "neither",
    };
    Serving { color, blue, green }
}

/// How long a certificate is valid, by the outputs of its secret.
pub(super) fn certificate(outputs: &Outputs, now: OffsetDateTime) -> Option<CertificateStatus> {
    until(outputs.get(NOT_AFTER)?, now)
}

fn until(not_after: &str, now: OffsetDateTime) -> Option<CertificateStatus> {
    let end = OffsetDateTime::parse(not_after, &Rfc3339).ok()?;
    // Towards the past, so that a certificate that ended an hour ago has -1 and not 0 days left.
    let days_left = (end - now).whole_seconds().div_euclid(24 * 3600);
    Some(CertificateStatus { not_after: not_after.to_owned(), days_left })
}

/// The service that an alarm's key begins with: the longest, since `pay` and `pay-out` may both be one.
fn owner<'a>(services: &BTreeSet<&'a str>, key: &str) -> Option<&'a str> {
    let is_of = |service: &&&str| key.strip_prefix(**service).is_some_and(|rest| rest.starts_with('-'));
    services.iter().filter(is_of).max_by_key(|service| service.len()).copied()
}

fn count(alarms: &[&Thing], seen: &BTreeMap<String, alarms::Seen>) -> AlarmsStatus {
    let mut counted = AlarmsStatus::default();
    for alarm in alarms.iter().filter_map(|alarm| seen.get(&alarm.name)) {
        counted.total += 1;
        match alarm.says {
            Says::Well => {}
            Says::Unsure => counted.without_data += 1,
            Says::Alarm => counted.in_alarm.push(alarm.alarm.clone()),
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_weights_of_the_rule_tell_who_serves() {
        let of = |blue, green| {
            let weights = Weights::from([("b".to_owned(), blue), ("g".to_owned(), green)]);
            serving(&weights, Some("b"), Some("g")).color
        };
        assert_eq!((of(100, 0), of(0, 100), of(50, 50), of(0, 0)), ("blue", "green", "both", "neither"));
    }

    #[test]
    fn days_left_are_whole_and_negative_once_it_is_over() {
        let outputs = Outputs::from([("not_after".to_owned(), "2027-01-10T12:00:00Z".to_owned())]);
        let days = |now| certificate(&outputs, now).map(|it| it.days_left);
        assert_eq!(days(datetime!(2027-01-01 00:00 UTC)), Some(9));
        assert_eq!(days(datetime!(2027-01-10 13:00 UTC)), Some(-1));
    }

    #[test]
    fn an_alarm_is_of_the_service_with_the_longest_name() {
        let services = BTreeSet::from(["pay", "pay-out"]);
        assert_eq!(owner(&services, "pay-out-errors"), Some("pay-out"));
        assert_eq!(owner(&services, "pay-errors"), Some("pay"));
        assert_eq!(owner(&services, "payments-errors"), None);
    }
}

//! Alarms, and who is told of them.

use std::collections::BTreeMap;

use serde_json::json;

use super::metrics::{self, PERIOD_SECONDS};
use crate::{
    aws::{
        cloudwatch::{Alarm, DimensionValue, Metric, Query},
        ecs::Cluster,
        lambda::Function,
        sns::{Subscription, Topic},
    },
    blueprint::{Draft, Encryption, Ingress, containers},
    config::Service,
    engine::{Chapter, Handle, Output},
};

/// The alarms of an environment.
pub struct Alarms {
    /// Who is told.
    pub topic: Handle<Topic>,
    /// The alarms of each service that take a deployment back.
    pub by_service: BTreeMap<String, Vec<Handle<Alarm>>>,
}

/// The names of all alarms that a service can have.
pub(super) const KINDS: [&str; 6] = ["errors", "latency", "unhealthy", "cpu", "memory", "certificate"];

const ABOVE: &str = "GreaterThanThreshold";
const BELOW: &str = "LessThanThreshold";

/// Adds the topic with its subscriptions, and the alarms of each service.
pub fn add_alarms(
    draft: &mut Draft<'_>,
    encryption: &Encryption,
    ingress: &Ingress,
    cluster: &Handle<Cluster>,
) -> Alarms {
    let topic = add_topic(draft, encryption);
    add_subscriptions(draft, &topic);
    let mut by_service = BTreeMap::new();
    let configured = &draft.config.services;
    for (name, service) in configured {
        let watch = Watch { ingress, cluster, topic: &topic, name, service };
        let deployment = [watch.errors(draft), watch.latency(draft), watch.unhealthy(draft)];
        let deployment = deployment.map(|(what, alarm)| watch.add(draft, what, alarm));
        by_service.insert(name.clone(), deployment.to_vec());
        for (what, alarm) in [watch.cpu(draft), watch.memory(draft), watch.certificate(draft)] {
            watch.add(draft, what, alarm);
        }
    }
    Alarms { topic, by_service }
}

/// Adds the alarm on rotations that fail. One is enough: Secrets Manager repeats a rotation by itself, and goes on with the old credentials
/// for as long as nobody looks.
pub fn add_rotator_alarm(draft: &mut Draft<'_>, topic: &Handle<Topic>, function: &Handle<Function>) {
    let metric = Metric {
        namespace: "AWS/Lambda".to_owned(),
        name: "Errors".to_owned(),
        dimensions: BTreeMap::from([("FunctionName".to_owned(), function.name().wrap("", ""))]),
        period_seconds: PERIOD_SECONDS,
        statistic: "Sum".to_owned(),
    };
    let alarm = Alarm {
        description: "The rotation of a certificate or of database credentials failed. What is in use goes on working; the rotator's log \
                      group says which it was and why. `platformctl rotate certificates` and `platformctl rotate credentials` try again."
            .to_owned(),
        queries: vec![Query::metric("errors", "Errors", metric).returned()],
        comparison: ABOVE.to_owned(),
        threshold: 0.0,
        evaluation_periods: 1,
        datapoints_to_alarm: 1,
        missing_data: "notBreaching".to_owned(),
        alarm_actions: vec![topic.arn()],
        ok_actions: vec![topic.arn()],
    };
    draft.add(Chapter::Observability, "rotator-errors", &["alarm", "rotator", "errors"], alarm);
}

/// CloudWatch publishes to an encrypted topic if the key's policy lets it use the key, too (CloudWatch User Guide, "Amazon SNS
/// encryption").
fn add_topic(draft: &mut Draft<'_>, encryption: &Encryption) -> Handle<Topic> {
    const NAME: [&str; 2] = ["topic", "alarms"];
    let arn = draft.facts.arn("sns", &draft.name(&NAME));
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": { "Service": "cloudwatch.amazonaws.com" },
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": { "StringEquals": { "aws:SourceAccount": draft.facts.account } },
    }]});
    draft.add(Chapter::Observability, "alarms", &NAME, Topic { key: encryption.key.arn(), policy })
}

fn add_subscriptions(draft: &mut Draft<'_>, topic: &Handle<Topic>) {
    for address in &draft.config.observability.alarm_emails {
        let key = key_of(address);
        let subscription = Subscription { topic: topic.arn(), protocol: "email".to_owned(), endpoint: address.clone() };
        draft.add(Chapter::Observability, &key, &["subscription", &key], subscription);
    }
}

/// An address without what means something else in keys.
fn key_of(address: &str) -> String {
    let plain = |one: char| if one.is_ascii_alphanumeric() || ".-_+".contains(one) { one } else { '_' };
    address.replace('@', "-at-").chars().map(plain).collect()
}

/// What the alarms of one service are made from. Each gives what the alarm is called and the alarm.
struct Watch<'a> {
    ingress: &'a Ingress,
    cluster: &'a Handle<Cluster>,
    topic: &'a Handle<Topic>,
    name: &'a str,
    service: &'a Service,
}

type Named = (&'static str, Alarm);

impl Watch<'_> {
    fn add(&self, draft: &mut Draft<'_>, what: &str, alarm: Alarm) -> Handle<Alarm> {
        draft.add(Chapter::Observability, &format!("{}-{what}", self.name), &["alarm", self.name, what], alarm)
    }

    /// Goes off after as many minutes as are configured. No data means no traffic, or no task, which other alarms see.
    fn alarm(
        &self,
        draft: &Draft<'_>,
        queries: Vec<Query>,
        comparison: &str,
        threshold: f64,
        description: String,
    ) -> Alarm {
        let minutes = draft.config.observability.alarm_minutes;
        Alarm {
            description,
            queries,
            comparison: comparison.to_owned(),
            threshold,
            evaluation_periods: minutes,
            datapoints_to_alarm: minutes,
            missing_data: "notBreaching".to_owned(),
            alarm_actions: vec![self.topic.arn()],
            ok_actions: vec![self.topic.arn()],
        }
    }

    fn of_both(&self, id: &str, name: &str, statistic: &str) -> Vec<Query> {
        metrics::of_both(self.ingress, self.name, id, name, statistic)
    }

    fn errors(&self, draft: &Draft<'_>) -> Named {
        let percent = draft.config.observability.error_rate_percent;
        let mut queries = self.of_both("errors", "HTTPCode_Target_5XX_Count", "Sum");
        queries.extend(self.of_both("requests", "RequestCount", "Sum"));
        // Without requests it divides by zero, which gives no value.
        let share = format!("100*({})/({})", metrics::sum("errors"), metrics::sum("requests"));
        queries.push(Query::expression("share", "Share of 5xx in percent", share));
        let text = format!("More than {percent} % of the answers of {} are errors of its own (5xx).", self.name);
        ("errors", self.alarm(draft, queries, ABOVE, f64::from(percent), text))
    }

    fn latency(&self, draft: &Draft<'_>) -> Named {
        let milliseconds = draft.config.observability.latency_p99_milliseconds;
        let mut queries = self.of_both("latency", "TargetResponseTime", "p99");
        queries.push(Query::expression("slowest", "p99 of the response time in seconds", metrics::greatest("latency")));
        let text = format!("One answer of {} in a hundred takes more than {milliseconds} ms.", self.name);
        ("latency", self.alarm(draft, queries, ABOVE, f64::from(milliseconds) / 1000.0, text))
    }

    fn unhealthy(&self, draft: &Draft<'_>) -> Named {
        let mut queries = self.of_both("unhealthy", "UnHealthyHostCount", "Maximum");
        queries.push(Query::expression("all", "Unhealthy tasks", metrics::sum("unhealthy")));
        let text = format!("Tasks of {} fail the load balancer's health checks.", self.name);
        ("unhealthy", self.alarm(draft, queries, ABOVE, 0.0, text))
    }

    /// Half-way between what scaling aims at and all there is: scaling has not helped, or can't any more.
    fn cpu(&self, draft: &Draft<'_>) -> Named {
        let percent = f64::from(self.service.cpu_target_percent.saturating_add(100)) / 2.0;
        let text = format!("The tasks of {} use more than {percent} % of their CPU though it scales.", self.name);
        ("cpu", self.alarm(draft, self.usage(draft, "CPUUtilization"), ABOVE, percent, text))
    }

    fn memory(&self, draft: &Draft<'_>) -> Named {
        let percent = draft.config.observability.memory_percent;
        let text = format!("The tasks of {} use more than {percent} % of their memory.", self.name);
        ("memory", self.alarm(draft, self.usage(draft, "MemoryUtilization"), ABOVE, f64::from(percent), text))
    }

    fn usage(&self, draft: &Draft<'_>, name: &str) -> Vec<Query> {
        let cluster: Output<DimensionValue> = self.cluster.name().wrap("", "");
        let service = Output::known(draft.name(&["service", self.name]));
        let metric = metrics::of_service("AWS/ECS", name, "Average", cluster, service);
        vec![Query::metric("used", name, metric).returned()]
    }

    /// The rotator renews certificates early, and `up` when a third of their life is left: at half of that, nobody has done it. Beside App Mesh's Envoy, ours
    /// tells how long the files last that both were started with.
    fn certificate(&self, draft: &Draft<'_>) -> Named {
        let days = draft.config.mesh.certificate_days / 6;
        let metric = metrics::envoy("server.days_until_first_cert_expiring");
        let namespace = containers::metrics_namespace(draft.suffix.as_str(), self.name);
        let query = format!("SELECT MIN({metric}) FROM \"{namespace}\"");
        let query = Query::insights("days", "Days until a certificate expires", query, PERIOD_SECONDS);
        let text = format!(
            "A certificate that {} uses in the mesh, its own or its authority's, expires in less than {days} days. Run `platformctl \
             rotate certificates`. Where `platformctl status` says that the authority ends, run \
             `platformctl rotate certificates --authority`.",
            self.name
        );
        ("certificate", self.alarm(draft, vec![query], BELOW, f64::from(days), text))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        blueprint::observability::bench::Bench,
        engine::{Blueprint, Key},
        mesh::DataPlane,
    };

    fn written(more: &str) -> (Alarms, Blueprint) {
        let bench = Bench::new(more);
        let mut draft = bench.draft();
        let before = bench.before(&mut draft);
        let alarms = add_alarms(&mut draft, &before.encryption, &before.ingress, &before.cluster);
        (alarms, draft.blueprint)
    }

    fn spec(blueprint: &Blueprint, kind: &str, name: &str) -> Value {
        blueprint.get(&Key::new(kind, name)).expect("in the blueprint").spec.clone()
    }

    #[test]
    fn alarms_on_traffic_watch_both_target_groups() {
        let (_, blueprint) = written("");
        for what in ["errors", "latency", "unhealthy"] {
            let alarm = spec(&blueprint, "alarm", &format!("payments-{what}"));
            let text = alarm["queries"].to_string();
            for color in metrics::COLORS {
                assert!(text.contains(&format!("target-group/payments-{color}#full_name")), "{what} {color}");
            }
            assert!(!text.contains("accounts"), "{what}");
            let queries = alarm["queries"].as_array().expect("queries");
            assert_eq!(queries.iter().filter(|query| query["returned"] == json!(true)).count(), 1, "{what}");
        }
        let share = spec(&blueprint, "alarm", "payments-errors")["queries"][4]["source"]["expression"].clone();
        assert_eq!(share, json!("100*(errors_blue+errors_green)/(requests_blue+requests_green)"));
    }

    #[test]
    fn deployments_are_taken_back_for_what_callers_notice() {
        let (alarms, _) = written("");
        let keys: Vec<&str> = alarms.by_service["accounts"].iter().map(|alarm| alarm.key().name()).collect();
        assert_eq!(keys, ["accounts-errors", "accounts-latency", "accounts-unhealthy"]);
        assert_eq!(alarms.by_service.len(), 3);
    }

    #[test]
    fn thresholds_are_the_configured_ones() {
        let (_, blueprint) = written(
            "[observability]\nerror_rate_percent = 7\nlatency_p99_milliseconds = 250\nmemory_percent = 90\nalarm_minutes = 2",
        );
        let threshold = |what: &str| spec(&blueprint, "alarm", &format!("payments-{what}"))["threshold"].clone();
        assert_eq!(["errors", "latency", "unhealthy", "cpu", "memory"].map(threshold), [7.0, 0.25, 0.0, 85.0, 90.0]);
        assert_eq!(spec(&blueprint, "alarm", "payments-errors")["evaluation_periods"], json!(2));
    }

    #[test]
    fn certificates_are_watched_where_envoy_tells_of_them() {
        let (_, blueprint) = written("");
        let alarm = spec(&blueprint, "alarm", "payments-certificate");
        let query = alarm["queries"][0]["source"]["insights"]["query"].clone();
        let wanted = "SELECT MIN(envoy_server_days_until_first_cert_expiring) FROM \"platformctl/dev/payments\"";
        assert_eq!(query, json!(wanted));
        let mut bench = Bench::new("");
        bench.facts.mesh = DataPlane::AppMesh;
        let mut draft = bench.draft();
        let before = bench.before(&mut draft);
        add_alarms(&mut draft, &before.encryption, &before.ingress, &before.cluster);
        let beside = spec(&draft.blueprint, "alarm", "payments-certificate");
        assert_eq!(
            beside["queries"][0]["source"], alarm["queries"][0]["source"],
            "ours beside App Mesh's tells it, too"
        );
    }

    #[test]
    fn each_person_is_told_by_an_encrypted_topic() {
        let (alarms, blueprint) = written("[observability]\nalarm_emails = [\"dev@example.com\", \"ops@example.com\"]");
        let people: Vec<_> = blueprint.nodes().iter().filter(|node| node.key.kind() == "sns-subscription").collect();
        let names: Vec<&str> = people.iter().map(|node| node.key.name()).collect();
        assert_eq!(names, ["dev-at-example.com", "ops-at-example.com"]);
        let topic = blueprint.get(alarms.topic.key()).expect("in the blueprint");
        assert_eq!(topic.name, "topic-alarms-dev");
        assert_eq!(topic.spec["key"]["$ref"], json!("kms-key/main#arn"));
        let resource = &topic.spec["policy"]["Statement"][0]["Resource"];
        assert_eq!(*resource, json!("arn:aws:sns:us-east-1:123456789012:topic-alarms-dev"));
    }

    #[test]
    fn the_kinds_are_all_there_are() {
        let (_, blueprint) = written("");
        let alarms = blueprint.nodes().iter().filter(|node| node.key.kind() == "alarm");
        let of_payments = alarms.filter_map(|node| node.key.name().strip_prefix("payments-")).collect::<Vec<_>>();
        assert_eq!(of_payments, KINDS);
    }
}

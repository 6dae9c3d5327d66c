//! What the sidecars send is what dashboard and alarms look for.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::UdpSocket,
    time::{Duration, Instant},
};

use platformctl::mesh::{Authority, AuthorityRequest, DataPlane, LeafRequest, LeafSecret, ports};
use serde_json::Value;
use time::OffsetDateTime;

use crate::support::{
    Launch, Request, Task, World, tls, until,
    world::{EXAMPLE, authority_request, generate_for, spec},
};

/// A metric as CloudWatch has it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Series {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
}

/// The values of each series, by the service that sends it.
type Received = BTreeMap<Series, Vec<f64>>;

/// What the CloudWatch agent makes of a line of statsd (amazon-cloudwatch-agent, `plugins/inputs/statsd`): dots become underscores,
/// tags become dimensions, and the kind is one more.
fn as_the_agent_does(namespace: &str, line: &str) -> (Series, f64) {
    let mut parts = line.split('|');
    let (bucket, value) = parts.next().and_then(|part| part.split_once(':')).unwrap_or_else(|| panic!("{line}"));
    let kind = match parts.next() {
        Some("c") => "counter",
        Some("g") => "gauge",
        Some("ms") => "timing",
        Some("h") => "histogram",
        other => panic!("the agent refuses {other:?}: {line}"),
    };
    let mut dimensions = BTreeMap::from([("metric_type".to_owned(), kind.to_owned())]);
    for tag in parts.filter_map(|part| part.strip_prefix('#')).flat_map(|tags| tags.split(',')) {
        let (name, value) = tag.split_once(':').unwrap_or((tag, "<empty>"));
        dimensions.insert(name.to_owned(), value.to_owned());
    }
    let series = Series { namespace: namespace.to_owned(), name: bucket.replace('.', "_"), dimensions };
    (series, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

/// What one task's agent hears.
struct Agent {
    namespace: String,
    socket: UdpSocket,
}

impl Agent {
    /// In place of the agent's container, with its configuration.
    fn of(world: &World, task: &Task<'_>) -> Self {
        let definition = spec(&world.blueprint, "task-definition", &task.service);
        let agent = crate::support::task::container(definition, "agent");
        let configuration = agent["environment"]["CW_CONFIG_CONTENT"].as_str().expect("a variable");
        let configuration: Value = serde_json::from_str(configuration).expect("JSON");
        let statsd = &configuration["metrics"]["metrics_collected"]["statsd"];
        assert_eq!(statsd["service_address"], format!("127.0.0.1:{}", ports::STATSD));
        assert!(statsd.get("metric_separator").is_none(), "the agent's own is an underscore");
        let namespace = configuration["metrics"]["namespace"].as_str().expect("a namespace").to_owned();
        let socket = UdpSocket::bind((task.loopback, ports::STATSD)).expect("the agent's port is free");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out");
        Agent { namespace, socket }
    }

    fn listen(&self, received: &mut Received) {
        let mut buffer = [0; 9000];
        let deadline = Instant::now() + Duration::from_millis(500);
        while let (true, Ok(length)) = (Instant::now() < deadline, self.socket.recv(&mut buffer)) {
            let text = std::str::from_utf8(&buffer[..length]).expect("text");
            for line in text.lines().filter(|line| !line.is_empty()) {
                let (series, value) = as_the_agent_does(&self.namespace, line);
                received.entry(series).or_default().push(value);
            }
        }
    }
}

/// What a widget or an alarm looks for.
#[derive(Debug)]
struct Wanted {
    namespace: String,
    name: String,
    /// Values that dimensions must have.
    terms: Vec<String>,
    statistic: String,
    from: String,
}

impl Wanted {
    /// `SUM(SEARCH('Namespace="n" MetricName="m" "value"', 'Sum', 60))`
    fn of_search(expression: &str) -> Option<Self> {
        let (query, rest) = expression.split_once("SEARCH('")?.1.split_once("', '")?;
        let mut words = query.split('"').map(str::trim);
        let (mut namespace, mut name, mut terms) = (None, None, Vec::new());
        while let (Some(before), Some(value)) = (words.next(), words.next()) {
            match before {
                "Namespace=" => namespace = Some(value.to_owned()),
                "MetricName=" => name = Some(value.to_owned()),
                "" => terms.push(value.to_owned()),
                other => panic!("what is {other}? {expression}"),
            }
        }
        let statistic = rest.split_once('\'')?.0.to_owned();
        Some(Wanted { namespace: namespace?, name: name?, terms, statistic, from: expression.to_owned() })
    }

    /// `SELECT MIN(metric) FROM "namespace"`
    fn of_insights(query: &str) -> Self {
        let (call, from) = query.split_once(" FROM ").unwrap_or_else(|| panic!("{query}"));
        let (_, name) = call.trim_end_matches(')').split_once('(').unwrap_or_else(|| panic!("{query}"));
        let namespace = from.trim_matches('"').to_owned();
        Wanted {
            namespace,
            name: name.to_owned(),
            terms: Vec::new(),
            statistic: "Minimum".to_owned(),
            from: query.to_owned(),
        }
    }

    fn matches(&self, series: &Series) -> bool {
        let has = |term: &String| series.dimensions.values().any(|value| value == term);
        series.namespace == self.namespace && series.name == self.name && self.terms.iter().all(has)
    }
}

/// Every search of a document, wherever it stands.
fn searches(value: &Value, found: &mut Vec<Wanted>) {
    match value {
        Value::String(text) if text.contains("SEARCH(") => {
            found.push(Wanted::of_search(text).unwrap_or_else(|| panic!("{text}")));
        }
        Value::String(text) if text.starts_with("SELECT ") => found.push(Wanted::of_insights(text)),
        Value::Array(items) => items.iter().for_each(|item| searches(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| searches(field, found)),
        _ => {}
    }
}

#[test]
fn dashboard_and_alarms_find_what_the_sidecars_send() {
    // A counter that never counted is not sent: everything happens once.
    let world = World::of(&EXAMPLE.replace("\nrequest_timeout_seconds = 5\n", "\nrequest_timeout_seconds = 6\n"));
    let tasks = world.start(["notifications", "accounts", "payments"]);
    let [notifications, accounts, payments] = &tasks;
    let agents = tasks.each_ref().map(|task| Agent::of(&world, task));

    // So many calls along each edge, of which one fails and one takes too long, and one by somebody who may not.
    let edges = [(payments, "accounts", 7), (payments, "notifications", 4), (accounts, "notifications", 1)];
    for (caller, peer, count) in edges {
        // The first may find nobody yet, which sends nothing.
        caller.call_until(200, peer, &Request::get("/slow/15"));
        for _ in 1..count {
            assert_eq!(caller.call(peer, &Request::get("/slow/15")).status, 200);
        }
        assert_eq!(caller.call(peer, &Request::get("/status/503")).status, 503);
    }
    std::thread::scope(|scope| {
        for (caller, peer, _) in edges {
            scope.spawn(move || assert_eq!(caller.call(peer, &Request::post("/slow/6500")).status, 504));
        }
    });
    let config = tls::config(&world.identity("notifications"));
    for callee in [notifications, accounts, payments] {
        let host = world.model.host(&callee.service);
        let mut intruder = tls::connect(&config, callee.address, ports::MESH, &host).expect("a connection");
        assert_eq!(intruder.send(&Request::get("/").host(&host)).expect("an answer").status, 403);
    }

    let mut wanted = Vec::new();
    searches(&spec(&world.blueprint, "dashboard", "main")["body"], &mut wanted);
    for service in world.model.services().keys() {
        searches(spec(&world.blueprint, "alarm", &format!("{service}-certificate")), &mut wanted);
    }
    assert!(wanted.len() >= 25, "{}", wanted.len());

    let mut received = Received::new();
    // What is sent every ten seconds, twice.
    let start = Instant::now();
    until("every metric that is looked for", || {
        agents.iter().for_each(|agent| agent.listen(&mut received));
        let missing = wanted.iter().filter(|one| !received.keys().any(|series| one.matches(series)));
        let missing: BTreeSet<_> = missing.map(|one| &one.from).collect();
        assert!(start.elapsed() < Duration::from_secs(60), "nobody sends {missing:#?}\n{:#?}", received.keys());
        (missing.is_empty() && start.elapsed() > Duration::from_secs(11)).then_some(())
    });

    for one in &wanted {
        let kinds: BTreeSet<&str> =
            received.keys().filter(|series| one.matches(series)).map(|s| &*s.dimensions["metric_type"]).collect();
        let kind = match one.statistic.as_str() {
            "Sum" => "counter",
            "Minimum" | "Maximum" => "gauge",
            _ => "timing",
        };
        assert_eq!(kinds, BTreeSet::from([kind]), "a {} needs a {kind}: {}", one.statistic, one.from);
    }
    // The numbers are those of the calls, and each edge has its own.
    let sum = |service: &str, name: &str, term: &str| -> f64 {
        let of = |series: &&Series| {
            series.namespace == format!("platformctl/dev/{service}")
                && series.name == name
                && series.dimensions.values().any(|value| value == term)
        };
        received.iter().filter(|(series, _)| of(series)).flat_map(|(_, values)| values).sum()
    };
    // The failed one was tried three times, the slow one once.
    assert_eq!(sum("payments", "envoy_cluster_upstream_rq_total", "peer_accounts"), 7.0 + 3.0 + 1.0);
    assert_eq!(sum("payments", "envoy_cluster_upstream_rq_total", "peer_notifications"), 4.0 + 3.0 + 1.0);
    assert_eq!(sum("payments", "envoy_cluster_upstream_rq_retry", "peer_accounts"), 2.0);
    assert_eq!(sum("payments", "envoy_cluster_upstream_rq_timeout", "peer_accounts"), 1.0);
    assert_eq!(sum("accounts", "envoy_http_rbac_denied", "mesh_inbound"), 1.0);
    let latency = Series {
        namespace: "platformctl/dev/payments".into(),
        name: "envoy_cluster_upstream_rq_time".into(),
        dimensions: [("envoy.cluster_name", "peer_notifications"), ("metric_type", "timing")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    };
    let times = received.get(&latency).unwrap_or_else(|| panic!("{:#?}", received.keys()));
    let good = times.iter().filter(|time| (15.0..2000.0).contains(*time)).count();
    assert!(good >= 4 && times.len() <= 8, "{times:?}");

    // Each series is paid for by the month.
    for agent in &agents {
        let count = received.keys().filter(|series| series.namespace == agent.namespace).count();
        println!("{}: {count} series", agent.namespace);
        assert!(count <= 80, "{}: {count} series", agent.namespace);
    }
}

/// Days as Envoy counts them, rounded down.
fn days(task: &Task<'_>) -> i64 {
    task.statistic("server.days_until_first_cert_expiring")
}

/// What the alarm on certificates is made for: the gauge is the earliest end of all that Envoy has loaded, the leaf and every authority that is
/// trusted, wherever it is in the bundle. While the authority changes, the old one's end shows until it is dropped.
#[test]
fn the_days_that_are_left_are_those_of_whatever_ends_first() {
    let world = World::new();
    let now = OffsetDateTime::now_utc();
    let request = |days: u16| AuthorityRequest { days, ..authority_request(&world.blueprint) };
    let authority = |days: u16| Authority::create(&request(days), now).expect("an authority");
    let (short, long) = (authority(9), authority(300));
    let [task] = world.start(["notifications"]);
    let shown = |what: &str, secret: LeafSecret, expected: i64| {
        task.renew(&secret);
        until(&format!("{expected} days: {what}"), || (days(&task) == expected).then_some(()));
    };
    let bundle = |first: &Authority, second: &Authority| format!("{}{}", first.cert_pem, second.cert_pem);
    let leaf = |by: &Authority, days: u16, trusts: String| {
        let leaf = by.issue(&LeafRequest::of(&world.model, "notifications", days), now).expect("a leaf");
        LeafSecret::new(leaf, trusts)
    };
    assert!((28..=30).contains(&days(&task)), "{}", days(&task));
    shown("the leaf's", leaf(&long, 20, long.cert_pem.clone()), 19);
    shown("the leaf's, which its authority cuts", leaf(&short, 20, short.cert_pem.clone()), 8);
    // The phases of a change from the short one to the long one: the issuing one comes first in the bundle.
    shown("phase 1: the old one issues", leaf(&short, 20, bundle(&short, &long)), 8);
    shown("phase 2: the new one issues, and the old one is still trusted", leaf(&long, 20, bundle(&long, &short)), 8);
    shown("phase 3: the old one is dropped", leaf(&long, 20, long.cert_pem.clone()), 19);
    // The order in the bundle makes no difference.
    shown("the old one first", leaf(&long, 20, bundle(&short, &long)), 8);
}

/// Beside App Mesh's Envoy, which tells nothing of its files, ours has loaded the same ones for that.
#[test]
fn beside_app_mesh_the_days_are_told_too() {
    let world = World::new();
    let (blueprint, _) = generate_for(EXAMPLE, DataPlane::AppMesh);
    let task = world.launch(Launch { blueprint: Some(&blueprint), ..Launch::of("notifications") });
    until("the days of the files", || (28..=30).contains(&days(&task)).then_some(()));
}

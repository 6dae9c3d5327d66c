//! The dashboard: one band of graphs for each service. For so many services that their bands hold more widgets than a dashboard takes,
//! bands without heading, without what the alarms tell anyway, and with the alarms of all services together on top.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    alarms::KINDS,
    metrics::{self, COLORS, PERIOD_SECONDS},
};
use crate::{
    aws::{
        cloudwatch::{Dashboard, DimensionValue, Metric},
        ecs::{Cluster, Service},
    },
    blueprint::{Draft, Ingress, containers},
    config::{self, ContainerInsights},
    engine::{Chapter, Handle, Key, Output},
    mesh::Way,
};

/// Columns of a dashboard (CloudWatch User Guide, "Dashboard body structure and syntax").
const COLUMNS: usize = 24;
const WIDTH: usize = 6;
const HEIGHT: usize = 6;
const PER_ROW: usize = COLUMNS / WIDTH;

/// Widgets that a dashboard takes (CloudWatch User Guide, "CloudWatch service quotas").
const MOST_WIDGETS: usize = 500;
/// Alarms that a widget takes (CloudWatch User Guide, "Dashboard body structure and syntax").
const MOST_ALARMS: usize = 100;

const INSIGHTS: &str = "ECS/ContainerInsights";

/// Adds it.
pub fn add_dashboard(
    draft: &mut Draft<'_>,
    ingress: &Ingress,
    cluster: &Handle<Cluster>,
    services: &BTreeMap<String, Handle<Service>>,
) -> Handle<Dashboard> {
    let band = |(name, service)| Band { draft, ingress, cluster, running: &services[name], name, service };
    let bands: Vec<Band<'_>> =
        draft.config.services.iter().map(|(name, service)| band((name.as_str(), service))).collect();
    let roomy = layout(&bands, false);
    let widgets = if roomy.len() <= MOST_WIDGETS { roomy } else { layout(&bands, true) };
    let dashboard = Dashboard { body: json!({ "widgets": widgets }) };
    draft.add(Chapter::Observability, "main", &["dashboard"], dashboard)
}

fn layout(bands: &[Band<'_>], dense: bool) -> Vec<Value> {
    let mut widgets = Vec::new();
    let mut y = 0;
    if dense {
        let alarms: Vec<String> = bands.iter().flat_map(Band::alarms).collect();
        for some in alarms.chunks(MOST_ALARMS) {
            widgets.push(placed(alarm_widget("alarms", some), 0, y, COLUMNS, HEIGHT));
            y += HEIGHT;
        }
    }
    for band in bands {
        let graphs = band.graphs(dense);
        if !dense {
            widgets.push(placed(band.heading(), 0, y, COLUMNS, 1));
            let alarms = alarm_widget(&format!("{}: alarms", band.name), &band.alarms());
            widgets.push(placed(alarms, 0, y + 1, COLUMNS, 2));
            y += 3;
        }
        let rows = graphs.len().div_ceil(PER_ROW);
        for (position, graph) in graphs.into_iter().enumerate() {
            let (row, column) = (position / PER_ROW, position % PER_ROW);
            widgets.push(placed(graph, column * WIDTH, y + row * HEIGHT, WIDTH, HEIGHT));
        }
        y += rows * HEIGHT;
    }
    widgets
}

/// The state of alarms.
fn alarm_widget(title: &str, alarms: &[String]) -> Value {
    json!({ "type": "alarm", "properties": { "title": title, "alarms": alarms } })
}

fn placed(mut widget: Value, x: usize, y: usize, width: usize, height: usize) -> Value {
    for (name, number) in [("x", x), ("y", y), ("width", width), ("height", height)] {
        widget[name] = json!(number);
    }
    widget
}

/// What the graphs of one service are made from.
struct Band<'a> {
    draft: &'a Draft<'a>,
    ingress: &'a Ingress,
    cluster: &'a Handle<Cluster>,
    running: &'a Handle<Service>,
    name: &'a str,
    service: &'a config::Service,
}

impl Band<'_> {
    fn heading(&self) -> Value {
        let calls = match self.service.calls.as_slice() {
            [] => "calls nobody".to_owned(),
            calls => format!("calls {}", calls.join(", ")),
        };
        let text = format!("## {}\n`{}` · {calls}", self.name, self.service.path);
        json!({ "type": "text", "properties": { "markdown": text, "background": "transparent" } })
    }

    /// The ARNs of the service's alarms. They follow from the names, which spares the dashboard from waiting for them.
    fn alarms(&self) -> Vec<String> {
        let exists = |what: &&str| {
            let key = Key::new("alarm", &format!("{}-{what}", self.name));
            self.draft.blueprint.get(&key).is_some()
        };
        let arn = |what: &str| {
            let name = self.draft.name(&["alarm", self.name, what]);
            self.draft.facts.arn("cloudwatch", &format!("alarm:{name}"))
        };
        KINDS.into_iter().filter(exists).map(arn).collect()
    }

    fn graphs(&self, dense: bool) -> Vec<Value> {
        let mut graphs = vec![self.requests(), self.errors(), self.latency()];
        if !dense {
            graphs.push(self.hosts());
        }
        graphs.extend([self.cpu(), self.memory()]);
        if self.draft.config.cluster.container_insights != ContainerInsights::Disabled {
            graphs.extend([self.network(), self.tasks()]);
        }
        graphs.push(self.scaling());
        graphs.extend(self.mesh(dense));
        graphs
    }

    /// A graph over lines as `CloudWatch` writes them.
    fn graph(&self, title: &str, metrics: Vec<Value>) -> Value {
        json!({ "type": "metric", "properties": {
            "title": format!("{}: {title}", self.name),
            "region": self.draft.facts.region,
            "view": "timeSeries",
            "stacked": false,
            "period": PERIOD_SECONDS,
            "metrics": metrics,
        }})
    }

    /// Lines of both target groups.
    fn of_both(&self, name: &str, statistic: &str, label: &str) -> Vec<Value> {
        let one = |color: &str| {
            let metric = metrics::of_group(self.ingress, self.name, color, name, statistic);
            line(&metric, &format!("{label} {color}"))
        };
        COLORS.map(one).to_vec()
    }

    fn of_service(&self, namespace: &str, name: &str, statistic: &str, label: &str) -> Value {
        let cluster: Output<DimensionValue> = self.cluster.name().wrap("", "");
        let service = self.running.name().wrap("", "");
        line(&metrics::of_service(namespace, name, statistic, cluster, service), label)
    }

    fn requests(&self) -> Value {
        self.graph("requests per minute", self.of_both("RequestCount", "Sum", "requests"))
    }

    fn errors(&self) -> Value {
        let mut lines = self.of_both("HTTPCode_Target_5XX_Count", "Sum", "5xx");
        lines.extend(self.of_both("HTTPCode_Target_4XX_Count", "Sum", "4xx"));
        lines.extend(self.of_both("TargetConnectionErrorCount", "Sum", "no connection"));
        self.graph("errors per minute", lines)
    }

    fn latency(&self) -> Value {
        let mut lines = self.of_both("TargetResponseTime", "p50", "p50");
        lines.extend(self.of_both("TargetResponseTime", "p99", "p99"));
        let limit = f64::from(self.draft.config.observability.latency_p99_milliseconds) / 1000.0;
        marked(self.graph("response time in seconds", lines), "alarm on p99", limit)
    }

    fn hosts(&self) -> Value {
        let mut lines = self.of_both("HealthyHostCount", "Minimum", "healthy");
        lines.extend(self.of_both("UnHealthyHostCount", "Maximum", "unhealthy"));
        self.graph("tasks at the load balancer", lines)
    }

    fn cpu(&self) -> Value {
        let lines = ["Average", "Maximum"].map(|it| self.of_service("AWS/ECS", "CPUUtilization", it, it));
        let graph = self.graph("CPU in percent", lines.to_vec());
        marked(graph, "aim of scaling", f64::from(self.service.cpu_target_percent))
    }

    fn memory(&self) -> Value {
        let lines = ["Average", "Maximum"].map(|it| self.of_service("AWS/ECS", "MemoryUtilization", it, it));
        let graph = self.graph("memory in percent", lines.to_vec());
        marked(graph, "alarm", f64::from(self.draft.config.observability.memory_percent))
    }

    fn network(&self) -> Value {
        let lines = [("NetworkRxBytes", "received"), ("NetworkTxBytes", "sent")];
        let lines = lines.map(|(name, label)| self.of_service(INSIGHTS, name, "Average", label));
        self.graph("network in bytes per second", lines.to_vec())
    }

    fn tasks(&self) -> Value {
        let lines = [("RunningTaskCount", "running"), ("DesiredTaskCount", "desired"), ("PendingTaskCount", "pending")];
        let lines = lines.map(|(name, label)| self.of_service(INSIGHTS, name, "Maximum", label));
        let graph = marked(self.graph("tasks", lines.to_vec()), "most", f64::from(self.service.max_tasks));
        marked(graph, "least", f64::from(self.service.min_tasks))
    }

    fn scaling(&self) -> Value {
        let lines = self.of_both("RequestCountPerTarget", "Sum", "requests per task");
        let graph = self.graph("scaling: requests per task and minute", lines);
        marked(graph, "aim of scaling", f64::from(self.service.requests_per_task))
    }

    /// Requests and latency of each edge that the service calls along, and how long its certificates last. Searched, since what
    /// dimensions the series have depends on the agent.
    fn mesh(&self, dense: bool) -> Vec<Value> {
        let plane = self.draft.facts.mesh;
        let names = if plane.calls_by() == Way::AppMesh { &APP_MESH } else { &ENVOY };
        let edges = |metric: &str, statistic: &str, over: &str, what: &str| {
            let calls = self.service.calls.iter().map(move |callee| (callee, (names.callee)(self.draft, callee)));
            calls
                .map(|(callee, value)| {
                    let term = format!("MetricName=\"{}\" \"{value}\"", metrics::envoy(metric));
                    self.search(&term, statistic, over, format!("{} → {callee} {what}", self.name).trim_end())
                })
                .collect::<Vec<_>>()
        };
        let inbound = format!("MetricName=\"{}\"{}", metrics::envoy(names.inbound), names.inbound_term);
        let mut requests = vec![self.search(&inbound, "Sum", "SUM", &format!("→ {}", self.name))];
        requests.extend(edges(names.requests, "Sum", "SUM", ""));
        let mut graphs = vec![self.graph("mesh requests per minute", requests)];
        if !self.service.calls.is_empty() {
            // Percentiles of tasks can't be added up: this is the slowest task's.
            let mut latency = edges(names.latency, "p50", "MAX", "");
            latency.extend(edges(names.latency, "p99", "MAX", ""));
            graphs.push(self.graph("mesh latency in milliseconds, p50 and p99", latency));
        }
        if plane.calls_by() == Way::Envoy && !dense {
            let denied = format!("MetricName=\"{}\" \"mesh_inbound\"", metrics::envoy("http.rbac.denied"));
            let mut trouble = vec![self.search(&denied, "Sum", "SUM", "refused here: not declared")];
            trouble.extend(edges("cluster.upstream_rq_retry", "Sum", "SUM", "retries"));
            trouble.extend(edges("cluster.upstream_rq_timeout", "Sum", "SUM", "timed out"));
            graphs.push(self.graph("mesh refusals, retries, time-outs per minute", trouble));
            if !self.service.calls.is_empty() {
                let tasks = edges("cluster.membership_healthy", "Minimum", "MIN", "");
                graphs.push(self.graph("mesh tasks in use, as the caller sees it least well", tasks));
            }
        }
        if !dense {
            let term = format!("MetricName=\"{}\"", metrics::envoy("server.days_until_first_cert_expiring"));
            let days = self.search(&term, "Minimum", "MIN", "days");
            graphs.push(self.graph("days until a mesh certificate expires", vec![days]));
        }
        graphs
    }

    /// One line over all series that a search finds (CloudWatch User Guide, "Search expressions").
    fn search(&self, term: &str, statistic: &str, over: &str, label: &str) -> Value {
        let namespace = containers::metrics_namespace(self.draft.suffix.as_str(), self.name);
        let search = format!("{over}(SEARCH('Namespace=\"{namespace}\" {term}', '{statistic}', {PERIOD_SECONDS}))");
        let label = if statistic.starts_with('p') { format!("{label} {statistic}") } else { label.to_owned() };
        json!([{ "expression": search, "label": label }])
    }
}

/// What a provider of the mesh calls its metrics.
struct MeshNames {
    requests: &'static str,
    latency: &'static str,
    inbound: &'static str,
    /// What else a series of inbound requests is known by.
    inbound_term: &'static str,
    /// The dimension's value that stands for a callee.
    callee: fn(&Draft<'_>, &str) -> String,
}

/// Envoy documentation, "Cluster statistics" and "HTTP connection manager statistics".
const ENVOY: MeshNames = MeshNames {
    requests: "cluster.upstream_rq_total",
    latency: "cluster.upstream_rq_time",
    inbound: "http.downstream_rq_total",
    inbound_term: " \"mesh_inbound\"",
    callee: |_, callee| format!("peer_{callee}"),
};

/// App Mesh User Guide, "Extending App Mesh metrics".
const APP_MESH: MeshNames = MeshNames {
    requests: "appmesh.RequestCountPerTarget",
    latency: "appmesh.TargetResponseTime",
    inbound: "appmesh.RequestCount",
    inbound_term: "",
    callee: |draft, callee| draft.name(&["virtual-node", callee]),
};

/// One line: namespace, name, dimensions and how it is shown.
fn line(metric: &Metric, label: &str) -> Value {
    let mut parts = vec![json!(metric.namespace), json!(metric.name)];
    for (name, value) in &metric.dimensions {
        parts.extend([json!(name), json!(value)]);
    }
    parts.push(json!({ "stat": metric.statistic, "label": label }));
    Value::Array(parts)
}

/// Adds a horizontal line.
fn marked(mut graph: Value, label: &str, value: f64) -> Value {
    let mark = json!({ "label": label, "value": value });
    match graph["properties"]["annotations"]["horizontal"].as_array_mut() {
        Some(marks) => marks.push(mark),
        None => graph["properties"]["annotations"] = json!({ "horizontal": [mark] }),
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blueprint::observability::{add_alarms, bench::Bench},
        mesh::DataPlane,
    };

    fn body(bench: &Bench) -> Value {
        let mut draft = bench.draft();
        let before = bench.before(&mut draft);
        add_alarms(&mut draft, &before.encryption, &before.ingress, &before.cluster);
        let dashboard = add_dashboard(&mut draft, &before.ingress, &before.cluster, &before.services);
        draft.blueprint.check().expect("references point backwards and keys are unique");
        let node = draft.blueprint.get(dashboard.key()).expect("in the blueprint");
        assert_eq!(node.name, "dashboard-dev");
        node.spec["body"].clone()
    }

    fn graphs<'a>(body: &'a Value, service: &str) -> BTreeMap<String, &'a Value> {
        let widgets = body["widgets"].as_array().expect("widgets").iter();
        let titled = widgets.filter_map(|widget| Some((widget["properties"]["title"].as_str()?, widget)));
        let prefix = format!("{service}: ");
        titled.filter_map(|(title, widget)| Some((title.strip_prefix(&prefix)?.to_owned(), widget))).collect()
    }

    #[test]
    fn every_service_has_every_graph() {
        let body = body(&Bench::new(""));
        let titles = |service: &str| graphs(&body, service).into_keys().collect::<Vec<_>>();
        let all = titles("payments");
        assert_eq!(all.len(), 15, "{all:?}");
        assert_eq!(titles("accounts"), all);
        let of_calls = |title: &&String| title.starts_with("mesh latency") || title.starts_with("mesh tasks");
        let without_calls: Vec<_> = all.iter().filter(|title| !of_calls(title)).cloned().collect();
        assert_eq!(titles("notifications"), without_calls, "it calls nobody");
        for title in
            ["requests per minute", "errors per minute", "response time in seconds", "tasks at the load balancer"]
        {
            let text = graphs(&body, "payments")[title].to_string();
            for color in COLORS {
                assert!(text.contains(&format!("target-group/payments-{color}#full_name")), "{title} {color}");
            }
        }
    }

    #[test]
    fn widgets_fill_the_grid_without_overlap() {
        let body = body(&Bench::new(""));
        let mut taken = std::collections::BTreeSet::new();
        for widget in body["widgets"].as_array().expect("widgets") {
            let [x, y, width, height] =
                ["x", "y", "width", "height"].map(|name| widget[name].as_u64().expect("a number"));
            assert!(x + width <= 24, "{widget}");
            for cell in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{cell:?} is taken twice: {widget}");
            }
        }
    }

    #[test]
    fn the_largest_environment_fits_into_a_dashboard() {
        let services: String =
            (10..52).map(|number| format!("[services.s{number}]\ncalls = [\"payments\"]\n")).collect();
        let body = body(&Bench::new(&services));
        let widgets = body["widgets"].as_array().expect("widgets");
        assert!(widgets.len() <= MOST_WIDGETS, "{}", widgets.len());
        let alarms = widgets.iter().filter_map(|widget| widget["properties"]["alarms"].as_array());
        assert!(alarms.clone().all(|alarms| alarms.len() <= MOST_ALARMS));
        assert!(alarms.map(Vec::len).sum::<usize>() >= 45, "all services' alarms are there");
        for service in ["payments", "s10", "s51"] {
            let titles: Vec<String> = graphs(&body, service).into_keys().collect();
            assert!(titles.len() >= 10, "{titles:?}");
        }
    }

    #[test]
    fn edges_of_the_mesh_are_found_where_the_agent_sends_them() {
        let mut bench = Bench::new("");
        let searches = |bench: &Bench| -> Vec<String> {
            let body = body(bench);
            let graph = graphs(&body, "payments")["mesh requests per minute"].clone();
            let lines = graph["properties"]["metrics"].as_array().expect("lines").clone();
            lines.iter().map(|line| line[0]["expression"].as_str().expect("a search").to_owned()).collect()
        };
        let wanted = "SUM(SEARCH('Namespace=\"platformctl/dev/payments\" MetricName=\"envoy_cluster_upstream_rq_total\" \
                      \"peer_accounts\"', 'Sum', 60))";
        assert_eq!(searches(&bench)[1], wanted);
        bench.facts.mesh = DataPlane::AppMesh;
        assert!(searches(&bench)[1].contains("\"virtual-node-accounts-dev\""));
    }

    #[test]
    fn without_container_insights_nothing_is_shown_of_it() {
        let body = body(&Bench::new("[cluster]\ncontainer_insights = \"disabled\""));
        assert!(!body.to_string().contains(INSIGHTS));
    }
}

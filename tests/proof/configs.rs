//! Configurations: small ones, since every scenario runs one from end to end.

/// What every one begins with.
const HEAD: &str = "[platform]\nteam = \"platform\"\ncost_center = \"cc-1001\"\n\n";

/// Every kind of resource that the Envoy mesh needs, and two services, one of which calls the other.
pub fn small() -> String {
    with("")
}

/// The same with more lines for `payments`.
fn with(payments: &str) -> String {
    format!(
        "{HEAD}[services.accounts]\nbake_minutes = 0\ncredentials = false\n\n[services.payments]\ncalls = [\"accounts\"]\n\
         bake_minutes = 0\nbucket = true\ntable = {{ partition_key = \"payment_id\" }}\n{payments}\n"
    )
}

/// One service and nothing that it doesn't need: for scenarios of which there are very many.
pub fn tiny() -> String {
    format!("{HEAD}[network]\nnat = \"single\"\n\n[services.payments]\nbake_minutes = 0\ncredentials = false\n")
}

/// Another revision of a service: a blue/green deployment. (The image is not `up`'s to change once a service runs.)
pub fn rollout() -> String {
    with("memory = 4096")
}

/// Other bounds for a service's scaling.
pub fn scaling() -> String {
    with("max_tasks = 12\ncpu_target_percent = 55")
}

/// A third service, called by one that was there.
pub fn more() -> String {
    small().replace("[services.accounts]\n", "[services.accounts]\ncalls = [\"notifications\"]\n")
        + "\n[services.notifications]\nbake_minutes = 0\ncredentials = false\n"
}

/// A table with another key: AWS can't change that, and takes the name only once.
pub fn replaced() -> String {
    small().replace("payment_id", "order_id")
}

/// Changes in place all over: tags, retention, timeouts, scaling, alarms.
pub fn changed() -> String {
    with("max_tasks = 12\ncpu_target_percent = 55\nmemory = 4096").replace("cc-1001", "cc-2002")
        + "\n[observability]\nlog_retention_days = 60\nlatency_p99_milliseconds = 900\n\
           alarm_emails = [\"on-call@example.com\"]\n\n[ingress]\nidle_timeout_seconds = 75\n"
}

/// With a database, and so a function and rotations.
pub fn database() -> String {
    with("database = true") + "\n[database]\n"
}

/// All of them but that with a database, in an order in which each changes something.
pub fn all() -> Vec<String> {
    vec![small(), rollout(), changed(), replaced(), more(), small()]
}

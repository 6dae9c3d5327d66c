//! One microservice of the configuration.

use std::collections::BTreeMap;

/// `[services.<name>]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Path at the load balancer: it and everything below it go to this service.
    pub path: String,
    /// Which of two overlapping paths is tried first: the lower number.
    pub path_priority: Option<u32>,
    /// Port that the application listens on.
    pub port: u16,
    /// Path that answers 200 while the application is well.
    pub health_path: String,
    /// Services that this one may call; all others are refused.
    pub calls: Vec<String>,
    /// How it calls some of them, where that is otherwise than in `[mesh]`.
    pub edges: BTreeMap<String, Edge>,
    /// CPU units of a task; 1024 are one vCPU.
    pub cpu: u32,
    /// Memory of a task, in MiB.
    pub memory: u32,
    /// Tasks at least; never less than two.
    pub min_tasks: u32,
    /// Tasks at most.
    pub max_tasks: u32,
    /// Tasks that run on Fargate before any runs on Fargate Spot.
    pub on_demand_base: u32,
    /// Average CPU use that scaling aims at, in percent.
    pub cpu_target_percent: u32,
    /// Requests per task and minute that scaling aims at.
    pub requests_per_task: u32,
    /// Minutes that both versions run after the traffic moved, in a blue/green deployment.
    pub bake_minutes: u32,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout_seconds: u32,
    /// Image to run; `None` until there is one: a placeholder answers.
    pub image: Option<String>,
    /// Whether the service has an S3 bucket of its own.
    pub bucket: bool,
    /// The service's DynamoDB table.
    pub table: Option<Table>,
    /// Whether the service has a secret with generated database credentials.
    pub credentials: bool,
    /// Environment variables of the application, besides those of [`super::injected`].
    pub environment: BTreeMap<String, String>,
}

impl Service {
    /// A service with every default: its path is its name.
    pub fn named(name: &str) -> Self {
        Self {
            path: format!("/{name}"),
            path_priority: None,
            port: 8080,
            health_path: "/healthz".into(),
            calls: Vec::new(),
            edges: BTreeMap::new(),
            cpu: 1024,
            memory: 2048,
            min_tasks: 2,
            max_tasks: 10,
            on_demand_base: 0,
            cpu_target_percent: 70,
            requests_per_task: 1000,
            bake_minutes: 5,
            stop_timeout_seconds: 120,
            image: None,
            bucket: false,
            table: None,
            credentials: true,
            environment: BTreeMap::new(),
        }
    }
}

/// `[services.<name>.edges.<callee>]`: how one service calls another. What is left out is as in `[mesh]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Seconds that a call may take, its retries included.
    pub request_timeout_seconds: u32,
    /// How often a failed call is tried again.
    pub retries: u32,
    /// Failed answers in a row until a task of the callee is left out for a while.
    pub outlier_failures: u32,
    /// Seconds that it is left out the first time.
    pub outlier_ejection_seconds: u32,
}

/// `[services.<name>.table]`; both keys are strings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Name of the partition key.
    pub partition_key: String,
    /// Name of the sort key.
    pub sort_key: Option<String>,
}

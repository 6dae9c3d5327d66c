//! `render`: what would be sent to AWS, for review and for other tools to lint. Needs no credentials and no network.

pub mod documents;
pub mod mesh;
pub mod names;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{
    blueprint::{self, Facts, Rotation, RotatorCode},
    config::{Config, EnvSuffix, MeshProvider},
    engine::Blueprint,
    mesh::DataPlane,
    operation::facts::partition,
};

/// Arguments of `render`.
#[derive(Args, Debug)]
pub struct RenderArgs {
    /// What to print
    #[arg(value_enum)]
    pub what: What,

    /// One service's only
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,

    /// The account that names and ARNs are written for
    #[arg(long, value_name = "ACCOUNT", default_value = "123456789012", value_parser = account)]
    pub account: String,

    /// Who carries the mesh, where the configuration leaves it open
    #[arg(long, value_enum, value_name = "PROVIDER", default_value = "envoy")]
    pub mesh: Provider,
}

/// What can be printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Every resource: its key, its name and the limit of its kind
    Names,
    /// The task definitions, as `aws ecs register-task-definition --cli-input-json` takes them
    TaskDefinition,
    /// Policies of roles, buckets, endpoints and topics
    Policies,
    /// The policy of the customer-managed key
    KeyPolicy,
    /// The body of the dashboard
    Dashboard,
    /// The alarms, as `aws cloudwatch put-metric-alarm --cli-input-json` takes them
    Alarms,
    /// Each service's Envoy, and with App Mesh its control plane
    Mesh,
    /// The certificates that would be issued
    Certificates,
}

/// Who carries the mesh.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provider {
    /// Envoy with a configuration of our own
    Envoy,
    /// AWS App Mesh
    AppMesh,
}

fn account(text: &str) -> Result<String, String> {
    let right = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if right { Ok(text.to_owned()) } else { Err("an account is twelve digits".to_owned()) }
}

/// Runs it.
///
/// # Errors
/// If the input is refused.
pub async fn run(session: &Session, args: &RenderArgs) -> Result<Ended, CliError> {
    let suffix = session.suffix()?;
    let config = session.config()?;
    config.check_names(&suffix)?;
    check_service(&config, args.service.as_deref())?;
    let facts = facts(&config, args);
    let blueprint = blueprint::build(&config, &suffix, &facts);
    let service = args.service.as_deref();
    let chosen = Chosen { config: &config, suffix: &suffix, facts: &facts, blueprint: &blueprint, service };
    let printer = &session.printer;
    match args.what {
        What::Names if !session.global.json => {
            let text = names::text(&chosen, printer.paint_out(), printer.columns());
            printer.raw(&text);
        }
        what => printer.raw(&pretty(&document(&chosen, what).await?)),
    }
    Ok(Ended::with(ExitCode::Done))
}

/// What is rendered, and of whom.
pub struct Chosen<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// The environment.
    pub suffix: &'a EnvSuffix,
    /// What an account would answer.
    pub facts: &'a Facts,
    /// Everything.
    pub blueprint: &'a Blueprint,
    /// The one service, if only one is wanted.
    pub service: Option<&'a str>,
}

async fn document(chosen: &Chosen<'_>, what: What) -> Result<Value, CliError> {
    Ok(match what {
        What::Names => names::json(chosen),
        What::TaskDefinition => documents::alone(chosen, documents::requests(chosen, &["task-definition"]).await?),
        What::Policies => documents::policies(chosen, |kind| kind != "kms-key"),
        What::KeyPolicy => documents::field(chosen, "kms-key", "policy"),
        What::Dashboard => documents::field(chosen, "dashboard", "body"),
        What::Alarms => documents::requests(chosen, &["alarm"]).await?.into(),
        What::Mesh => mesh::configuration(chosen).await?,
        What::Certificates => mesh::certificates(chosen)?,
    })
}

fn check_service(config: &Config, service: Option<&str>) -> Result<(), CliError> {
    match service {
        Some(name) if !config.services.contains_key(name) => {
            let all: Vec<&str> = config.services.keys().map(String::as_str).collect();
            let hint = format!("the configuration has {}", all.join(", "));
            Err(CliError::input(format!("there is no service '{name}'"), hint))
        }
        _ => Ok(()),
    }
}

/// What an account would answer, taken from the configuration and the options.
fn facts(config: &Config, args: &RenderArgs) -> Facts {
    let region = config.platform.region.clone();
    let zones = match config.platform.zones.as_deref() {
        Some([a, b, c]) => [a.clone(), b.clone(), c.clone()],
        _ => ["a", "b", "c"].map(|letter| format!("{region}{letter}")),
    };
    let app_mesh = match config.mesh.provider {
        MeshProvider::AppMesh => true,
        MeshProvider::Envoy => false,
        MeshProvider::Auto => args.mesh == Provider::AppMesh,
    };
    let mesh = if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy };
    Facts {
        account: args.account.clone(),
        partition: partition(&region).to_owned(),
        zones,
        mesh,
        region,
        rotator: RotatorCode::default(),
        rotation: Rotation::default(),
    }
}

fn pretty(value: &Value) -> String {
    // Text keys throughout.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

//! The arguments of all commands.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, builder::FalseyValueParser};

use super::{
    ExitCode, answer, deploy, destroy, doctor, exec, history, logs, plan, policy, render, rollback, rotate, status, up,
};
use crate::{
    sandbox::quotas::{QUOTAS, Quota},
    view::Look,
};

/// The whole command line.
#[derive(Parser, Debug)]
#[command(
    name = "platformctl",
    version,
    about = "Brings up an ECS Fargate platform for microservices by calling AWS directly, shows it and takes it away without a trace",
    after_help = ExitCode::help(),
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Every command.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Bring the environment to what the configuration says: plan, ask, apply
    Up(up::UpArgs),
    /// Show what `up` would do, and what was changed outside platformctl; exits with 2 if there is anything
    Plan(plan::PlanArgs),
    /// Take the environment away and prove that nothing is left
    Destroy(destroy::DestroyArgs),
    /// Show how the environment fares: what the state says against what AWS says
    Status(status::StatusArgs),
    /// Put another image into service and follow it to its verdict; exits with 8 if it is rolled back
    Deploy(deploy::DeployArgs),
    /// Stop the deployment that is under way, with rollback; else go back to an earlier good revision
    Rollback(rollback::RollbackArgs),
    /// Let a deployment that waits for you go on
    Continue(answer::AnswerArgs),
    /// Let a deployment that waits for you go back
    Abort(answer::AnswerArgs),
    /// List the deployments of a service: revisions, images, who, when, verdict
    History(history::HistoryArgs),
    /// Show what the containers of a service write
    Logs(logs::LogsArgs),
    /// Run a command in a container of a service
    Exec(exec::ExecArgs),
    /// Make what is secret anew: certificates, database credentials
    Rotate(rotate::RotateArgs),
    /// Check whether an environment can come up here: credentials, zones, quotas, names
    Doctor(doctor::DoctorArgs),
    /// Print the IAM policy that a command's caller needs
    Policy(policy::PolicyArgs),
    /// Print what would be sent to AWS, without credentials or network
    Render(render::RenderArgs),
}

impl Command {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Command::Up(_) => "up",
            Command::Plan(_) => "plan",
            Command::Destroy(_) => "destroy",
            Command::Status(_) => "status",
            Command::Deploy(_) => "deploy",
            Command::Rollback(_) => "rollback",
            Command::Continue(_) => "continue",
            Command::Abort(_) => "abort",
            Command::History(_) => "history",
            Command::Logs(_) => "logs",
            Command::Exec(_) => "exec",
            Command::Rotate(_) => "rotate",
            Command::Doctor(_) => "doctor",
            Command::Policy(_) => "policy",
            Command::Render(_) => "render",
        }
    }
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The environment: every name ends with it (`dev`, `pr-123`)
    #[arg(long, global = true, env = "PLATFORMCTL_ENV_SUFFIX", value_name = "SUFFIX", hide_env_values = true)]
    pub env_suffix: Option<String>,

    /// The configuration
    #[arg(long, global = true, value_name = "FILE", default_value = "config/platform.toml")]
    pub config: PathBuf,

    /// A region other than the configuration's
    #[arg(long, global = true, value_name = "REGION")]
    pub region: Option<String>,

    /// The profile of ~/.aws/config to sign in with [default: what the AWS SDK finds]
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,

    /// Use the simulated AWS inside this program: no account, no network, no cost
    #[arg(
        long,
        global = true,
        env = "PLATFORMCTL_SANDBOX",
        hide_env_values = true,
        action = ArgAction::SetTrue,
        value_parser = FalseyValueParser::new()
    )]
    pub sandbox: bool,

    /// How many times as fast as AWS the simulated one is
    #[arg(
        long,
        global = true,
        env = "PLATFORMCTL_SANDBOX_SPEED",
        hide_env_values = true,
        value_name = "TIMES",
        default_value = "20",
        value_parser = speed
    )]
    pub sandbox_speed: f64,

    /// Let App Mesh answer in the simulated AWS, as it did on AWS until 2026-09-30
    #[arg(
        long,
        global = true,
        env = "PLATFORMCTL_SANDBOX_APP_MESH",
        hide_env_values = true,
        action = ArgAction::SetTrue,
        value_parser = FalseyValueParser::new()
    )]
    pub sandbox_app_mesh: bool,

    /// Set a quota of the simulated account, by its code in Service Quotas: L-36FBB829=6 gives it a new account's vCPUs on Fargate Spot
    /// [default: AWS's defaults, but 100 Fargate vCPUs on demand and on Spot]
    #[arg(
        long,
        global = true,
        env = "PLATFORMCTL_SANDBOX_QUOTA",
        hide_env_values = true,
        value_name = "CODE=VALUE",
        value_delimiter = ',',
        value_parser = quota
    )]
    pub sandbox_quota: Vec<(String, f64)>,

    /// The directory of the state
    #[arg(
        long,
        global = true,
        env = "PLATFORMCTL_STATE",
        hide_env_values = true,
        value_name = "DIRECTORY",
        default_value = ".platformctl"
    )]
    pub state: PathBuf,

    /// Print JSON lines: plan, events, and a summary as the last one
    #[arg(long, global = true)]
    pub json: bool,

    /// Print results and errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print everything
    #[arg(long, short, global = true)]
    pub verbose: bool,

    /// Don't ask
    #[arg(long, short, global = true)]
    pub yes: bool,

    /// No colour; NO_COLOR says the same
    #[arg(long, global = true)]
    pub no_color: bool,
}

impl Global {
    /// How output should look.
    pub fn look(&self) -> Look {
        Look { json: self.json, quiet: self.quiet, verbose: self.verbose, no_color: self.no_color }
    }
}

/// A quota that the sandbox has, and how much of it.
fn quota(text: &str) -> Result<(String, f64), String> {
    let (code, value) = text.split_once('=').ok_or("a code and a value are needed, such as L-36FBB829=6")?;
    let value = value.parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
    match (Quota::find(code), value) {
        (Some(_), Some(value)) => Ok((code.to_owned(), value)),
        (Some(_), None) => Err("the value must be a number that is not negative".to_owned()),
        (None, _) => {
            let known: Vec<String> = QUOTAS.iter().map(|quota| format!("{} ({})", quota.code, quota.name)).collect();
            Err(format!("there is no quota '{code}'; the sandbox has {}", known.join(", ")))
        }
    }
}

/// Slower than the wall is of no use; beyond this the clock moves in leaps.
fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(times) if (1.0..=1000.0).contains(&times) => Ok(times),
        _ => Err("a number from 1 (as slow as AWS) to 1000 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn quotas_are_known_and_not_negative() {
        assert_eq!(quota("L-36FBB829=6"), Ok(("L-36FBB829".to_owned(), 6.0)));
        for wrong in ["L-36FBB829", "L-36FBB829=", "L-36FBB829=-1", "L-36FBB829=NaN", "L-36FBB829=inf"] {
            assert!(quota(wrong).is_err(), "{wrong}");
        }
        assert!(quota("L-0=1").is_err_and(|message| message.contains("L-0263D0A3 (EC2-VPC Elastic IPs)")));
    }

    #[test]
    fn speeds_are_checked() {
        assert_eq!(speed("20"), Ok(20.0));
        for wrong in ["0", "-1", "NaN", "inf", "1001", "fast"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}

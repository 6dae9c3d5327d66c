//! Where calls go: real AWS, or the simulated one.
//!
//! The simulated AWS and the state of what is made in it live apart from the state of real environments, below
//! `<state>/_sandbox`, which no environment can be called.

use std::path::PathBuf;

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;

use super::{CliError, args::Global};
use crate::{
    aws::Connection,
    config::Config,
    sandbox::{Sandbox, SandboxOptions},
    view::Printer,
};

/// No suffix begins with an underscore.
const SANDBOX: &str = "_sandbox";

/// The directory that holds a directory for each environment.
pub fn state_directory(global: &Global) -> PathBuf {
    if global.sandbox { global.state.join(SANDBOX).join("environments") } else { global.state.clone() }
}

/// The simulated account's directory: one for each region.
pub fn sandbox_directory(global: &Global, region: &str) -> PathBuf {
    global.state.join(SANDBOX).join(region)
}

/// Connects as the options ask. Called inside the runtime whose clock the sandbox is to follow.
///
/// # Errors
/// If the sandbox's directory can't be used.
pub async fn connect(global: &Global, config: &Config, printer: &Printer) -> Result<Connection, CliError> {
    let region = &config.platform.region;
    if !global.sandbox {
        return Ok(Connection::from_environment(region, global.profile.as_deref()).await);
    }
    let directory = sandbox_directory(global, region);
    printer.talk(&format!(
        "sandbox: a simulated AWS in {}, {} times as fast as the real one",
        directory.display(),
        global.sandbox_speed
    ));
    let options = SandboxOptions {
        region: region.clone(),
        app_mesh: global.sandbox_app_mesh,
        quotas: global.sandbox_quota.iter().cloned().collect(),
        ..SandboxOptions::in_directory(directory)
    };
    let sandbox = Sandbox::open(options)?;
    Ok(Connection {
        config: sandbox.sdk_config(),
        http: sandbox.http_client(),
        interceptor: Some(SharedInterceptor::new(sandbox.interceptor())),
    })
}

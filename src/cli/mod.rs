//! The command line: arguments, one file per command, exit codes. [`run::main`] is the whole program.

pub mod answer;
pub mod args;
pub mod change;
pub mod connect;
pub mod deploy;
pub mod destroy;
pub mod doctor;
pub mod error;
pub mod exec;
pub mod exit;
pub mod history;
pub mod interrupt;
pub mod logs;
pub mod plan;
pub mod policy;
pub mod prompt;
pub mod render;
pub mod rollback;
pub mod rotate;
pub mod run;
pub mod session;
pub mod status;
pub mod up;

pub use error::CliError;
pub use exit::ExitCode;
pub use run::main;
pub use session::Session;

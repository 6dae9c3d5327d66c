//! The command line: arguments, one file per command, exit codes. [`run::main`] is the whole program.

pub mod args;
pub mod change;
pub mod connect;
pub mod destroy;
pub mod doctor;
pub mod error;
pub mod exit;
pub mod interrupt;
pub mod plan;
pub mod prompt;
pub mod render;
pub mod rotate;
pub mod run;
pub mod session;
pub mod status;
pub mod up;

pub use error::CliError;
pub use exit::ExitCode;
pub use run::main;
pub use session::Session;

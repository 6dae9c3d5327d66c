//! `logs`: what the containers of a service write.

use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{CliError, ExitCode, Session, deploy::duration, session::Ended};
use crate::{
    operation::logs::{Reader, Spoken, Wanted},
    view,
};

/// Arguments of `logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// Go on until Ctrl-C
    #[arg(long, short)]
    pub follow: bool,

    /// How far back: `90s`, `10m`, `2h`
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub since: Duration,

    /// Only lines with these words, or another filter pattern of CloudWatch
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,

    /// Only this container: app, envoy, mesh-init, agent
    #[arg(long, value_name = "CONTAINER")]
    pub container: Option<String>,

    /// Only tasks whose ids begin so
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
}

/// Runs it.
///
/// # Errors
/// An unknown service, no such log group, a pattern that CloudWatch can't read.
pub async fn run(session: &Session, args: &LogsArgs) -> Result<Ended, CliError> {
    let workspace = session.open().await?;
    let wanted = Wanted {
        service: args.service.clone(),
        since: args.since,
        filter: args.filter.clone(),
        container: args.container.clone(),
        task: args.task.clone(),
    };
    let mut reader = Reader::new(&workspace, wanted)?;
    let mut lines = 0;
    loop {
        let (spoken, more) = match session.unless_interrupted(reader.next()).await {
            // This is how following ends.
            Err(CliError::Interrupted) if args.follow => break,
            other => other?,
        };
        lines += spoken.len();
        spoken.iter().for_each(|line| show(session, line));
        if more {
            session
                .printer
                .warn("there are more lines than can be shown at once: ask for less with --since or --filter");
        }
        if !args.follow {
            break;
        }
        let pause = async {
            reader.pause().await;
            Ok::<_, CliError>(())
        };
        if session.unless_interrupted(pause).await.is_err() {
            break;
        }
    }
    if lines == 0 && !args.follow {
        session.printer.talk(&format!("{} wrote nothing that matches; --since goes further back", args.service));
    }
    Ok(Ended { exit: ExitCode::Done, summary: Map::from_iter([("lines".to_owned(), json!(lines))]) })
}

fn show(session: &Session, line: &Spoken) {
    let printer = &session.printer;
    if let Ok(Value::Object(fields)) = serde_json::to_value(line) {
        printer.json(&view::json::line("log", fields));
    }
    printer.data(&view::logs::line(printer.paint_out(), line));
}

//! `deploy`: another image into service.

use std::{convert::Infallible, future::Future, time::Duration};

use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use serde_json::{Map, json};

use super::{CliError, ExitCode, Session, session::Ended};
use crate::{
    config::{self, Strategy as Kind},
    operation::{
        OperationError, Workspace,
        deploy::{
            Image, Limit, Outcome, Request, Severity,
            preflight::Demands,
            request::{PausePoint, Strategy},
            run::{self, Verdicts},
        },
    },
    view::{self, deploy::Deployments},
};

/// Arguments of `deploy`.
#[derive(Args, Debug)]
pub struct DeployArgs {
    /// The services; each may name its own tag or image: `payments=1.4.2 accounts=repository/image:tag`
    #[arg(required = true, value_name = "SERVICE[=IMAGE]")]
    pub services: Vec<String>,

    /// The image of all services that name none: with tag or digest
    #[arg(long, value_name = "IMAGE", conflicts_with_all = ["tag", "resume"])]
    pub image: Option<String>,

    /// The tag, or digest, in each service's own repository
    #[arg(long, value_name = "TAG", conflicts_with = "resume")]
    pub tag: Option<String>,

    /// Deploy nothing: follow what is under way, or tell how the last deployment ended
    #[arg(long)]
    pub resume: bool,

    /// Don't wait for the verdict
    #[arg(long, conflicts_with = "resume")]
    pub no_wait: bool,

    /// Stop the deployment, with rollback, if it takes longer: `90s`, `20m`, `2h` [default: what the strategy needs and 15 minutes]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Refuse an image whose scan found anything worse
    #[arg(long, value_name = "SEVERITY", value_parser = words(&Severity::NAMES))]
    pub max_severity: Option<Severity>,

    /// Take an image that its registry does not show us as it is: by its tag, its architecture unchecked
    #[arg(long, conflicts_with = "resume")]
    pub unverified: bool,

    /// How requests move, this time
    #[arg(long, value_parser = words(Kind::NAMES))]
    pub strategy: Option<Kind>,

    /// With canary and linear: percent of the requests of a step
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub step_percent: Option<u32>,

    /// With canary and linear: minutes that a step is kept
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=1440))]
    pub step_minutes: Option<u32>,

    /// Minutes that the old version stays ready after all requests went to the new one
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(0..=1440))]
    pub bake_minutes: Option<u32>,

    /// Wait there for `continue` or `abort`, for an hour at most; then it goes back
    #[arg(long, value_name = "POINT", value_parser = words(&PausePoint::NAMES))]
    pub pause_before: Option<PausePoint>,
}

/// A parser of some words.
pub fn words<T: Copy + Send + Sync + 'static>(names: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    let known = PossibleValuesParser::new(names.iter().map(|(word, _)| *word));
    known.try_map(|word| names.iter().find(|(one, _)| *one == word).map(|(_, value)| *value).ok_or("unknown"))
}

/// `90s`, `20m`, `2h`.
///
/// # Errors
/// Anything else, and nothing.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no time: write it as 90s, 20m or 2h");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    match number.checked_mul(factor).filter(|seconds| (1..=7 * 24 * 3600).contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs(seconds)),
        None => Err(format!("'{text}' is out of range: from 1s to 168h")),
    }
}

/// How long it may take.
pub fn limit(timeout: Option<Duration>) -> Limit {
    timeout.map_or(Limit::Usual, Limit::Of)
}

/// Runs it.
///
/// # Errors
/// What keeps it from beginning.
pub async fn run(session: &Session, args: &DeployArgs) -> Result<Ended, CliError> {
    let limit = limit(args.timeout);
    if args.resume {
        let workspace = session.open().await?;
        let names = args.services.clone();
        let view = Deployments::new(&session.printer, &names, session.pace());
        let work = run::resume(&workspace, &names, limit, &view, &session.interrupt);
        let verdicts = shown(session, &view, work).await?;
        return Ok(tell(session, &verdicts));
    }
    let request = request(args)?;
    let workspace = session.open().await?;
    let names: Vec<String> = request.services.iter().map(|(name, _)| name.clone()).collect();
    announce(session, &workspace);
    let view = Deployments::new(&session.printer, &names, session.pace());
    let work = run::deploy(&workspace, &request, limit, !args.no_wait, &view, &session.interrupt);
    let verdicts = shown(session, &view, work).await?;
    Ok(tell(session, &verdicts))
}

fn request(args: &DeployArgs) -> Result<Request, CliError> {
    let common = match (&args.image, &args.tag) {
        (Some(image), _) => Some(Image::Reference(config::image_reference("--image", image)?)),
        (None, Some(tag)) => Some(Image::Own(own(tag)?)),
        (None, None) => None,
    };
    let mut services: Vec<(String, Image)> = Vec::new();
    for text in &args.services {
        let (name, image) = match text.split_once('=') {
            Some((name, image)) if image.contains('/') => {
                (name, Some(Image::Reference(config::image_reference("SERVICE=IMAGE", image)?)))
            }
            Some((name, tag)) => (name, Some(Image::Own(own(tag)?))),
            None => (text.as_str(), common.clone()),
        };
        let Some(image) = image else {
            let hint = format!("name it: platformctl deploy {name} --tag 1.4.2, or --image REPOSITORY/IMAGE:TAG");
            return Err(CliError::input(format!("which image is {name} to run?"), hint));
        };
        if services.iter().any(|(one, _)| one == name) {
            return Err(CliError::input(format!("{name} is named twice"), "name each service once"));
        }
        services.push((name.to_owned(), image));
    }
    let strategy = Strategy {
        kind: args.strategy,
        step_percent: args.step_percent,
        step_minutes: args.step_minutes,
        bake_minutes: args.bake_minutes,
        pause_before: args.pause_before,
    };
    let demands = Demands { max_severity: args.max_severity, unverified: args.unverified };
    Ok(Request { services, demands, strategy })
}

/// A tag or digest of a repository that is known.
fn own(text: &str) -> Result<String, CliError> {
    let sign = if text.starts_with("sha256:") { '@' } else { ':' };
    config::image_reference("--tag", &format!("repository{sign}{text}"))?;
    Ok(text.to_owned())
}

/// Says where.
pub fn announce(session: &Session, workspace: &Workspace) {
    session.printer.talk(&format!(
        "deploying to environment '{}' in account {}, {}",
        workspace.suffix, workspace.aws.account, workspace.aws.region
    ));
}

/// Lets work be shown while it goes on. A Ctrl-C ends the watching; before anything was begun it ends the work.
///
/// # Errors
/// The work's own.
pub async fn shown<T>(
    session: &Session,
    view: &Deployments<'_>,
    work: impl Future<Output = Result<T, OperationError>>,
) -> Result<T, CliError> {
    let work = session.changing(work);
    let result = tokio::select! {
        biased;
        result = work => result,
        never = view.draw() => no(never),
    };
    view.finish();
    Ok(result?)
}

fn no<T>(never: Infallible) -> T {
    match never {}
}

/// Tells the verdicts, and how it all ends.
pub fn tell(session: &Session, verdicts: &Verdicts) -> Ended {
    let printer = &session.printer;
    for (name, verdict) in verdicts {
        printer.data(&view::deploy::verdict(printer.paint_out(), printer.width(), name, verdict));
    }
    let services: Map<_, _> = verdicts.iter().map(|(name, verdict)| (name.clone(), json!(verdict))).collect();
    Ended {
        exit: exit(verdicts, session.interrupt.is_raised()),
        summary: Map::from_iter([("services".to_owned(), json!(services))]),
    }
}

fn exit(verdicts: &Verdicts, interrupted: bool) -> ExitCode {
    let any = |outcome: Outcome| verdicts.iter().any(|(_, verdict)| verdict.outcome == outcome);
    match () {
        () if any(Outcome::RolledBack) || any(Outcome::Failed) || any(Outcome::Superseded) => ExitCode::RolloutFailed,
        () if any(Outcome::Unfinished) && interrupted => ExitCode::Interrupted,
        () if any(Outcome::Unfinished) => ExitCode::Partial,
        () => ExitCode::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("20m"), Ok(Duration::from_secs(1200)));
        for wrong in ["", "m", "20", "0s", "-1m", "1d", "9999h", "5é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}

//! The image: which one is meant, by digest; whether it runs on what tasks run on; what a scan found in it; and whether it can be pulled.

use super::{Demands, may};
use crate::{
    aws::deploy::{
        Platform, Reference, Revision,
        image::{self, Repository, SEVERITIES, Seen},
        registry::{self, Sought},
    },
    engine::{Answers, Class, Failure, survey::persist},
    operation::{
        Check, Workspace,
        deploy::{Image, Place, Severity},
    },
};

/// The image that is meant.
pub fn reference(workspace: &Workspace, place: &Place, service: &str, image: &Image) -> Reference {
    match image {
        Image::Reference(text) => Reference::parse(text),
        Image::Own(tag) => {
            let domain = if workspace.aws.partition() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
            let (account, region) = (&workspace.aws.account, &workspace.aws.region);
            let sign = if tag.starts_with("sha256:") { '@' } else { ':' };
            let repository = place.repository(service);
            Reference::parse(&format!("{account}.dkr.ecr.{region}.{domain}/{repository}{sign}{tag}"))
        }
    }
}

/// An image as tasks are to pull it, and what was found out about it.
type Looked = (String, Vec<Check>);

pub(super) async fn look(
    workspace: &Workspace,
    reference: &Reference,
    from: &Revision,
    demands: &Demands,
    answers: &Answers,
) -> Result<Looked, Failure> {
    match reference.repository() {
        Some(repository) => in_ecr(workspace, &repository, reference, from, demands).await,
        None => elsewhere(workspace, reference, from, demands, answers).await,
    }
}

async fn in_ecr(
    workspace: &Workspace,
    repository: &Repository,
    reference: &Reference,
    from: &Revision,
    demands: &Demands,
) -> Result<Looked, Failure> {
    let aws = &workspace.aws;
    let seen = match persist(&workspace.jitter, || image::look(aws, repository, reference)).await {
        Ok(seen) => seen,
        Err(failure) if failure.class == Class::Denied => {
            let remedy = "allow ecr:DescribeImages, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to yourself";
            return Ok(unknown(reference, &format!("can't be looked at: {failure}"), remedy, demands));
        }
        Err(failure) => return wrong(reference, failure, demands),
    };
    let Some(seen) = seen else {
        let region = if repository.region == aws.region { "" } else { " --region " };
        let region = format!("{region}{}", if region.is_empty() { "" } else { repository.region.as_str() });
        let remedy =
            format!("push it, or see what there is: aws ecr list-images --repository-name {}{region}", repository.name);
        return Ok(absent(reference, remedy));
    };
    let mut checks = vec![Check::ok("image", format!("{} is {}", reference.text, seen.digest))];
    checks.push(architecture(&seen.platforms, &from.architecture));
    checks.push(findings(&seen, demands.max_severity));
    checks.extend(pull(workspace, from, &repository.arn(aws.partition())).await?);
    Ok((reference.pinned(&seen.digest), checks))
}

/// Outside Amazon ECR a task pulls without credentials, since our task definitions hold none: so what nobody is shown can't be run.
async fn elsewhere(
    workspace: &Workspace,
    reference: &Reference,
    from: &Revision,
    demands: &Demands,
    answers: &Answers,
) -> Result<Looked, Failure> {
    let (host, _) = registry::place(reference);
    let question = format!("registry {}", reference.text);
    let ask = || answers.once(&question, || registry::look(&workspace.aws.web, reference));
    let sought = match persist(&workspace.jitter, ask).await {
        Ok(sought) => sought,
        Err(failure) => return wrong(reference, failure, demands),
    };
    let (digest, platforms) = match sought.as_ref() {
        Sought::Found { digest, platforms } => (digest, platforms),
        Sought::Absent => return Ok(absent(reference, format!("push it to {host}, or name one that is there"))),
        Sought::Hidden(said) => {
            let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
            let detail = format!("is private or does not exist: {host} does not show it without credentials{said}");
            let remedy = "tasks pull without credentials too: push it to the service's own repository and pass --tag";
            return Ok(unknown(reference, &detail, remedy, demands));
        }
    };
    let mut checks = vec![Check::ok("image", format!("{} is {digest}", reference.text))];
    checks.push(architecture(platforms, &from.architecture));
    if demands.max_severity.is_some() {
        let detail = format!("no findings known: what {host} finds is not asked for");
        let remedy = "push it to the service's own repository, which scans it, or leave --max-severity out";
        checks.push(Check::failed("scan", detail, remedy));
    }
    Ok((reference.pinned(digest), checks))
}

fn absent(reference: &Reference, remedy: String) -> Looked {
    (reference.text.clone(), vec![Check::failed("image", format!("{} does not exist", reference.text), remedy)])
}

/// What is no image at all is refused; where nobody could be asked, it is a matter of what is demanded.
fn wrong(reference: &Reference, failure: Failure, demands: &Demands) -> Result<Looked, Failure> {
    match failure.class {
        Class::Invalid => {
            let remedy = failure.remedy.clone().unwrap_or_else(|| "name another image".to_owned());
            let detail = format!("{} can't be run: {}", reference.text, failure.message);
            Ok((reference.text.clone(), vec![Check::failed("image", detail, remedy)]))
        }
        Class::Credentials | Class::Internal | Class::Interrupted => Err(failure),
        _ => {
            let remedy = "check the network, a proxy (HTTPS_PROXY) and the registry's state, and try again";
            Ok(unknown(reference, &format!("can't be looked at: {failure}"), remedy, demands))
        }
    }
}

/// Nobody tells which image a reference means. A tag may lead elsewhere by the time a task pulls it, so that one is only taken if a person says so.
fn unknown(reference: &Reference, detail: &str, remedy: &str, demands: &Demands) -> Looked {
    let detail = format!("{} {detail}", reference.text);
    let check = if demands.unverified {
        Check::warning("image", format!("{detail}; taken as it is"), remedy)
    } else {
        let remedy = format!("{remedy}; or pass --unverified to deploy it as it is, unpinned and unchecked");
        Check::failed("image", detail, remedy)
    };
    (reference.text.clone(), vec![check])
}

/// Whether tasks can run it.
fn architecture(platforms: &[Platform], tasks: &str) -> Check {
    let wanted = Platform::of_tasks(tasks);
    let listed = platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ");
    if platforms.iter().any(|platform| platform.runs_on(&wanted)) {
        return Check::ok("architecture", format!("{listed}; tasks are {tasks}"));
    }
    let listed = if listed.is_empty() { "no platform" } else { &listed };
    let remedy = format!("build it for {wanted}: docker buildx build --platform {wanted} --push --tag …");
    Check::failed("architecture", format!("the image is for {listed}, tasks are {tasks} ({wanted})"), remedy)
}

fn findings(seen: &Seen, max_severity: Option<Severity>) -> Check {
    let Some(counts) = &seen.findings else {
        let detail = format!("no findings known: {}", seen.scan);
        return match max_severity {
            None => Check::ok("scan", detail),
            Some(_) => Check::failed("scan", detail, "wait for the scan to finish, or leave --max-severity out"),
        };
    };
    let shown: Vec<String> = SEVERITIES
        .iter()
        .filter_map(|severity| Some((severity, counts.get(*severity).filter(|count| **count > 0)?)))
        .map(|(severity, count)| format!("{count} {}", severity.to_ascii_lowercase()))
        .collect();
    let text = if shown.is_empty() { "no findings".to_owned() } else { shown.join(", ") };
    let has = |severity: &&&str| counts.get(**severity).is_some_and(|count| *count > 0);
    let worse = max_severity.map(Severity::worse).unwrap_or_default();
    match worse.iter().find(has) {
        Some(_) => Check::failed("scan", text, "mend the findings and build again, or raise --max-severity"),
        None => Check::ok("scan", text),
    }
}

/// What pulling takes, asked as the execution role (Amazon ECR User Guide, "Using Amazon ECR images with Amazon ECS").
async fn pull(workspace: &Workspace, from: &Revision, repository: &str) -> Result<Vec<Check>, Failure> {
    let remedy = "an execution role may pull from its service's own repository and from those that the configuration names; push the image there";
    let of_repository = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    let log_in = "run platformctl up, which mends the execution role";
    let (everything, repository) = (["*".to_owned()], [repository.to_owned()]);
    let (token, layers) = futures::join!(
        // A token is the registry's, not a repository's (Service Authorization Reference, "Amazon ECR").
        may(workspace, from, "registry", &["ecr:GetAuthorizationToken"], &everything, &[], log_in),
        may(workspace, from, "pull", &of_repository, &repository, &[], remedy),
    );
    Ok(vec![token?, layers?])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::operation::{deploy::Severity, doctor::Verdict};

    fn seen(findings: Option<&[(&str, i32)]>) -> Seen {
        let findings = findings
            .map(|all| all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<BTreeMap<_, _>>());
        Seen { digest: "sha256:0".to_owned(), platforms: Vec::new(), findings, scan: "it was never scanned".to_owned() }
    }

    #[test]
    fn findings_are_shown_and_refused_above_the_severity_that_is_allowed() {
        let some = seen(Some(&[("HIGH", 2), ("LOW", 7)]));
        let check = findings(&some, None);
        assert_eq!((check.verdict, check.detail.as_str()), (Verdict::Ok, "2 high, 7 low"));
        assert_eq!(findings(&some, Some(Severity::High)).verdict, Verdict::Ok);
        assert_eq!(findings(&some, Some(Severity::Medium)).verdict, Verdict::Failed);
        assert_eq!(findings(&seen(Some(&[])), Some(Severity::Low)).detail, "no findings");
        assert_eq!(findings(&seen(None), Some(Severity::High)).verdict, Verdict::Failed);
    }

    fn fits(names: &[&str], tasks: &str) -> Check {
        let platform = |name: &&str| {
            let mut parts = name.split('/').map(str::to_owned);
            Platform {
                os: parts.next().unwrap_or_default(),
                architecture: parts.next().unwrap_or_default(),
                variant: parts.next(),
            }
        };
        architecture(&names.iter().map(platform).collect::<Vec<_>>(), tasks)
    }

    #[test]
    fn an_image_for_another_processor_is_refused_with_how_to_build_the_right_one() {
        assert_eq!(fits(&["linux/amd64"], "X86_64").detail, "linux/amd64; tasks are X86_64");
        assert_eq!(fits(&["linux/amd64", "linux/arm64/v8"], "ARM64").verdict, Verdict::Ok);
        let wrong = fits(&["linux/arm64"], "X86_64");
        assert_eq!(wrong.detail, "the image is for linux/arm64, tasks are X86_64 (linux/amd64)");
        assert!(wrong.remedy.is_some_and(|remedy| remedy.contains("docker buildx build --platform linux/amd64")));
        assert_eq!(fits(&["windows/amd64", "linux/amd64/v3"], "X86_64").verdict, Verdict::Failed);
        assert_eq!(fits(&[], "X86_64").detail, "the image is for no platform, tasks are X86_64 (linux/amd64)");
    }
}

//! What is checked before anything is changed: would a task with this image start? Asked as its execution role, not as the caller.

use std::collections::BTreeSet;

use super::{Image, Place, Severity};
use crate::{
    aws::deploy::{
        Reference, Revision,
        image::{self, SEVERITIES, Seen},
        permission,
    },
    engine::{Class, Failure, survey::persist},
    operation::{Check, Workspace},
};

/// An image that can be deployed, and what was found out about it.
#[derive(Clone, Debug)]
pub struct Cleared {
    /// The image, by digest where its registry told one.
    pub image: String,
    /// As it was asked for.
    pub asked: String,
    /// What was looked at.
    pub checks: Vec<Check>,
}

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

/// Checks an image and all that a task of this revision needs to start.
///
/// # Errors
/// A call's own failure; what was found wrong is in the checks.
pub async fn check(
    workspace: &Workspace,
    reference: &Reference,
    from: &Revision,
    max_severity: Option<Severity>,
) -> Result<Cleared, Failure> {
    let (found, secrets, log) =
        futures::join!(look(workspace, reference, from, max_severity), secrets(workspace, from), log(workspace, from),);
    let (image, mut checks) = found?;
    checks.extend(secrets?);
    checks.extend(log?);
    Ok(Cleared { image, asked: reference.text.clone(), checks })
}

async fn look(
    workspace: &Workspace,
    reference: &Reference,
    from: &Revision,
    max_severity: Option<Severity>,
) -> Result<(String, Vec<Check>), Failure> {
    let aws = &workspace.aws;
    let Some(repository) = reference.repository() else {
        let detail = format!("{} is not in Amazon ECR: taken as it is", reference.text);
        let remedy = "to have it checked and pinned by digest, push it to the service's repository and pass --tag";
        return Ok((reference.text.clone(), vec![Check::warning("image", detail, remedy)]));
    };
    if repository.region != aws.region {
        let detail = format!("{} is in another region: taken as it is", reference.text);
        return Ok((reference.text.clone(), vec![Check::warning("image", detail, "push it to this region")]));
    }
    let seen = match persist(&workspace.jitter, || image::look(aws, &repository, reference)).await {
        Err(failure) if failure.class == Class::Denied => {
            let detail = format!("{} can't be looked at: {}", reference.text, failure.message);
            let check = Check::warning("image", detail, "allow ecr:DescribeImages and ecr:BatchGetImage to yourself");
            return Ok((reference.text.clone(), vec![check]));
        }
        other => other?,
    };
    let Some(seen) = seen else {
        let detail = format!("{} does not exist", reference.text);
        let remedy =
            format!("push it, or see what there is: aws ecr list-images --repository-name {}", repository.name);
        return Ok((reference.text.clone(), vec![Check::failed("image", detail, remedy)]));
    };
    let pinned = reference.pinned(&seen.digest);
    let mut checks = vec![Check::ok("image", format!("{} is {}", reference.text, seen.digest))];
    checks.push(architecture(&seen, from));
    checks.push(findings(&seen, max_severity));
    checks.push(pull(workspace, from, &repository.arn(aws.partition())).await?);
    Ok((pinned, checks))
}

/// OCI names architectures as Go does; ECS has its own words (ECS API reference, RuntimePlatform).
fn architecture(seen: &Seen, from: &Revision) -> Check {
    let wanted = if from.architecture == "ARM64" { "arm64" } else { "amd64" };
    if seen.architectures.is_empty() {
        let detail = format!("the manifest of a single image doesn't say; tasks are {}", from.architecture);
        return Check::ok("architecture", detail);
    }
    let listed = seen.architectures.join(", ");
    if seen.architectures.iter().any(|one| one == wanted) {
        return Check::ok("architecture", format!("{listed}; tasks are {}", from.architecture));
    }
    let remedy = format!("build it for linux/{wanted}: docker buildx build --platform linux/{wanted}");
    Check::failed("architecture", format!("the image is for {listed}, tasks are {}", from.architecture), remedy)
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

async fn pull(workspace: &Workspace, from: &Revision, repository: &str) -> Result<Check, Failure> {
    let actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
    let remedy = "an execution role may pull from its service's own repository and from those that the configuration names; push the image there";
    may(workspace, from, "pull", &actions, &[repository.to_owned()], &[], remedy).await
}

/// Whether the execution role may do something.
async fn may(
    workspace: &Workspace,
    from: &Revision,
    name: &str,
    actions: &[&str],
    resources: &[String],
    context: &[(&str, &str)],
    remedy: &str,
) -> Result<Check, Failure> {
    let Some(role) = &from.execution_role else {
        return Ok(Check::warning(name, "the task definition has no execution role", "run platformctl up"));
    };
    let ask = || permission::refused(&workspace.aws, role, actions, resources, context);
    let short = role.rsplit('/').next().unwrap_or(role);
    Ok(match persist(&workspace.jitter, ask).await {
        Ok(refused) if refused.is_empty() => Check::ok(name, format!("{short} may")),
        Ok(refused) => Check::failed(name, format!("{short} may not: {}", refused.join(", ")), remedy),
        Err(failure) if failure.class == Class::Denied => {
            let detail = format!("not checked: {}", failure.message);
            Check::warning(name, detail, "allow iam:SimulatePrincipalPolicy to yourself")
        }
        Err(failure) => return Err(failure),
    })
}

async fn secrets(workspace: &Workspace, from: &Revision) -> Result<Vec<Check>, Failure> {
    let wanted: BTreeSet<String> = from.secrets.iter().map(|value| permission::secret_of(value)).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let (mut keys, mut missing) = (BTreeSet::new(), Vec::new());
    for arn in &wanted {
        match persist(&workspace.jitter, || permission::secret(&workspace.aws, arn)).await {
            Ok(Some(secret)) => keys.extend(secret.key.map(|key| (key, arn.clone()))),
            Ok(None) => missing.push(arn.rsplit(':').next().unwrap_or(arn).to_owned()),
            Err(failure) if failure.class == Class::Denied => {
                let detail = format!("not checked: {}", failure.message);
                return Ok(vec![Check::warning("secrets", detail, "allow secretsmanager:DescribeSecret to yourself")]);
            }
            Err(failure) => return Err(failure),
        }
    }
    if !missing.is_empty() {
        let detail = format!("not there, or about to be deleted: {}", missing.join(", "));
        return Ok(vec![Check::failed("secrets", detail, "run platformctl up, which makes them anew")]);
    }
    let arns: Vec<String> = wanted.into_iter().collect();
    let remedy = "run platformctl up, which mends the execution role";
    let mut checks =
        vec![may(workspace, from, "secrets", &["secretsmanager:GetSecretValue"], &arns, &[], remedy).await?];
    let via = format!("secretsmanager.{}.amazonaws.com", workspace.aws.region);
    let mut asked = BTreeSet::new();
    for (key, secret) in keys {
        if !asked.insert(key.clone()) {
            continue;
        }
        let context = [("kms:ViaService", via.as_str()), ("kms:EncryptionContext:SecretARN", secret.as_str())];
        let check = may(workspace, from, "key", &["kms:Decrypt"], std::slice::from_ref(&key), &context, remedy).await?;
        checks.push(check);
    }
    Ok(checks)
}

async fn log(workspace: &Workspace, from: &Revision) -> Result<Vec<Check>, Failure> {
    let Some(group) = &from.log_group else { return Ok(Vec::new()) };
    let remedy = "run platformctl up, which makes it anew";
    match persist(&workspace.jitter, || permission::log_group_exists(&workspace.aws, group)).await {
        Ok(true) => {}
        Ok(false) => return Ok(vec![Check::failed("log group", format!("{group} does not exist"), remedy)]),
        Err(failure) if failure.class == Class::Denied => {
            let detail = format!("not checked: {}", failure.message);
            return Ok(vec![Check::warning("log group", detail, "allow logs:DescribeLogGroups to yourself")]);
        }
        Err(failure) => return Err(failure),
    }
    let (partition, aws) = (workspace.aws.partition(), &workspace.aws);
    let stream = format!("arn:{partition}:logs:{}:{}:log-group:{group}:log-stream:x", aws.region, aws.account);
    let actions = ["logs:CreateLogStream", "logs:PutLogEvents"];
    Ok(vec![may(workspace, from, "log group", &actions, &[stream], &[], remedy).await?])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::operation::doctor::Verdict;

    fn seen(findings: Option<&[(&str, i32)]>) -> Seen {
        let findings = findings
            .map(|all| all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<BTreeMap<_, _>>());
        Seen {
            digest: "sha256:0".to_owned(),
            architectures: Vec::new(),
            findings,
            scan: "it was never scanned".to_owned(),
        }
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
}

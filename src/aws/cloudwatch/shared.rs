//! What alarms and dashboards have in common: their tags.

use crate::{
    aws::{Answer, Aws, tags},
    engine::{Class, Failure, Scope, Tags},
    tag_list,
};

/// The tags of a thing, unless they can only be ours: the tag search has them, or we recorded that we made it.
///
/// # Errors
/// The call's own.
pub async fn tags_of(aws: &Aws, scope: &Scope<'_>, name: &str, arn: &str) -> Result<Option<Tags>, Failure> {
    if let Some(tags) = tags::searched(scope, arn) {
        return Ok(Some(tags.clone()));
    }
    if scope.by_id(name).is_some() {
        return Ok(None);
    }
    match aws.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await.of("cloudwatch:ListTagsForResource") {
        Ok(answer) => Ok(Some(tags::collect(answer.tags().iter().map(|tag| (tag.key(), tag.value()))))),
        Err(failure) if failure.class == Class::Absent => Ok(Some(Tags::new())),
        Err(failure) => Err(failure),
    }
}

/// Sets tags.
///
/// # Errors
/// The call's own.
pub async fn tag(aws: &Aws, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let call = aws.cloudwatch.tag_resource().resource_arn(arn).set_tags(Some(tag_list!(aws_sdk_cloudwatch, tags)));
    call.send().await.of("cloudwatch:TagResource")?;
    Ok(())
}

//! What alarms and dashboards have in common: their tags.

use crate::{
    aws::{Answer, Aws, tags},
    engine::{Class, Failure, Scope, Tags},
    tag_list,
};

/// The tags of a thing: as the tag search showed them, or asked for where it did not.
///
/// # Errors
/// The call's own.
pub async fn tags_of(aws: &Aws, scope: &Scope<'_>, arn: &str) -> Result<Tags, Failure> {
    if let Some(hit) = scope.tagged.iter().find(|hit| hit.arn == arn) {
        return Ok(hit.tags.clone());
    }
    match aws.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await.of("cloudwatch:ListTagsForResource") {
        Ok(answer) => Ok(tags::collect(answer.tags().iter().map(|tag| (tag.key(), tag.value())))),
        Err(failure) if failure.class == Class::Absent => Ok(Tags::new()),
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

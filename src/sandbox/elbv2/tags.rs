//! Tags.

use aws_sdk_elasticloadbalancingv2::operation::add_tags::{AddTagsInput, AddTagsOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::{DescribeTagsInput, DescribeTagsOutput};
use aws_sdk_elasticloadbalancingv2::types::{Tag, TagDescription};

use super::service::invalid;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::tag_rules::{self, Refusals};
use crate::sandbox::world::{Simulated, Tags};

const REFUSALS: Refusals = Refusals { invalid: "ValidationError", too_many: "TooManyTags" };

/// The tags that are there, with those of a call added.
pub(super) fn read(present: &Tags, added: &[Tag]) -> Result<Tags, ApiError> {
    tag_rules::merged(present, added.iter().map(|tag| (tag.key(), tag.value())), &REFUSALS)
}

/// Each service names what it does not find in its own way (API reference, DescribeTags, "Errors").
fn absent(arn: &str) -> ApiError {
    let code = match arn {
        arn if arn.contains(":targetgroup/") => "TargetGroupNotFound",
        arn if arn.contains(":listener-rule/") => "RuleNotFound",
        arn if arn.contains(":listener/") => "ListenerNotFound",
        _ => "LoadBalancerNotFound",
    };
    ApiError::new(code, format!("'{arn}' not found"))
}

/// AddTags.
pub(super) fn add(call: &mut Call<'_>, input: &AddTagsInput) -> Result<AddTagsOutput, ApiError> {
    let place = call.place().clone();
    for arn in input.resource_arns() {
        let present = call.world.elbv2.tags_by_arn(&place, arn).ok_or_else(|| absent(arn))?;
        *present = read(present, input.tags())?;
    }
    Ok(AddTagsOutput::builder().build())
}

/// DescribeTags: at most twenty ARNs.
pub(super) fn describe(call: &mut Call<'_>, input: &DescribeTagsInput) -> Result<DescribeTagsOutput, ApiError> {
    if input.resource_arns().len() > 20 {
        return Err(invalid("Cannot describe tags for more than 20 resources at a time"));
    }
    let place = call.place().clone();
    let items = call.world.elbv2.inventory(call.now, &place);
    let one = |arn: &String| {
        let item = items.iter().find(|item| item.arn == *arn).ok_or_else(|| absent(arn))?;
        let tags = item.tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build());
        Ok(TagDescription::builder().resource_arn(arn).set_tags(Some(tags.collect())).build())
    };
    let described: Vec<TagDescription> = input.resource_arns().iter().map(one).collect::<Result<_, ApiError>>()?;
    Ok(DescribeTagsOutput::builder().set_tag_descriptions(Some(described)).build())
}

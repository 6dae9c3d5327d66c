//! What all kinds of Elastic Load Balancing have in common: markers, tags, names read off ARNs, attributes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    aws::{Answer, Aws, tags},
    engine::{Class, Failure, Key, Life, Outputs, Scope, Sighting, Tags, Target},
    markers, tag_list,
};

markers! {
    /// A load balancer's ARN.
    LoadBalancerArn,
    /// A target group's ARN.
    TargetGroupArn,
    /// A listener's ARN.
    ListenerArn,
    /// A listener rule's ARN.
    ListenerRuleArn,
    /// What CloudWatch calls a load balancer: `app/name/id` (Elastic Load Balancing user guide, "CloudWatch metrics").
    LoadBalancerDimension,
    /// What CloudWatch calls a target group: `targetgroup/name/id`.
    TargetGroupDimension,
    /// A DNS name.
    DnsName,
    /// The value of an attribute of a load balancer.
    AttributeValue,
}

/// DescribeTags takes that many ARNs (Elastic Load Balancing API reference, DescribeTags).
const TAGGED_AT_ONCE: usize = 20;

/// The largest page of a Describe call (Elastic Load Balancing API reference, DescribeTargetGroups).
pub const PAGE: i32 = 400;

/// Something that was found, before it is known whose it is.
pub struct Found {
    /// Its ARN.
    pub arn: String,
    /// Its name, where the kind has names.
    pub name: Option<String>,
    /// Else the name of the target whose place it takes: what it is called where it has no tag `Name`.
    pub place: Option<String>,
    /// What it gives to others.
    pub outputs: Outputs,
    /// Its settings.
    pub observed: Map<String, Value>,
    /// How it fares.
    pub life: Life,
}

/// Gives what was found its keys and tags, and drops what is none of ours.
///
/// # Errors
/// The calls' own.
pub async fn identify(aws: &Aws, scope: &Scope<'_>, kind: &str, found: Vec<Found>) -> Result<Vec<Sighting>, Failure> {
    let mut tags = tags_of(aws, scope, found.iter().map(|one| one.arn.as_str())).await?;
    let sighting = |one: Found| {
        let tags = tags.remove(&one.arn).unwrap_or_default();
        let tagged = Some(tags::name_of(&tags)).filter(|name| !name.is_empty());
        let name = one.name.or(tagged).or(one.place).unwrap_or_default();
        let seen = Sighting {
            key: Key::new(kind, "?"),
            name,
            id: one.arn,
            outputs: one.outputs,
            observed: one.observed,
            tags: None,
            life: one.life,
        };
        tags::identify(scope, seen, &tags)
    };
    Ok(found.into_iter().filter_map(sighting).collect())
}

/// The tags of each ARN: as the tag search showed them, and asked for where it did not.
async fn tags_of(
    aws: &Aws,
    scope: &Scope<'_>,
    arns: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, Tags>, Failure> {
    let hits: BTreeMap<&str, &Tags> =
        scope.tagged_with(":elasticloadbalancing:").map(|hit| (hit.arn.as_str(), &hit.tags)).collect();
    let (known, unknown): (Vec<&str>, Vec<&str>) = arns.partition(|arn| hits.contains_key(arn));
    let mut all: BTreeMap<String, Tags> = known.into_iter().map(|arn| (arn.to_owned(), hits[arn].clone())).collect();
    for chunk in unknown.chunks(TAGGED_AT_ONCE) {
        let arns = Some(chunk.iter().map(|arn| (*arn).to_owned()).collect());
        let answer =
            aws.elb.describe_tags().set_resource_arns(arns).send().await.of("elasticloadbalancing:DescribeTags")?;
        for description in answer.tag_descriptions() {
            let tags = tags::collect(description.tags().iter().map(|tag| (tag.key(), tag.value())));
            all.extend(description.resource_arn().map(|arn| (arn.to_owned(), tags)));
        }
    }
    Ok(all)
}

/// Whether something of that ARN and name is looked for: by recorded id, by name, or by what the tag search showed.
pub fn is_wanted(scope: &Scope<'_>, arn: &str, name: &str) -> bool {
    scope.by_id(arn).is_some()
        || scope.by_name(name).is_some()
        || (scope.sweep && scope.tagged.iter().any(|hit| hit.arn == arn))
}

/// Sets tags.
///
/// # Errors
/// The call's own.
pub async fn tag(aws: &Aws, arn: &str, tags: &Tags) -> Result<(), Failure> {
    let tags = tag_list!(aws_sdk_elasticloadbalancingv2, tags);
    let call = aws.elb.add_tags().resource_arns(arn).set_tags(Some(tags));
    call.send().await.of("elasticloadbalancing:AddTags")?;
    Ok(())
}

/// Turns "not found" into nothing.
///
/// # Errors
/// Any other failure.
pub fn found<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.class == Class::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What CloudWatch calls the thing with this ARN: `app/name/id`, `targetgroup/name/id`.
pub fn dimension(arn: &str) -> &str {
    let resource = arn.rsplit(':').next().unwrap_or(arn);
    resource.strip_prefix("loadbalancer/").unwrap_or(resource)
}

/// The ARN of what a listener (`…:listener/app/name/id/id`) or a rule (`…:listener-rule/app/name/id/id/id`) belongs to.
pub fn parent(arn: &str) -> Option<String> {
    let (parent, _) = arn.rsplit_once('/')?;
    if arn.contains(":listener-rule/") {
        Some(parent.replacen(":listener-rule/", ":listener/", 1))
    } else if arn.contains(":listener/") {
        Some(parent.replacen(":listener/", ":loadbalancer/", 1))
    } else {
        None
    }
}

/// The ARNs of the parents that things of a kind may hang on: those that the specifications name in `field`, those of recorded ids
/// and, in a sweep, those of what the tag search showed (whose ARN holds `part`).
pub fn parents(scope: &Scope<'_>, field: &str, part: &str) -> std::collections::BTreeSet<String> {
    let of_target = |target: &Target| {
        let recorded = target.id.as_deref().and_then(parent);
        [target.text(field).map(str::to_owned), recorded].into_iter().flatten()
    };
    let hits = scope.tagged_with(part).filter(|_| scope.sweep).filter_map(|hit| parent(&hit.arn));
    scope.targets.iter().flat_map(of_target).chain(hits).collect()
}

/// Those of all attributes that a specification names, so that only these are compared.
pub fn wanted_attributes<'a>(
    target: &Target,
    attributes: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Value {
    let wanted = target.spec.get("attributes").and_then(Value::as_object);
    let is_wanted = |key: &str| wanted.is_some_and(|wanted| wanted.contains_key(key));
    let sorted: BTreeMap<&str, &str> = attributes
        .filter_map(|(key, value)| Some((key.filter(|key| is_wanted(key))?, value.unwrap_or_default())))
        .collect();
    serde_json::json!(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_off_arns() {
        let arn = |resource: &str| format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:{resource}");
        assert_eq!(dimension(&arn("loadbalancer/app/alb-dev/1a")), "app/alb-dev/1a");
        assert_eq!(dimension(&arn("targetgroup/tg-a-blue-dev/2b")), "targetgroup/tg-a-blue-dev/2b");
        let rule = arn("listener-rule/app/alb-dev/1a/2b/3c");
        let listener = arn("listener/app/alb-dev/1a/2b");
        assert_eq!(parent(&rule).as_deref(), Some(&*listener));
        assert_eq!(parent(&listener), Some(arn("loadbalancer/app/alb-dev/1a")));
        assert_eq!(parent(&arn("loadbalancer/app/alb-dev/1a")), None);
    }
}

//! What all kinds of EC2 resources have in common: looking by tag, tag specifications, outputs, absence, blockers.

use std::{collections::BTreeSet, future::Future, sync::Arc};

use aws_sdk_ec2::types::{Filter, NetworkInterface, ResourceType, Tag, TagSpecification, UnsuccessfulItem};
use serde_json::{Map, Value};

use crate::{
    aws::{Answer, Aws, classify, tags},
    engine::{
        Class, Failure, Key, Life, Outputs, Scope, Sighting, Tags,
        environment::{TAG_ENVIRONMENT, TAG_KEY},
    },
    markers, tag_list,
};

markers! {
    /// A VPC's id.
    VpcId,
    /// A subnet's id.
    SubnetId,
    /// A security group's id.
    SecurityGroupId,
    /// A security group rule's id.
    SecurityGroupRuleId,
    /// A route table's id.
    RouteTableId,
    /// An Internet gateway's id.
    InternetGatewayId,
    /// An Elastic IP's allocation id.
    AllocationId,
    /// A public IPv4 address.
    PublicAddress,
    /// A NAT gateway's id.
    NatGatewayId,
    /// A managed prefix list's id.
    PrefixListId,
}

/// The values that one filter may have (EC2 User Guide, "List and filter your resources").
pub const FILTER_VALUES: usize = 200;

/// The tags of a create call.
pub fn specification(kind: ResourceType, tags: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(tag_list!(aws_sdk_ec2, tags))).build()
}

/// Filters for everything that platformctl made for an environment of that suffix.
pub fn ours(suffix: &str) -> [Filter; 2] {
    [environment(suffix), filter("tag-key", [TAG_KEY])]
}

/// Filter for everything that is tagged with an environment of that suffix.
pub fn environment(suffix: &str) -> Filter {
    filter(&format!("tag:{TAG_ENVIRONMENT}"), [suffix])
}

/// One filter.
pub fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(str::to_owned).collect())).build()
}

/// Looks for all of one kind: `by_tag` finds the whole environment at once; what is recorded and didn't show, because somebody
/// took its tags away, is asked for by id. An id filter, unlike a list of ids, doesn't fail for what is gone.
///
/// # Errors
/// Those of `describe`.
pub async fn seek<T, F>(
    scope: &Scope<'_>,
    by_tag: Vec<Filter>,
    id_filter: &str,
    id: impl Fn(&T) -> Option<&str>,
    describe: impl Fn(Vec<Filter>) -> F,
) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    if scope.targets.is_empty() && !scope.sweep {
        return Ok(Vec::new());
    }
    let found = describe(by_tag).await?;
    complete(scope, found, id_filter, id, describe).await
}

/// Adds to what was found what is recorded and not among it.
///
/// # Errors
/// Those of `describe`.
pub async fn complete<T, F>(
    scope: &Scope<'_>,
    mut found: Vec<T>,
    id_filter: &str,
    id: impl Fn(&T) -> Option<&str>,
    describe: impl Fn(Vec<Filter>) -> F,
) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let seen: BTreeSet<String> = found.iter().filter_map(&id).map(str::to_owned).collect();
    let recorded = scope.targets.iter().filter_map(|target| target.id.as_deref());
    let missing: BTreeSet<&str> = recorded.filter(|id| !seen.contains(*id)).collect();
    for ids in missing.into_iter().collect::<Vec<_>>().chunks(FILTER_VALUES) {
        found.extend(describe(vec![filter(id_filter, ids.iter().copied())]).await?);
    }
    Ok(found)
}

/// The values of a field that all targets have; `None` where one of them has none yet, or where what nobody knows is looked for, too.
pub fn known<'a>(scope: &'a Scope<'_>, field: &str) -> Option<BTreeSet<&'a str>> {
    let values: Option<BTreeSet<&str>> = scope.targets.iter().map(|target| target.text(field)).collect();
    values.filter(|values| !scope.sweep && !values.is_empty())
}

/// A describe call by the values of one filter, in as few calls as EC2 allows, and once in a survey.
///
/// # Errors
/// Those of `describe`.
pub async fn once_by<'a, T, F>(
    scope: &Scope<'_>,
    operation: &str,
    name: &str,
    values: impl IntoIterator<Item = &'a str>,
    describe: impl Fn(Vec<Filter>) -> F,
) -> Result<Arc<Vec<T>>, Failure>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let values: Vec<&str> = values.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let ask = || async {
        let mut found = Vec::new();
        for some in values.chunks(FILTER_VALUES) {
            found.extend(describe(vec![filter(name, some.iter().copied())]).await?);
        }
        Ok(found)
    };
    scope.answers.once(&format!("{operation} {name}={}", values.join(",")), ask).await
}

/// Tags as EC2 gives them.
pub fn read_tags(list: &[Tag]) -> Tags {
    tags::collect(list.iter().map(|tag| (tag.key(), tag.value())))
}

/// True where a thing's tags give it a key.
pub fn has_key(list: &[Tag]) -> bool {
    list.iter().any(|tag| tag.key() == Some(TAG_KEY))
}

/// The outputs of a kind that gives nothing but its id.
pub fn outputs(id: &str) -> Outputs {
    Outputs::from([("id".to_owned(), id.to_owned())])
}

/// Observed fields.
pub fn observed<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a describe call says about one resource.
pub struct Seen<'a> {
    /// Its id.
    pub id: Option<&'a str>,
    /// Its tags.
    pub tags: &'a [Tag],
    /// What it gives to others besides its id.
    pub outputs: Outputs,
    /// Its settings.
    pub observed: Map<String, Value>,
    /// How it fares.
    pub life: Life,
}

impl Seen<'_> {
    /// The sighting, where it is of this environment.
    pub fn sighting(self, scope: &Scope<'_>, kind: &str) -> Option<Sighting> {
        let tags = read_tags(self.tags);
        let name = tags::name_of(&tags);
        self.named(scope, kind, name)
    }

    /// The sighting of something that EC2 knows by a name of its own.
    pub fn named(self, scope: &Scope<'_>, kind: &str, name: String) -> Option<Sighting> {
        let id = self.id?;
        let tags = read_tags(self.tags);
        let mut outputs = outputs(id);
        outputs.extend(self.outputs);
        let seen = Sighting {
            key: Key::new(kind, "?"),
            name,
            id: id.to_owned(),
            outputs,
            observed: self.observed,
            tags: None,
            life: self.life,
        };
        tags::identify(scope, seen, &tags)
    }
}

/// Sets tags by id.
///
/// # Errors
/// The call's own.
pub async fn tag(aws: &Aws, id: &str, tags: &Tags) -> Result<(), Failure> {
    aws.ec2
        .create_tags()
        .resources(id)
        .set_tags(Some(tag_list!(aws_sdk_ec2, tags)))
        .send()
        .await
        .of("ec2:CreateTags")?;
    Ok(())
}

/// Absence as a value. A describe by id answers it for what is gone, and for a second or two for what was just made (EC2
/// developer guide, "Eventual consistency").
///
/// # Errors
/// Every other failure.
pub fn if_there<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.class == Class::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Absence of what is known to exist: it was made a moment ago and isn't visible everywhere yet.
///
/// # Errors
/// The failure, as [`Class::Settling`] where it was [`Class::Absent`].
pub fn settling<T>(result: Result<T, Failure>) -> Result<T, Failure> {
    result.map_err(|failure| match failure.class {
        Class::Absent => Failure { class: Class::Settling, ..failure },
        _ => failure,
    })
}

/// The first refusal of a call that answers 200 and lists what it refused.
///
/// # Errors
/// That refusal.
pub fn unsuccessful(operation: &'static str, items: &[UnsuccessfulItem]) -> Result<(), Failure> {
    let Some(error) = items.iter().find_map(|item| item.error()) else { return Ok(()) };
    let (code, message) = (error.code().unwrap_or_default(), error.message().unwrap_or_default());
    let class = classify::by_code(operation, code, message);
    Err(Failure {
        operation: operation.to_owned(),
        code: Some(code.to_owned()),
        remedy: classify::remedy(class, operation, message),
        ..Failure::new(class, message)
    })
}

/// The network interfaces that a filter finds.
///
/// # Errors
/// The call's own.
pub async fn interfaces(aws: &Aws, name: &str, value: &str) -> Result<Vec<NetworkInterface>, Failure> {
    aws.ec2
        .describe_network_interfaces()
        .filters(filter(name, [value]))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await
        .of("ec2:DescribeNetworkInterfaces")
}

/// A network interface for people: what keeps a subnet, a group or a VPC from being deleted.
pub fn describe_interface(interface: &NetworkInterface) -> String {
    let id = interface.network_interface_id().unwrap_or_default();
    let owner = interface.requester_id().unwrap_or("this account");
    let of = interface.description().filter(|text| !text.is_empty()).unwrap_or(owner);
    format!("network interface {id} of {of}")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_sdk_ec2::types::UnsuccessfulItemError;

    use super::*;
    use crate::engine::Target;

    fn target(id: Option<&str>) -> Target {
        let key = Key::new("subnet", "a");
        let (name, id) = ("subnet-a-dev".to_owned(), id.map(str::to_owned));
        Target { key, name, id, recorded: Outputs::new(), spec: Value::Null }
    }

    /// What `seek` finds where the tag search gives `subnet-1` only, and the filters that it asked with.
    async fn sought(targets: &[Target], sweep: bool) -> (Vec<String>, Vec<String>) {
        let scope = Scope {
            suffix: "dev",
            environment_id: None,
            targets,
            tagged: &[],
            sweep,
            answers: &crate::engine::Answers::default(),
        };
        let asked = Mutex::new(Vec::new());
        let found = seek(
            &scope,
            ours("dev").into(),
            "subnet-id",
            |id: &String| Some(id),
            |filters| {
                let name = filters[0].name().unwrap_or_default().to_owned();
                let found =
                    if name == "subnet-id" { filters[0].values().to_vec() } else { vec!["subnet-1".to_owned()] };
                asked.lock().expect("nobody panics with it").push(name);
                async move { Ok(found) }
            },
        );
        (found.await.expect("no call fails"), asked.into_inner().expect("nobody panics with it"))
    }

    #[tokio::test]
    async fn one_call_finds_the_environment_and_another_what_lost_its_tags() {
        assert_eq!(sought(&[], false).await, (vec![], vec![]));
        assert_eq!(sought(&[], true).await.1, ["tag:Environment"]);
        assert_eq!(sought(&[target(None), target(Some("subnet-1"))], false).await.1, ["tag:Environment"]);
        let (found, asked) = sought(&[target(Some("subnet-1")), target(Some("subnet-2"))], false).await;
        assert_eq!((found, asked.len()), (vec!["subnet-1".to_owned(), "subnet-2".to_owned()], 2));
    }

    #[test]
    fn a_refusal_in_a_list_is_a_failure_like_any_other() {
        assert!(unsuccessful("ec2:DeleteFlowLogs", &[]).is_ok());
        let error = UnsuccessfulItemError::builder().code("InvalidFlowLogId.NotFound").message("gone").build();
        let items = [UnsuccessfulItem::builder().error(error).build()];
        let failure = unsuccessful("ec2:DeleteFlowLogs", &items).expect_err("one was refused");
        assert_eq!((failure.class, failure.operation.as_str()), (Class::Absent, "ec2:DeleteFlowLogs"));
        assert_eq!(settling::<()>(Err(failure.clone())).expect_err("it stays").class, Class::Settling);
        assert!(if_there::<()>(Err(failure)).expect("absence is a value").is_none());
    }
}

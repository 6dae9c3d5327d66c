//! Prefix lists: those that AWS keeps for the services with gateway endpoints.

use aws_sdk_ec2::operation::describe_managed_prefix_lists::{
    DescribeManagedPrefixListsInput, DescribeManagedPrefixListsOutput,
};
use aws_sdk_ec2::operation::describe_prefix_lists::{DescribePrefixListsInput, DescribePrefixListsOutput};
use aws_sdk_ec2::types::{self, ManagedPrefixList};
use sha2::{Digest, Sha256};

use super::filters::Filters;
use super::record;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Services with a gateway endpoint, and a range of theirs. VPC User Guide, "Gateway endpoints".
const SERVICES: [(&str, &str); 2] = [("s3", "52.216.0.0/15"), ("dynamodb", "52.94.0.0/22")];

struct PrefixList {
    id: String,
    name: String,
    cidr: &'static str,
}

fn prefix_lists(region: &str) -> Vec<PrefixList> {
    let list = |(service, cidr)| PrefixList {
        id: id_of(region, service),
        name: format!("com.amazonaws.{region}.{service}"),
        cidr,
    };
    SERVICES.into_iter().map(list).collect()
}

/// The id of a service's prefix list: not the same in any two regions.
fn id_of(region: &str, service: &str) -> String {
    let digest = Sha256::digest(format!("{region}/{service}"));
    format!("pl-{}", digest[..4].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// The prefix list of a gateway endpoint's service, by the service's full name.
pub(super) fn of_service(region: &str, service_name: &str) -> Option<String> {
    prefix_lists(region).into_iter().find(|list| list.name == service_name).map(|list| list.id)
}

/// Refuses a prefix list that does not exist.
pub(super) fn check(region: &str, id: &str) -> Result<(), ApiError> {
    if prefix_lists(region).iter().any(|list| list.id == id) { Ok(()) } else { Err(not_found(id)) }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new("InvalidPrefixListID.NotFound", format!("The prefix list ID '{id}' does not exist"))
}

/// The lists asked for by ids and filters.
fn chosen(
    call: &Call<'_>,
    ids: &[String],
    filters: &[types::Filter],
    known: &[&str],
) -> Result<Vec<PrefixList>, ApiError> {
    let filters = Filters::parse(filters, known)?;
    let mut all = prefix_lists(call.region());
    if let Some(id) = ids.iter().find(|id| all.iter().all(|list| list.id != **id)) {
        return Err(not_found(id));
    }
    all.retain(|list| {
        let field = |name: &str| match name {
            "owner-id" => vec!["AWS".to_owned()],
            "prefix-list-id" => vec![list.id.clone()],
            _ => vec![list.name.clone()],
        };
        (ids.is_empty() || ids.contains(&list.id)) && filters.accept(&Tags::new(), field)
    });
    Ok(all)
}

pub(super) fn describe_prefix_lists(
    call: &mut Call<'_>,
    input: &DescribePrefixListsInput,
) -> Result<DescribePrefixListsOutput, ApiError> {
    let lists = chosen(call, input.prefix_list_ids(), input.filters(), &["prefix-list-id", "prefix-list-name"])?;
    let (lists, next_token) = record::page(lists, input.max_results(), input.next_token())?;
    let to_sdk = |list: PrefixList| {
        types::PrefixList::builder().prefix_list_id(list.id).prefix_list_name(list.name).cidrs(list.cidr).build()
    };
    let lists = lists.into_iter().map(to_sdk).collect();
    Ok(DescribePrefixListsOutput::builder().set_prefix_lists(Some(lists)).set_next_token(next_token).build())
}

pub(super) fn describe_managed_prefix_lists(
    call: &mut Call<'_>,
    input: &DescribeManagedPrefixListsInput,
) -> Result<DescribeManagedPrefixListsOutput, ApiError> {
    const FILTERS: &[&str] = &["owner-id", "prefix-list-id", "prefix-list-name"];
    let lists = chosen(call, input.prefix_list_ids(), input.filters(), FILTERS)?;
    let (lists, next_token) = record::page(lists, input.max_results(), input.next_token())?;
    let to_sdk = |list: PrefixList| {
        ManagedPrefixList::builder()
            .prefix_list_arn(format!("arn:aws:ec2:{}:aws:prefix-list/{}", call.region(), list.id))
            .prefix_list_id(list.id)
            .prefix_list_name(list.name)
            .address_family("IPv4")
            .owner_id("AWS")
            .state(types::PrefixListState::CreateComplete)
            .build()
    };
    let lists = lists.into_iter().map(to_sdk).collect();
    Ok(DescribeManagedPrefixListsOutput::builder().set_prefix_lists(Some(lists)).set_next_token(next_token).build())
}

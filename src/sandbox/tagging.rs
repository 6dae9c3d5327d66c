//! The Resource Groups Tagging API: finds things by tag, a little late, and goes on finding what is gone.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_resourcegroupstagging::operation::get_resources::{GetResourcesInput, GetResourcesOutput};
use aws_sdk_resourcegroupstagging::operation::tag_resources::{TagResourcesInput, TagResourcesOutput};
use aws_sdk_resourcegroupstagging::types::{ErrorCode, FailureInfo, ResourceTagMapping, Tag, TagFilter};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::clock::Moment;
use super::error::ApiError;
use super::paging;
use super::registry::{Registry, Service, operations};
use super::throttle::{Limits, Rate};
use super::world::{Item, Place, Simulated, Tags};

/// How long a deleted thing is still found (github.com/boto/boto3/issues/3341: up to hours).
const GHOST: Duration = Duration::from_secs(3600);
/// How often the index is brought up to date.
const EVERY: Duration = Duration::from_secs(1);
/// The same where nothing was changed: some things go by themselves when their time has come.
const IDLE: Duration = Duration::from_secs(30);

/// Resource Groups Tagging API reference, "Throttling": GetResources 15 per second, TagResources 5.
static TAGGING: Service = Service {
    name: "tagging",
    sdk_id: "Resource Groups Tagging API",
    limits: Limits {
        reading: Rate { burst: 15.0, per_second: 15.0 },
        changing: Rate { burst: 5.0, per_second: 5.0 },
        code: "ThrottledException",
        status: 400,
    },
};

/// What the API has come to know of.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TaggingState {
    index: BTreeMap<String, Entry>,
    updated: Moment,
    /// When it was last found up to date, and how often anything had been changed by then. Kept aside, since a state in which nothing changes
    /// must not be written.
    #[serde(skip)]
    looked: Cell<(Moment, u64)>,
    /// When the last call came: whatever is new was there by then.
    #[serde(skip)]
    called: Cell<Moment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    tags: Tags,
    since: Moment,
    gone: Option<Moment>,
}

impl Simulated for TaggingState {
    fn inventory(&self, _now: Moment, _place: &Place) -> Vec<Item> {
        Vec::new()
    }
}

/// Adds the API.
pub(in crate::sandbox) fn register(registry: &mut Registry) {
    registry.before_each_call(advance);
    operations!(registry, &TAGGING, aws_sdk_resourcegroupstagging, {
        get_resources::GetResourcesError => get_resources,
        tag_resources::TagResourcesError => tag_resources,
    });
}

fn advance(call: &mut Call<'_>) {
    let (known, changes) = (&call.world.tagging, call.world.changes());
    let before = known.called.replace(call.now);
    let (looked, then) = known.looked.get();
    let every = if changes == then { IDLE } else { EVERY };
    if call.now < known.updated + EVERY || call.now < looked + every {
        return;
    }
    known.looked.set((call.now, changes));
    let place = call.place().clone();
    // IAM is global and not covered (Resource Groups Tagging API reference, "Services that support the API").
    let alive: BTreeMap<String, Tags> = call
        .world
        .inventory(call.now, &place)
        .into_iter()
        .filter(|item| !item.kind.starts_with("iam:") && !item.tags.is_empty())
        .map(|item| (item.arn, item.tags))
        .collect();
    let known = &call.world.tagging.index;
    let same = known.iter().all(|(arn, entry)| match alive.get(arn) {
        Some(tags) => entry.gone.is_none() && entry.tags == *tags,
        None => entry.gone.is_some_and(|gone| call.now < gone + GHOST),
    });
    if same && alive.keys().all(|arn| known.contains_key(arn)) {
        return;
    }
    let now = call.now;
    let since = if before == Moment::default() { now } else { before };
    let state = &mut *call.world.tagging;
    state.updated = now;
    for (arn, entry) in &mut state.index {
        if !alive.contains_key(arn) && entry.gone.is_none() {
            entry.gone = Some(now);
        }
    }
    state.index.retain(|_, entry| entry.gone.is_none_or(|gone| now < gone + GHOST));
    for (arn, tags) in alive {
        let entry = state.index.entry(arn).or_insert(Entry { tags: Tags::new(), since, gone: None });
        if entry.gone.take().is_some() {
            entry.since = since;
        }
        entry.tags = tags;
    }
}

fn get_resources(call: &mut Call<'_>, input: &GetResourcesInput) -> Result<GetResourcesOutput, ApiError> {
    let size = input.resources_per_page.unwrap_or(50);
    if !(1..=100).contains(&size) {
        return Err(invalid("ResourcesPerPage must be between 1 and 100"));
    }
    let filters = input.tag_filters.as_deref().unwrap_or_default();
    let late = call.durations().tag_search;
    let hits: Vec<ResourceTagMapping> = call
        .world
        .tagging
        .index
        .iter()
        .filter(|(_, entry)| call.now >= entry.since + late && filters.iter().all(|filter| passes(filter, &entry.tags)))
        .map(|(arn, entry)| mapping(arn, &entry.tags))
        .collect();
    let token = input.pagination_token.as_deref().filter(|token| !token.is_empty());
    let (page, next) = paging::page(hits, usize::try_from(size).unwrap_or(50), token).ok_or_else(|| {
        ApiError::new("PaginationTokenExpiredException", "A PaginationToken is valid for a maximum of 15 minutes.")
    })?;
    // An empty token marks the last page (API reference, GetResources, "PaginationToken").
    Ok(GetResourcesOutput::builder()
        .set_resource_tag_mapping_list(Some(page))
        .pagination_token(next.unwrap_or_default())
        .build())
}

fn passes(filter: &TagFilter, tags: &Tags) -> bool {
    let Some(value) = filter.key.as_ref().and_then(|key| tags.get(key)) else { return false };
    let values = filter.values.as_deref().unwrap_or_default();
    values.is_empty() || values.contains(value)
}

fn mapping(arn: &str, tags: &Tags) -> ResourceTagMapping {
    // Neither key nor value is missing, so building can't fail.
    let tags = tags.iter().flat_map(|(key, value)| Tag::builder().key(key).value(value).build());
    ResourceTagMapping::builder().resource_arn(arn).set_tags(Some(tags.collect())).build()
}

fn tag_resources(call: &mut Call<'_>, input: &TagResourcesInput) -> Result<TagResourcesOutput, ApiError> {
    let arns = input.resource_arn_list.as_deref().unwrap_or_default();
    let tags: Tags = input.tags.clone().unwrap_or_default().into_iter().collect();
    if arns.is_empty() || arns.len() > 20 {
        return Err(invalid("ResourceARNList must hold 1 to 20 ARNs"));
    }
    if tags.is_empty() || tags.len() > 50 || tags.keys().any(|key| key.starts_with("aws:")) {
        return Err(invalid("Tags must hold 1 to 50 tags, none of them of AWS's own"));
    }
    let (now, place) = (call.now, call.place().clone());
    let mut output = TagResourcesOutput::builder();
    for arn in arns {
        if let Some(have) = call.world.tags_by_arn(arn, now, &place) {
            have.extend(tags.clone());
        } else {
            let info = FailureInfo::builder()
                .status_code(400)
                .error_code(ErrorCode::InvalidParameterException)
                .error_message("The resource does not exist or can't be tagged by this API");
            output = output.failed_resources_map(arn, info.build());
        }
    }
    Ok(output.build())
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

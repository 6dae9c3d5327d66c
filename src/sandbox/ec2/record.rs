//! What all things of EC2 have in common: an id, tags, a time of birth, and being described by ids or filters.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::Filter;
use serde::{Deserialize, Serialize};

use super::filters::Filters;
use super::state::Ec2State;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::world::Tags;

/// The pages of EC2 hold at most that many. EC2 API reference, "Pagination".
const LARGEST_PAGE: i32 = 1000;
/// And a caller may ask for no fewer.
const SMALLEST_PAGE: i32 = 5;

/// What every thing has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Meta {
    /// `vpc-0123456789abcdef0`.
    pub id: String,
    /// When it was made.
    pub created_at: Moment,
    /// Its tags.
    pub tags: Tags,
}

impl Meta {
    /// A thing that is made now.
    pub fn new(call: &mut Call<'_>, kind: &Kind, tags: Tags) -> Self {
        Self { id: call.id(kind.prefix), created_at: call.now, tags }
    }
}

/// How a kind of thing is named in ids, tags and errors. EC2 API reference, "Error codes".
#[derive(Debug)]
pub struct Kind {
    /// Of ids: `vpc`.
    pub prefix: &'static str,
    /// As in tag specifications: `vpc`.
    pub resource_type: &'static str,
    /// As the tagging API writes it: `ec2:vpc`.
    pub item: &'static str,
    /// As in messages: `vpc ID`.
    pub noun: &'static str,
    /// Error code for an id that does not exist.
    pub not_found: &'static str,
    /// Error code for an id that is none.
    pub malformed: &'static str,
}

impl Kind {
    /// The error for an id that does not exist.
    pub fn not_found(&self, id: &str) -> ApiError {
        ApiError::new(self.not_found, format!("The {} '{id}' does not exist", self.noun))
    }

    /// Refuses what cannot be an id of this kind.
    pub fn check(&self, id: &str) -> Result<(), ApiError> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let well_formed = matches!(digits.len(), 8 | 17) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if well_formed { Ok(()) } else { Err(ApiError::new(self.malformed, format!("Invalid id: \"{id}\""))) }
    }
}

/// A thing of EC2.
pub(in crate::sandbox) trait Record {
    /// Its kind.
    const KIND: Kind;
    /// The names of the filters that its Describe call knows, besides those for tags.
    const FILTERS: &'static [&'static str];
    /// What all things have.
    fn meta(&self) -> &Meta;
    /// The same, to change its tags.
    fn meta_mut(&mut self) -> &mut Meta;
    /// The values that a filter compares with.
    fn values(&self, filter: &str, view: &View<'_>) -> Vec<String>;
}

/// What the fields of one thing may depend on: the others, and the time.
pub(in crate::sandbox) struct View<'a> {
    /// All of EC2.
    pub ec2: &'a Ec2State,
    /// The account.
    pub account: &'a str,
    /// The region.
    pub region: &'a str,
    /// Simulated now.
    pub now: Moment,
    /// How long things take.
    pub durations: &'a crate::sandbox::Durations,
}

impl<'a> View<'a> {
    /// As this call sees it.
    pub fn of(call: &'a Call<'_>) -> Self {
        Self {
            ec2: &call.world.ec2,
            account: call.account(),
            region: call.region(),
            now: call.now,
            durations: call.durations(),
        }
    }
}

/// Finds a thing by its id, for a call that is about to change it.
pub(super) fn find<'a, R: Record>(table: &'a BTreeMap<String, R>, id: &str) -> Result<&'a R, ApiError> {
    R::KIND.check(id)?;
    table.get(id).ok_or_else(|| R::KIND.not_found(id))
}

/// The same, to change it.
pub(super) fn find_mut<'a, R: Record>(table: &'a mut BTreeMap<String, R>, id: &str) -> Result<&'a mut R, ApiError> {
    R::KIND.check(id)?;
    table.get_mut(id).ok_or_else(|| R::KIND.not_found(id))
}

/// What a Describe call asks for.
pub(super) struct Query<'a> {
    pub(super) ids: &'a [String],
    pub(super) filters: &'a [Filter],
    pub(super) max_results: Option<i32>,
    pub(super) next_token: Option<&'a str>,
}

/// What the input of a Describe call asks for: `query!(input, vpc_ids, filters)`.
macro_rules! query {
    ($input:expr, $ids:ident, $filters:ident) => {
        $crate::sandbox::ec2::record::Query {
            ids: $input.$ids(),
            filters: $input.$filters(),
            max_results: $input.max_results(),
            next_token: $input.next_token(),
        }
    };
}
pub(super) use query;

/// The part of [`Record`] that is the same for all.
macro_rules! has_meta {
    () => {
        fn meta(&self) -> &$crate::sandbox::ec2::record::Meta {
            &self.meta
        }

        fn meta_mut(&mut self) -> &mut $crate::sandbox::ec2::record::Meta {
            &mut self.meta
        }
    };
}
pub(super) use has_meta;

/// Answers a Describe call: one page of the things asked for.
pub(super) fn describe<'a, R: Record>(
    call: &Call<'_>,
    table: &'a BTreeMap<String, R>,
    query: &Query<'_>,
) -> Result<(Vec<&'a R>, Option<String>), ApiError> {
    let filters = Filters::parse(query.filters, R::FILTERS)?;
    if !query.ids.is_empty() && query.max_results.is_some() {
        let message = "The parameter MaxResults cannot be used with a list of IDs.";
        return Err(ApiError::new("InvalidParameterCombination", message));
    }
    let view = View::of(call);
    let visible = |record: &&'a R| call.visible(record.meta().created_at);
    let chosen: Vec<&R> = match query.ids {
        [] => table.values().filter(visible).collect(),
        ids => ids
            .iter()
            .map(|id| {
                find(table, id).and_then(|found| Some(found).filter(visible).ok_or_else(|| R::KIND.not_found(id)))
            })
            .collect::<Result<_, _>>()?,
    };
    let matching = chosen
        .into_iter()
        .filter(|record| filters.accept(&record.meta().tags, |name| record.values(name, &view)))
        .collect();
    page(matching, query.max_results, query.next_token)
}

/// One page of a list, with EC2's bounds and errors.
pub(super) fn page<T>(
    items: Vec<T>,
    max_results: Option<i32>,
    next_token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = max_results.unwrap_or(LARGEST_PAGE);
    if !(SMALLEST_PAGE..=LARGEST_PAGE).contains(&size) {
        let message = format!(
            "Value ( {size} ) for parameter maxResults is invalid. Expecting a value between {SMALLEST_PAGE} and \
             {LARGEST_PAGE}."
        );
        return Err(ApiError::new("InvalidParameterValue", message));
    }
    paging::page(items, size as usize, next_token)
        .ok_or_else(|| ApiError::new("InvalidNextToken", "The specified value for NextToken is not valid."))
}

/// A parameter that must be there.
pub(super) fn required<'a, T: ?Sized>(value: Option<&'a T>, name: &str) -> Result<&'a T, ApiError> {
    value.ok_or_else(|| ApiError::new("MissingParameter", format!("The request must contain the parameter {name}")))
}

/// Refuses parameters that the simulation would have to ignore.
pub(super) fn unsupported(parameters: &[(&str, bool)]) -> Result<(), ApiError> {
    match parameters.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((name, _)) => Err(ApiError::new("UnsupportedOperation", format!("The sandbox does not simulate {name}."))),
    }
}

/// The error for a value that is not allowed.
pub(super) fn invalid(value: impl std::fmt::Display, parameter: &str, reason: &str) -> ApiError {
    ApiError::new("InvalidParameterValue", format!("Value ({value}) for parameter {parameter} is invalid. {reason}"))
}

//! What was written into log groups.

use aws_sdk_cloudwatchlogs::operation::filter_log_events::{FilterLogEventsInput, FilterLogEventsOutput};
use aws_sdk_cloudwatchlogs::operation::get_log_events::{GetLogEventsInput, GetLogEventsOutput};
use aws_sdk_cloudwatchlogs::types::{FilteredLogEvent, OutputLogEvent};

use super::groups::{invalid, missing};
use super::state::LogEvent;
use crate::sandbox::call::Call;
use crate::sandbox::clock::Moment;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;

/// CloudWatch Logs API reference, FilterLogEvents and GetLogEvents: 1 to 10,000, which is also the default.
const MOST: i32 = 10_000;

fn millis(moment: Moment) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

fn size(limit: Option<i32>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(MOST);
    if (1..=MOST).contains(&limit) {
        return Ok(limit.unsigned_abs() as usize);
    }
    Err(invalid(format!("Value '{limit}' at 'limit' must be between 1 and {MOST}")))
}

/// CloudWatch Logs User Guide, "Filter pattern syntax": a text in quotation marks, or words that all have to be there. Patterns for JSON and regular expressions
/// are not simulated.
fn holds(pattern: &str, message: &str) -> Result<bool, ApiError> {
    let pattern = pattern.trim();
    if pattern.starts_with(['{', '[', '%']) {
        return Err(ApiError::new("UnsupportedOperation", "The sandbox simulates filter patterns of words only."));
    }
    if let Some(text) = pattern.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Ok(message.contains(&text.replace("\\\"", "\"")));
    }
    Ok(pattern.split_whitespace().all(|word| message.contains(word)))
}

/// CloudWatch Logs API reference, FilterLogEvents.
pub(super) fn filter(call: &mut Call<'_>, input: &FilterLogEventsInput) -> Result<FilterLogEventsOutput, ApiError> {
    let group = input.log_group_name().unwrap_or_default();
    if !call.world.logs.groups.contains_key(group) {
        return Err(missing());
    }
    if input.log_stream_name_prefix().is_some() && !input.log_stream_names().is_empty() {
        return Err(invalid("logStreamNamePrefix and logStreamNames can't be used together."));
    }
    let (from, to) = (input.start_time().unwrap_or(i64::MIN), input.end_time().unwrap_or(i64::MAX));
    let in_stream = |event: &&LogEvent| {
        let prefix = input.log_stream_name_prefix().unwrap_or_default();
        let names = input.log_stream_names();
        event.stream.starts_with(prefix) && (names.is_empty() || names.contains(&event.stream))
    };
    let events = call.world.logs.events.get(group).map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    // Nobody reads what has not been written yet.
    let written = events.iter().filter(|event| event.at <= call.now && (from..to).contains(&millis(event.at)));
    for event in written.filter(in_stream) {
        if holds(input.filter_pattern().unwrap_or_default(), &event.message)? {
            found.push(
                FilteredLogEvent::builder()
                    .log_stream_name(&event.stream)
                    .timestamp(millis(event.at))
                    .ingestion_time(millis(event.at))
                    .message(&event.message)
                    .event_id(format!("{:056}", event.number))
                    .build(),
            );
        }
    }
    let (found, token) = paging::page(found, size(input.limit())?, input.next_token())
        .ok_or_else(|| invalid("The specified nextToken is invalid."))?;
    Ok(FilterLogEventsOutput::builder().set_events(Some(found)).set_next_token(token).build())
}

/// CloudWatch Logs API reference, GetLogEvents: the latest, unless the beginning is asked for.
pub(super) fn get(call: &mut Call<'_>, input: &GetLogEventsInput) -> Result<GetLogEventsOutput, ApiError> {
    let group = input.log_group_name().unwrap_or_default();
    if !call.world.logs.groups.contains_key(group) {
        return Err(missing());
    }
    let stream = input.log_stream_name().unwrap_or_default();
    let events = call.world.logs.events.get(group).map(Vec::as_slice).unwrap_or_default();
    let of_stream: Vec<&LogEvent> =
        events.iter().filter(|event| event.stream == stream && event.at <= call.now).collect();
    if of_stream.is_empty() {
        return Err(ApiError::new("ResourceNotFoundException", "The specified log stream does not exist."));
    }
    let size = size(input.limit())?;
    let skipped = if input.start_from_head() == Some(true) { 0 } else { of_stream.len().saturating_sub(size) };
    let shown = of_stream.into_iter().skip(skipped).take(size);
    let event =
        |event: &LogEvent| OutputLogEvent::builder().timestamp(millis(event.at)).message(&event.message).build();
    Ok(GetLogEventsOutput::builder().set_events(Some(shown.map(event).collect())).build())
}

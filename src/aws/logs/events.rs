//! What containers wrote.
//!
//! FilterLogEvents and not StartLiveTail: the same call answers for the past and, asked again and again, for now, and it knows filter patterns. A live tail costs
//! by the minute, ends after three hours, and drops lines above 500 a second (CloudWatch Logs User Guide, "CloudWatch Logs Live Tail").

use crate::{
    aws::{Answer, Aws},
    engine::Failure,
};

/// The IAM actions that `logs` needs.
pub const ACTIONS: [&str; 1] = ["logs:FilterLogEvents"];

/// Pages of one question: 10,000 lines each, so that a look never goes on for ever.
const PAGES: usize = 20;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// When it was written, in milliseconds since 1970.
    pub at: i64,
    /// CloudWatch's id of it.
    pub id: String,
    /// The log stream: `container/container/task`.
    pub stream: String,
    /// What was written.
    pub text: String,
}

/// Which lines are wanted.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The log group.
    pub group: &'a str,
    /// Streams whose names begin so.
    pub prefix: Option<&'a str>,
    /// CloudWatch's filter pattern.
    pub pattern: Option<&'a str>,
    /// From when on, in milliseconds since 1970.
    pub from: i64,
}

/// The lines, the oldest first, and whether there are more than are given.
///
/// # Errors
/// The call's own: a group that isn't there, or a pattern that CloudWatch can't read.
pub async fn read(aws: &Aws, question: &Question<'_>) -> Result<(Vec<Line>, bool), Failure> {
    let (mut lines, mut token): (Vec<Line>, Option<String>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let call = aws.logs.filter_log_events().log_group_name(question.group).start_time(question.from);
        let call = call
            .set_log_stream_name_prefix(question.prefix.map(str::to_owned))
            .set_filter_pattern(question.pattern.map(str::to_owned))
            .set_next_token(token);
        let page = call.send().await.of("logs:FilterLogEvents")?;
        lines.extend(page.events().iter().map(|event| Line {
            at: event.timestamp().unwrap_or_default(),
            id: event.event_id().unwrap_or_default().to_owned(),
            stream: event.log_stream_name().unwrap_or_default().to_owned(),
            text: event.message().unwrap_or_default().to_owned(),
        }));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    lines.sort();
    Ok((lines, token.is_some()))
}

//! Times as AWS gives them.

use aws_smithy_types::{DateTime, date_time::Format};

/// As RFC 3339; `None` where AWS gave none, or one beyond the calendar.
pub(super) fn rfc3339(time: Option<&DateTime>) -> Option<String> {
    time.and_then(|time| time.fmt(Format::DateTime).ok())
}

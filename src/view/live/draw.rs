//! The live view as lines: as much as the terminal has room for.

use console::measure_text_width;
use tokio::time::Instant;

use super::{
    super::{
        Paint,
        paint::sign,
        text::{count, duration, pad, shorten},
    },
    model::{Model, Row},
};
use crate::engine::Chapter;

/// Columns that a chapter's title takes.
const TITLE: usize = 14;
/// Widest column of keys.
const WIDEST: usize = 36;

impl Model {
    /// Draws into a terminal of `rows` and `columns`.
    pub fn draw(&self, paint: Paint, (rows, columns): (usize, usize), now: Instant) -> Vec<String> {
        let width = columns.saturating_sub(1).max(20);
        // The cursor stands below the last line.
        let room = rows.saturating_sub(2).max(3);
        let busy: Vec<Chapter> = self.chapters.iter().copied().filter(|&chapter| self.is_busy(chapter)).collect();
        let fits = |chapters: &[Chapter]| chapters.len() + self.rows.len() + self.failures.len() <= room;
        let shown = if fits(&self.chapters) { &self.chapters } else { &busy };
        let per_chapter =
            if fits(shown) { usize::MAX } else { room.saturating_sub(shown.len() * 2) / shown.len().max(1) };
        let mut lines = Vec::new();
        for &chapter in shown {
            lines.push(self.title(paint, chapter));
            lines.extend(self.body(paint, chapter, per_chapter, width, now));
        }
        // A terminal that is too low even so shows the end.
        let excess = lines.len().saturating_sub(room);
        lines.drain(..excess);
        lines.push(self.footer(paint, now));
        lines.iter().map(|line| shorten(line, width)).collect()
    }

    fn is_busy(&self, chapter: Chapter) -> bool {
        self.rows.values().any(|(at, _)| *at == chapter) || self.failures.values().any(|(at, ..)| *at == chapter)
    }

    fn title(&self, paint: Paint, chapter: Chapter) -> String {
        let tally = self.counts.get(&chapter);
        let (done, total) = tally.map_or((0, 0), |tally| (tally.done.len(), tally.total));
        let mut text = pad(chapter.title(), TITLE);
        text.push_str(&format!("{done:>3}/{total}"));
        let skipped = tally.map_or(0, |tally| tally.skipped);
        if skipped > 0 {
            text.push_str(&format!("  {skipped} not tried"));
        }
        match () {
            () if done == total => paint.green(&text),
            () if self.is_busy(chapter) => paint.bold(&text),
            () => paint.dim(&text),
        }
    }

    fn body(&self, paint: Paint, chapter: Chapter, most: usize, width: usize, now: Instant) -> Vec<String> {
        let rows: Vec<&Row> = self.rows.values().filter(|(at, _)| *at == chapter).map(|(_, row)| row).collect();
        let failures = self.failures.values().filter(|(at, ..)| *at == chapter);
        let mut lines: Vec<String> = failures
            .map(|(_, key, reason)| format!("  {} {}", paint.alarm(&format!("failed {key}:")), reason))
            .collect();
        let key_width = self.rows.values().map(|(_, row)| row.key.as_str().len()).max().unwrap_or(0).min(WIDEST);
        lines.extend(rows.iter().map(|row| row.draw(paint, key_width, width, now)));
        if lines.len() > most {
            let hidden = lines.len() - most;
            lines.truncate(most);
            lines.push(paint.dim(&format!("      … {hidden} more")));
        }
        lines
    }

    fn footer(&self, paint: Paint, now: Instant) -> String {
        let (done, total) = self.progress();
        let elapsed = duration(now.saturating_duration_since(self.begun));
        let mut text = format!("{done} of {} · {elapsed}{}", count(total, "step"), self.pace.note());
        if !self.failures.is_empty() {
            text.push_str(&format!(" · {} failed", self.failures.len()));
        }
        paint.dim(&text)
    }
}

impl Row {
    /// `  + nat-gateway/nat-a   pending   1m12s`, the time at the right edge.
    fn draw(&self, paint: Paint, key_width: usize, width: usize, now: Instant) -> String {
        let time = duration(now.saturating_duration_since(self.since));
        let sign = paint.action(self.action, &format!("{:>3}", sign(self.action)));
        let start = format!("  {sign} {}  ", pad(&shorten(self.key.as_str(), key_width), key_width));
        let room = width.saturating_sub(measure_text_width(&start) + time.len() + 2);
        format!("{start}{}  {}", pad(&shorten(&self.message, room), room), paint.dim(&time))
    }
}

//! Tables: columns of aligned text without lines between them.

use comfy_table::{Cell, Color, ColumnConstraint, ContentArrangement, Table, presets::NOTHING};
use console::measure_text_width;

use super::Paint;

/// One cell and how it is meant.
#[derive(Clone, Debug)]
pub struct Field {
    text: String,
    mood: Mood,
}

/// How a cell is meant; told by colour, never by colour alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// On its way, or worth a look.
    Odd,
    /// Not as it should be.
    Bad,
}

impl Field {
    /// A cell with a mood.
    pub fn new(text: impl Into<String>, mood: Mood) -> Self {
        Field { text: text.into(), mood }
    }
}

impl From<String> for Field {
    fn from(text: String) -> Self {
        Field::new(text, Mood::Plain)
    }
}

impl From<&str> for Field {
    fn from(text: &str) -> Self {
        Field::new(text, Mood::Plain)
    }
}

/// Lays out rows below a heading, indented by two columns, within `width`.
pub fn table(paint: Paint, width: usize, heading: &[&str], rows: Vec<Vec<Field>>) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width.max(40)).unwrap_or(u16::MAX));
    if paint.is_on() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(heading.iter().map(|title| Cell::new(title).fg(Color::DarkGrey)));
    // What a row is about is read first, and is never broken where there is room.
    let first = rows.iter().filter_map(|row| row.first()).map(|field| measure_text_width(&field.text)).max();
    let is_narrow = first.is_some_and(|first| first <= width / 3);
    for row in rows {
        table.add_row(row.into_iter().map(cell));
    }
    if let Some(column) = table.column_mut(0).filter(|_| is_narrow) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    let lines: Vec<String> = table.lines().map(|line| format!(" {}", line.trim_end())).collect();
    lines.join("\n")
}

fn cell(field: Field) -> Cell {
    let cell = Cell::new(super::text::clean(&field.text));
    match field.mood {
        Mood::Plain => cell,
        Mood::Good => cell.fg(Color::Green),
        Mood::Odd => cell.fg(Color::Yellow),
        Mood::Bad => cell.fg(Color::Red),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_plain_without_colour() {
        let rows = vec![
            vec!["payments".into(), Field::new("2/2", Mood::Good)],
            vec!["notifications".into(), Field::new("1/2", Mood::Odd)],
        ];
        let text = table(Paint::new(false), 60, &["service", "tasks"], rows);
        insta::assert_snapshot!(text, @r#"
        service        tasks
        payments       2/2
        notifications  1/2
        "#);
    }
}

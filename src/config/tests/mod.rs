//! What a person gets to see, and what must never happen.

mod accepted;
mod files;
mod refused;
mod rendered;
mod sample;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::{Config, ConfigError, parse};

/// The least that is a configuration.
const LEAST: &str = "\
[platform]
team = \"payments\"
cost_center = \"4711\"

[services.payments]
";

fn read(text: &str) -> Config {
    parse("platform.toml", text).expect("a configuration without a mistake")
}

fn refuse(text: &str) -> ConfigError {
    parse("platform.toml", text).expect_err("a configuration with a mistake")
}

/// [`LEAST`] with `lines` added to its end, that is to the service `payments` unless they begin a section.
fn with(lines: &str) -> String {
    format!("{LEAST}{lines}\n")
}

/// As a terminal of 100 columns without colour shows it, without spaces at the ends of lines.
fn render(error: &ConfigError) -> String {
    let mut text = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    handler.render_report(&mut text, error).expect("writing into a String does not fail");
    text.lines().map(|line| line.trim_end().to_string() + "\n").collect()
}

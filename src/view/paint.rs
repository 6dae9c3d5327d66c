//! Colour, or none. Nothing is told by colour alone.

use console::Style;

use crate::engine::Action;

/// Paints text where the stream takes colour, and leaves it alone elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// For a stream that takes colour or doesn't.
    pub fn new(on: bool) -> Self {
        Paint { on }
    }

    /// True where text is coloured.
    pub fn is_on(self) -> bool {
        self.on
    }

    fn with(self, style: Style, text: &str) -> String {
        style.force_styling(self.on).apply_to(text).to_string()
    }

    /// Good, new.
    pub fn green(self, text: &str) -> String {
        self.with(Style::new().green(), text)
    }

    /// Bad, gone.
    pub fn red(self, text: &str) -> String {
        self.with(Style::new().red(), text)
    }

    /// Changing.
    pub fn yellow(self, text: &str) -> String {
        self.with(Style::new().yellow(), text)
    }

    /// Commands and addresses.
    pub fn cyan(self, text: &str) -> String {
        self.with(Style::new().cyan(), text)
    }

    /// Less important.
    pub fn dim(self, text: &str) -> String {
        self.with(Style::new().dim(), text)
    }

    /// Headings.
    pub fn bold(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// `error:` and `warning:`.
    pub fn alarm(self, text: &str) -> String {
        self.with(Style::new().red().bold(), text)
    }

    /// In the colour of an action.
    pub fn action(self, action: Action, text: &str) -> String {
        match action {
            Action::Create => self.green(text),
            Action::Adopt => self.cyan(text),
            Action::Update => self.yellow(text),
            Action::Replace | Action::Delete => self.red(text),
        }
    }
}

/// The sign of an action, as plans show it.
pub fn sign(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Adopt => "=",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::Delete => "-",
    }
}

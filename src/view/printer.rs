//! The one place that decides what goes to stdout and stderr, in colour or not, and whether progress is shown.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, MutexGuard, PoisonError},
};

use console::{Term, measure_text_width};
use serde_json::Value;

use super::Paint;

/// What the command line asks for.
#[derive(Clone, Copy, Default, Debug)]
pub struct Look {
    /// JSON lines on stdout, and nothing else there.
    pub json: bool,
    /// Results and errors only.
    pub quiet: bool,
    /// Everything.
    pub verbose: bool,
    /// No colour, wherever the output goes.
    pub no_color: bool,
}

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Redrawn in place.
    Live,
    /// A line per change.
    Lines,
    /// A JSON line per event.
    Json,
    /// Not at all.
    Silent,
}

/// Rows and columns of the terminal; `None` where there is none.
type Size = Box<dyn Fn() -> Option<(usize, usize)> + Send + Sync>;

/// Where everything that is shown goes.
pub struct Printer {
    look: Look,
    out: Mutex<Box<dyn Write + Send>>,
    screen: Mutex<Screen>,
    paint_out: Paint,
    paint_err: Paint,
    manner: Manner,
    size: Size,
}

/// stderr, and the lines at its end that are redrawn in place.
struct Screen {
    stream: Box<dyn Write + Send>,
    live: Vec<String>,
}

/// Columns where there is no terminal to ask.
const COLUMNS: usize = 100;

impl Printer {
    /// The printer of this process.
    pub fn of_process(look: Look) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        // https://no-color.org: present and not empty.
        let plain = look.no_color || dumb || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let manner = match () {
            () if look.json => Manner::Json,
            () if look.quiet => Manner::Silent,
            () if err.is_terminal() && !dumb => Manner::Live,
            () => Manner::Lines,
        };
        let size = || Term::stderr().size_checked().map(|(rows, columns)| (rows.into(), columns.into()));
        Printer {
            look,
            paint_out: Paint::new(out.is_terminal() && !plain),
            paint_err: Paint::new(err.is_terminal() && !plain),
            out: Mutex::new(Box::new(out)),
            screen: Mutex::new(Screen { stream: Box::new(err), live: Vec::new() }),
            manner,
            size: Box::new(size),
        }
    }

    /// A printer onto other streams, without colour, `columns` wide.
    pub fn onto(
        look: Look,
        manner: Manner,
        (rows, columns): (usize, usize),
        out: Box<dyn Write + Send>,
        err: Box<dyn Write + Send>,
    ) -> Self {
        Printer {
            look,
            paint_out: Paint::new(false),
            paint_err: Paint::new(false),
            out: Mutex::new(out),
            screen: Mutex::new(Screen { stream: err, live: Vec::new() }),
            manner,
            size: Box::new(move || Some((rows, columns))),
        }
    }

    /// What the command line asks for.
    pub fn look(&self) -> Look {
        self.look
    }

    /// How progress is to be shown.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Colour of stdout.
    pub fn paint_out(&self) -> Paint {
        self.paint_out
    }

    /// Colour of stderr.
    pub fn paint_err(&self) -> Paint {
        self.paint_err
    }

    /// Columns that text may take.
    pub fn columns(&self) -> usize {
        (self.size)().map_or(COLUMNS, |(_, columns)| columns)
    }

    /// Rows and columns of the terminal, as it is now.
    pub fn size(&self) -> (usize, usize) {
        (self.size)().unwrap_or((24, COLUMNS))
    }

    /// A result, onto stdout. With `--json`, results are JSON lines, and this shows nothing.
    pub fn data(&self, text: &str) {
        if !self.look.json {
            self.raw(text);
        }
    }

    /// A JSON line, onto stdout, where `--json` asks for it.
    pub fn json(&self, value: &Value) {
        if self.look.json {
            self.raw(&value.to_string());
        }
    }

    /// A document that is the same with and without `--json`, onto stdout.
    pub fn raw(&self, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // A reader that has seen enough (`| head`) is no reason to stop: what is under way has to be finished and recorded.
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }

    /// What a person wants to follow, onto stderr.
    pub fn talk(&self, text: &str) {
        if !self.look.quiet && !self.look.json {
            self.tell(text);
        }
    }

    /// What only a curious person wants to follow, onto stderr.
    pub fn detail(&self, text: &str) {
        if self.look.verbose {
            self.talk(text);
        }
    }

    /// Something odd that doesn't stop the run.
    pub fn warn(&self, text: &str) {
        if self.look.json {
            self.json(&super::json::warning(text));
        } else if !self.look.quiet {
            self.tell(&format!("{} {text}", self.paint_err.yellow("warning:")));
        }
    }

    /// What a person must see whatever was asked for, onto stderr.
    pub fn tell(&self, text: &str) {
        let columns = self.size().1;
        let mut screen = self.screen();
        let live = std::mem::take(&mut screen.live);
        let block = format!("{}{text}\n{}", rewind(&live, columns), joined(&live));
        screen.write(&block);
        screen.live = live;
    }

    /// A question, without a line end, onto stderr.
    pub fn ask(&self, question: &str) {
        self.screen().write(question);
    }

    /// Draws lines in place of those that were drawn last.
    pub fn draw(&self, lines: Vec<String>) {
        let columns = self.size().1;
        let mut screen = self.screen();
        let block = format!("{}{}", rewind(&screen.live, columns), joined(&lines));
        screen.write(&block);
        screen.live = lines;
    }

    /// Leaves what was drawn where it is: what comes next goes below it.
    pub fn keep(&self) {
        self.screen().live.clear();
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Screen {
    fn write(&mut self, text: &str) {
        // As with stdout: a closed stderr stops nobody.
        let _ = self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush());
    }
}

/// Takes the cursor to the first of these lines and clears from there. A terminal that was made narrower since has wrapped them.
fn rewind(lines: &[String], columns: usize) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let rows: usize = lines.iter().map(|line| measure_text_width(line).div_ceil(columns.max(1)).max(1)).sum();
    format!("\r\x1b[{rows}A\x1b[J")
}

fn joined(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
pub mod tests {
    use std::sync::Arc;

    use super::*;

    /// What was written.
    #[derive(Clone, Default)]
    pub struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
        }
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    pub fn captured(look: Look, manner: Manner) -> (Printer, Sink, Sink) {
        let (out, err) = (Sink::default(), Sink::default());
        (Printer::onto(look, manner, (24, 20), Box::new(out.clone()), Box::new(err.clone())), out, err)
    }

    #[test]
    fn data_goes_to_stdout_and_talk_to_stderr() {
        let (printer, out, err) = captured(Look::default(), Manner::Lines);
        printer.data("data");
        printer.talk("talk");
        printer.detail("detail");
        printer.warn("odd");
        assert_eq!((out.text().as_str(), err.text().as_str()), ("data\n", "talk\nwarning: odd\n"));
    }

    #[test]
    fn quiet_keeps_data_and_errors() {
        let (printer, out, err) = captured(Look { quiet: true, ..Look::default() }, Manner::Silent);
        printer.data("data");
        printer.talk("talk");
        printer.warn("odd");
        printer.tell("error: bad");
        assert_eq!((out.text().as_str(), err.text().as_str()), ("data\n", "error: bad\n"));
    }

    #[test]
    fn json_has_stdout_to_itself() {
        let (printer, out, err) = captured(Look { json: true, ..Look::default() }, Manner::Json);
        printer.data("data");
        printer.talk("talk");
        printer.json(&serde_json::json!({"a": 1}));
        assert_eq!((out.text().as_str(), err.text().as_str()), ("{\"a\":1}\n", ""));
    }

    #[test]
    fn a_closed_pipe_stops_nobody() {
        let printer = Printer::onto(Look::default(), Manner::Live, (24, 80), Box::new(Closed), Box::new(Closed));
        printer.data("data");
        printer.talk("talk");
        printer.draw(vec!["live".to_owned()]);
    }

    #[test]
    fn what_is_told_goes_above_what_is_drawn_and_wrapped_lines_count() {
        let (printer, _, err) = captured(Look::default(), Manner::Live);
        printer.draw(vec!["a".repeat(45), "b".to_owned()]);
        printer.talk("news");
        let redrawn = format!("{0}\nb\n\r\x1b[4A\x1b[Jnews\n{0}\nb\n", "a".repeat(45));
        assert_eq!(err.text(), redrawn);
    }
}

//! Questions to a person at a terminal.

use std::io;

use tokio::sync::oneshot;

use super::{CliError, Session};

/// Asks, and goes on only with a yes. `--yes` answers it.
///
/// # Errors
/// [`CliError::Declined`] for any other answer, [`CliError::Interrupted`] for Ctrl-C.
pub async fn confirm(session: &Session, question: &str) -> Result<(), CliError> {
    if session.global.yes {
        return Ok(());
    }
    session.printer.ask(&format!("{question} [y/N] "));
    match session.unless_interrupted(line()).await {
        Ok(answer) if is_yes(&answer) => Ok(()),
        Ok(_) => Err(CliError::Declined),
        Err(error) => {
            // The cursor stands behind the question.
            session.printer.ask("\n");
            Err(error)
        }
    }
}

/// Reads a line on a thread of its own, which nobody waits for: the process can end while it still reads.
async fn line() -> Result<String, CliError> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let result = io::stdin().read_line(&mut line).map(|_| line);
        // Nobody listens any more after a Ctrl-C.
        let _ = tell.send(result);
    });
    match told.await {
        Ok(result) => result.map_err(CliError::Answer),
        Err(_) => Err(CliError::Answer(io::ErrorKind::UnexpectedEof.into())),
    }
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y\n", "yes\r\n", " Yes "].iter().all(|answer| is_yes(answer)));
        assert!(["", "\n", "no\n", "ye\n", "yes please\n"].iter().all(|answer| !is_yes(answer)));
    }
}

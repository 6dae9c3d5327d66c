//! Ctrl-C and SIGTERM: the first ends the run in good order, the second at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{ExitCode, Session};
use crate::{engine::Interrupt, view::Printer};

/// Begins to listen, inside the runtime.
///
/// # Errors
/// If the operating system lets nobody listen.
pub fn listen(session: &Session) -> io::Result<()> {
    let signals = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::spawn(answer(signals, session.interrupt.clone(), session.changing.clone(), session.printer.clone()));
    Ok(())
}

async fn answer(mut signals: (Signal, Signal), interrupt: Interrupt, changing: Arc<AtomicBool>, printer: Arc<Printer>) {
    next(&mut signals).await;
    interrupt.raise();
    if changing.load(Ordering::SeqCst) {
        printer.tell(
            "interrupted: nothing new is started, the calls in flight are finished and recorded. \
             Once more ends at once; that is safe too",
        );
    }
    next(&mut signals).await;
    printer.keep();
    printer.tell("ended at once: what was in flight is looked up by the next run");
    // Every call that may have been sent was journalled before; there is nothing to unwind.
    std::process::exit(ExitCode::Interrupted.number().into());
}

async fn next((interrupt, terminate): &mut (Signal, Signal)) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

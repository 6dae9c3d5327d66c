//! Runs the whole tool on an accelerated clock.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Builder;

/// Wall time between two moves of the clock.
const TICK: Duration = Duration::from_millis(2);
/// The clock moves in steps no longer than this, so that what waits for a short time does not oversleep.
const STEP: Duration = Duration::from_millis(10);

/// Runs `future` on a runtime of its own, whose clock runs `speed` times as fast as the wall's: the tool's waits, the
/// SDK's time-outs and the simulation's durations alike.
///
/// # Errors
/// If the runtime cannot be made.
pub fn run_paced<F: Future>(speed: f64, future: F) -> std::io::Result<F::Output> {
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    Ok(runtime.block_on(async {
        tokio::select! {
            biased;
            output = future => output,
            never = pace(speed) => match never {},
        }
    }))
}

/// Moves the paused clock with the wall's. While the blocking sleep is out, tokio does not advance the clock itself.
async fn pace(speed: f64) -> std::convert::Infallible {
    let started = std::time::Instant::now();
    let mut shown = Duration::ZERO;
    loop {
        // The sleep cannot be cancelled and does not panic; a failed join would only mean that the runtime is ending.
        let _ = tokio::task::spawn_blocking(|| std::thread::sleep(TICK)).await;
        let due = started.elapsed().mul_f64(speed);
        while shown < due {
            let step = STEP.min(due - shown);
            tokio::time::advance(step).await;
            shown += step;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::run_paced;

    #[test]
    fn an_hour_passes_in_a_fraction_of_a_second() {
        let wall = Instant::now();
        let (slept, timed_out) = run_paced(20_000.0, async {
            let start = tokio::time::Instant::now();
            tokio::time::sleep(Duration::from_secs(3600)).await;
            let slept = start.elapsed();
            let endless = std::future::pending::<()>();
            (slept, tokio::time::timeout(Duration::from_secs(60), endless).await.is_err())
        })
        .unwrap();
        let wall = wall.elapsed();
        assert!(slept >= Duration::from_secs(3600) && slept < Duration::from_secs(3601), "slept {slept:?}");
        assert!(timed_out);
        assert!(wall >= Duration::from_millis(180) && wall < Duration::from_secs(20), "took {wall:?}");
    }

    #[test]
    fn short_waits_one_after_the_other_do_not_oversleep() {
        let slept = run_paced(60.0, async {
            let start = tokio::time::Instant::now();
            for _ in 0..50 {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
            start.elapsed()
        })
        .unwrap();
        assert!(slept >= Duration::from_secs(2) && slept < Duration::from_secs(3), "slept {slept:?}");
    }
}

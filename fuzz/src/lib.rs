//! Helpers shared by the fuzz targets.

use std::future::Future;
use std::time::Duration;

/// Far longer than any timeout, so that only a hang takes this long.
const HANG: Duration = Duration::from_hours(1);

/// Runs a target in a new runtime with a paused clock, which advances to the next timer when the runtime is idle, so
/// that a hang is detected immediately.
///
/// # Panics
/// If the target hangs, or the runtime cannot be created.
pub fn run<T>(target: impl Future<Output = T>) -> T {
    run_for(HANG, target)
}

/// Like [`run`], with a time limit for targets that advance the clock.
///
/// # Panics
/// If the target hangs, or the runtime cannot be created.
pub fn run_for<T>(limit: Duration, target: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime of one thread");
    runtime.block_on(async { tokio::time::timeout(limit, target).await.expect("the target hangs") })
}

/// A text frame as a server sends it. The text need not be UTF-8.
#[must_use]
pub fn text_frame(text: &[u8]) -> Vec<u8> {
    frame(0x81, text)
}

/// A binary frame as a server sends it.
#[must_use]
pub fn binary_frame(bytes: &[u8]) -> Vec<u8> {
    frame(0x82, bytes)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..126), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

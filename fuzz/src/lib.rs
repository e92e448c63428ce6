//! What the fuzz targets have in common.

use std::future::Future;
use std::time::Duration;

/// Far longer than anything waits that does not wait for ever.
const FOR_EVER: Duration = Duration::from_hours(1);

/// Runs a target in a runtime of its own, with a clock that jumps on to the next timer whenever nothing else is left
/// to do, so that a hang shows at once.
///
/// # Panics
/// If it hangs, or there is no runtime to be had.
pub fn run<T>(target: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime of one thread");
    runtime.block_on(async { tokio::time::timeout(FOR_EVER, target).await.expect("it hangs") })
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

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::SystemTime;

/// A name for an application, channel or recording that no other test and no earlier run has used.
///
/// No name is a prefix of another, because Asterisk confuses channel ids of which one is a prefix of the other.
#[must_use]
pub fn unique(word: &str) -> String {
    static RUN: LazyLock<u128> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_millis() & 0xff_ffff_ffff)
    });
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{word}-{:x}-{}-{count:06}", *RUN, std::process::id())
}

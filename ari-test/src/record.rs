//! Runs as files.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use crate::Fake;
use crate::journal::{Entry, What};

impl Fake {
    /// Writes what has happened so far as lines of JSON, each with `at` in seconds since the server was started, and one
    /// of `request`, `reply`, `event`, `connected`, `disconnected`, `act`, `heard` and `restarted`.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn record(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let text = self.with_world(|world| {
            let mut text = String::new();
            for entry in world.journal().entries() {
                let _ = writeln!(text, "{}", line(entry));
            }
            text
        });
        std::fs::write(path, text)
    }

    /// Sends recorded events to the applications that they name, at the times at which they were recorded. Each line of
    /// the text is one event as Asterisk sends it, as from `Events::raw`, or one of [`record`](Self::record), where
    /// other lines do not count. The server's state stays as it is.
    ///
    /// Returns how many events were sent: events without a time or an application are skipped, as are lines that are
    /// not JSON.
    pub async fn replay(&self, text: &str) -> usize {
        self.replay_at(text, 1.0).await
    }

    /// As [`replay`](Self::replay), this many times as fast.
    ///
    /// # Panics
    ///
    /// If the speed is not more than 0.
    pub async fn replay_at(&self, text: &str, speed: f64) -> usize {
        assert!(speed > 0.0, "a speed must be more than 0, and is {speed}");
        let begin = Instant::now();
        let (mut first, mut sent) = (None, 0);
        for line in text.lines() {
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            let event = if line["type"].is_string() { &line } else { &line["event"] };
            let (Some(at), Some(app)) = (time(&line, event), event["application"].as_str()) else { continue };
            let first = *first.get_or_insert(at);
            sleep_until(begin + at.saturating_sub(first).div_f64(speed)).await;
            self.send_to(app, &event.to_string());
            sent += 1;
        }
        sent
    }
}

/// When an event was recorded.
fn time(line: &Value, event: &Value) -> Option<Duration> {
    let at = line["at"].as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    at.or_else(|| {
        let stamp = event["timestamp"].as_str()?;
        let time = chrono::DateTime::parse_from_str(stamp, "%Y-%m-%dT%H:%M:%S%.3f%z").ok()?;
        Some(Duration::from_millis(u64::try_from(time.timestamp_millis()).ok()?))
    })
}

fn line(Entry { at, what }: &Entry) -> Value {
    let json_or_text = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let mut line = match what {
        What::Request { number, request, .. } => {
            let path = match &request.query {
                Some(query) => format!("{}?{query}", request.path),
                None => request.path.clone(),
            };
            let body = json_or_text(&String::from_utf8_lossy(&request.body));
            json!({ "request": number, "method": request.method.as_str(), "path": path, "body": body })
        }
        What::Reply { number, status, body } => {
            json!({ "reply": number, "status": status, "body": body.as_deref().map(json_or_text) })
        }
        What::Event { session, text } => json!({ "event": json_or_text(text), "session": session.0 }),
        What::Connected { session, apps } => json!({ "connected": session.0, "apps": apps }),
        What::Disconnected { session } => json!({ "disconnected": session.0 }),
        What::Act { channel, who, act } => json!({ "act": act, "who": who, "channel": channel }),
        What::Heard { channel, who, what } => json!({ "heard": what, "who": who, "channel": channel }),
        What::Restarted => json!({ "restarted": true }),
    };
    line["at"] = json!(at.as_secs_f64());
    line
}

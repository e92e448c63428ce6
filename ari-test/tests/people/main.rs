//! People on the line, and what a test can ask about a run.

mod asking;
mod calling;
mod ringing;

use ari_bindings::{Event, Events};

/// Waits for an event of this type.
async fn next_of(events: &mut Events, kind: &str) -> Event {
    loop {
        let event = events.next().await.expect("the connection stays").expect("an event");
        if event.kind() == kind {
            return event;
        }
    }
}

//! Reads the messages of a lane.

use async_nats::jetstream::Message;
use async_nats::{HeaderMap, Subject};

use super::link::Incoming;
use super::order::Position;
use crate::wire::{Subjects, headers};

/// Reads an event of a node. Fails with where to acknowledge the message if it is none.
pub(super) fn read(subjects: &Subjects, message: Message) -> Result<(String, Incoming), Option<Subject>> {
    let is_new = message.info().is_ok_and(|info| info.delivered == 1);
    let message = message.message;
    let Some(receipt) = message.reply else { return Err(None) };
    let Some(subject) = subjects.parse_event(&message.subject) else {
        tracing::warn!(subject = %message.subject, "no event: it is ignored");
        return Err(Some(receipt));
    };
    // Without a node it is what a worker says.
    let Some(node) = subject.node else { return Err(Some(receipt)) };
    let Some(position) = message.headers.as_ref().and_then(position) else {
        tracing::warn!(node, kind = subject.kind, "an event without its position: it is ignored");
        return Err(Some(receipt));
    };
    let text = match message.payload.try_into() {
        Ok(text) => text,
        Err(error) => {
            tracing::warn!(node, kind = subject.kind, %error, "an event that is no text: it is ignored");
            return Err(Some(receipt));
        }
    };
    Ok((node, Incoming { position, is_new, kind: subject.kind, text, receipt }))
}

fn position(headers: &HeaderMap) -> Option<Position> {
    let header = |name: &str| headers.get(name).map(async_nats::HeaderValue::as_str);
    // `NODE/BOOT/N`
    let (boot, _) = header(headers::MESSAGE_ID)?.rsplit_once('/')?;
    let (_, boot) = boot.rsplit_once('/')?;
    Some(Position { boot: boot.to_owned(), seq: header(headers::LANE_SEQ)?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_is_the_run_and_the_number_in_the_lane() {
        let mut headers = HeaderMap::new();
        headers.insert(headers::MESSAGE_ID, "pbx/1/b2/77");
        assert_eq!(position(&headers), None);
        headers.insert(headers::LANE_SEQ, "5");
        assert_eq!(position(&headers), Some(Position { boot: "b2".to_owned(), seq: 5 }));
        headers.insert(headers::LANE_SEQ, "five");
        assert_eq!(position(&headers), None);
    }
}

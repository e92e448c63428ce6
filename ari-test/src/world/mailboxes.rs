//! Mailboxes that applications control.

use serde::Serialize;

use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

#[derive(Debug, Clone, Serialize)]
pub(super) struct Mailbox {
    name: String,
    old_messages: i32,
    new_messages: i32,
}

impl World {
    pub(super) fn mailbox_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("mailboxName").unwrap_or_default();
        Some(match operation {
            "list" => Ok(Reply::json(200, &self.mailboxes.values().collect::<Vec<_>>())),
            "get" => match self.mailboxes.get(name) {
                Some(mailbox) => Ok(Reply::json(200, mailbox)),
                None => refuse(404, "Mailbox not found"),
            },
            "update" => {
                // Counts beyond 32 bits wrap.
                #[expect(clippy::cast_possible_truncation, reason = "as the server does")]
                let count = |name: &str| arguments.number(name).unwrap_or_default() as i32;
                let (old_messages, new_messages) = (count("oldMessages"), count("newMessages"));
                let mailbox = Mailbox { name: name.to_owned(), old_messages, new_messages };
                self.mailboxes.insert(name.to_owned(), mailbox);
                Ok(Reply::empty(204))
            }
            "delete" => match self.mailboxes.remove(name) {
                Some(_) => Ok(Reply::empty(204)),
                None => refuse(404, "Mailbox not found"),
            },
            _ => return None,
        })
    }
}

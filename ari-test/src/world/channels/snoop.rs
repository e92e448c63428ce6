//! Channels that listen to others.

use super::super::audio::{Directions, Snooping};
use super::super::order::step;
use super::super::{Answer, Ticket, World};
use super::{Channel, State, create};
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(super) fn snoop(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        self.channel(id).map_err(|_| super::super::variables::unknown_channel())?;
        let app = arguments.text("app").unwrap_or_default().to_owned();
        let given = arguments.text("snoopId").filter(|snoop| !snoop.is_empty()).map(str::to_owned);
        if given.as_ref().is_some_and(|snoop| !self.is_free(snoop)) {
            return Err(Reply {
                reason: Some("Internal error"),
                ..Reply::message(500, "Snoop channel could not be created")
            });
        }
        let snoop = given.unwrap_or_else(|| self.unique_id());
        let directions = |name: &str| Directions::read(arguments.text(name).unwrap_or_default());
        let snooping = Snooping { target: id.to_owned(), spy: directions("spy"), whisper: directions("whisper") };
        let name = format!("Snoop/{id}-{:08x}", self.channel_number());
        self.add_channel(&snoop, Channel { name, state: State::Up, snooping: Some(snooping), ..Channel::default() });
        if let Some(channel) = self.channels.get_mut(id) {
            channel.snoops.push(snoop.clone());
        }
        let args = create::app_args(arguments);
        let reply = self.channel_reply(&snoop);
        let place = self.place(super::super::order::CREATE);
        self.reply_after(place, ticket, Reply { status: 200, ..reply });
        self.after(step(0), move |world| world.enter_created(&snoop, &app, &args));
        Ok(None)
    }
}

//! The operations on channels.

use super::super::{Answer, Ticket, World};
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(in super::super) fn channel_requests(
        &mut self,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let id = arguments.text("channelId").unwrap_or_default();
        Some(match operation {
            "list" => {
                let channels: Vec<_> = self.channels.values().map(|channel| self.channel_model(channel)).collect();
                Ok(Some(Reply::json(200, &channels)))
            }
            "get" => self.channel(id).map(|channel| Some(Reply::json(200, &self.channel_model(channel)))),
            "originate" | "originateWithId" => self.originate(arguments, ticket),
            "create" => self.create(arguments, ticket),
            "externalMedia" => self.external_media(arguments, ticket),
            "hangup" => self.hang_up_request(id, arguments, ticket),
            "dial" => self.dial_request(id, arguments, ticket),
            "continueInDialplan" => self.continue_request(id, arguments),
            "move" => self.move_request(id, arguments),
            "redirect" => self.redirect(id, arguments),
            "snoopChannel" | "snoopChannelWithId" => self.snoop(id, arguments, ticket),
            "rtpstatistics" => self.rtp_statistics(id).map(Some),
            "play" | "playWithId" => self.play_on_channel(id, arguments, ticket),
            "record" => self.record_channel(id, arguments, ticket),
            _ => {
                let answer = self.channel_variables(id, operation, arguments, ticket);
                return answer.or_else(|| self.control(id, operation, arguments, ticket));
            }
        })
    }
}

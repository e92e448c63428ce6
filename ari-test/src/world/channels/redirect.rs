//! Redirection of a channel's other end.

use super::super::order::STEP;
use super::super::{Answer, World, refuse};
use super::hangup::NORMAL;
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    /// Sends a phone elsewhere, which ends its channel here.
    pub(super) fn redirect(&mut self, id: &str, arguments: &Arguments) -> Answer {
        let endpoint = arguments.text("endpoint").unwrap_or_default();
        let channel = self.usable(id)?;
        if endpoint.is_empty() {
            let refusal = Reply::message(400, "Required parameter 'endpoint' not provided.");
            return Err(Reply { reason: Some("Not Found"), ..refusal });
        }
        let Some((tech, _)) = endpoint.split_once('/') else {
            return refuse(422, format!("Endpoint parameter '{endpoint}' does not contain tech/resource"));
        };
        let own = channel.name.split('/').next().unwrap_or_default();
        if !own.eq_ignore_ascii_case(tech) {
            let text = format!("Endpoint technology '{tech}' does not match channel technology '{own}'");
            return refuse(422, text);
        }
        if !channel.is_local() {
            let id = id.to_owned();
            self.after(STEP, move |world| world.far_hangs_up(&id, NORMAL));
        }
        Ok(Some(Reply::empty(204)))
    }
}

//! Channels whose sound comes from a program.

use super::super::applications::Kind;
use super::super::order::{ORIGINATE, STEP, step};
use super::super::variables::assignments;
use super::super::{Answer, Ticket, World, refuse};
use super::dial::Then;
use super::{Channel, Location, create};
use crate::exchange::Reply;
use crate::surface::Arguments;

const FORMATS: &[&str] = &[
    "ulaw", "alaw", "gsm", "g722", "g726", "g729", "ilbc", "opus", "speex", "slin", "slin8", "slin12", "slin16",
    "slin24", "slin32", "slin44", "slin48", "slin96", "slin192", "silk", "lpc10", "adpcm", "g723", "siren7", "siren14",
    "h264", "vp8",
];

pub(super) fn is_format(name: &str) -> bool {
    FORMATS.contains(&name)
}

/// The refusal of something that Asterisk could not make.
pub(super) fn failed() -> Reply {
    Reply::message(500, "An internal error prevented this request from being handled")
}

/// Which driver carries the sound.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Driver {
    Rtp,
    AudioSocket,
    WebSocket,
}

impl World {
    pub(super) fn external_media(&mut self, arguments: &Arguments, ticket: Ticket) -> Answer {
        let text = |name: &str, default: &'static str| {
            arguments.text(name).filter(|text| !text.is_empty()).unwrap_or(default).to_owned()
        };
        let (app, host, format) = (text("app", ""), text("external_host", ""), text("format", ""));
        let driver = self.driver(arguments, &host)?;
        if !is_format(&format) {
            // A later release passes the name on before it looks at it.
            let refused = || refuse(400, format!("Provided format ({format}) was not found"));
            return if self.traits.has_media_transports { Err(failed()) } else { refused() };
        }
        let given = arguments.text("channelId").filter(|id| !id.is_empty());
        if given.is_some_and(|id| !self.is_free(id)) {
            return Err(failed());
        }
        let variables = arguments.object("variables").map(assignments).transpose()?.unwrap_or_default();
        let id = given.map_or_else(|| self.unique_id(), str::to_owned);
        let number = self.random.u32(..);
        let name = match driver {
            Driver::Rtp => format!("UnicastRTP/{host}-0x7f{number:08x}"),
            Driver::AudioSocket => format!("AudioSocket/{host}-{}", text("data", "")),
            Driver::WebSocket if host.is_empty() => format!("WebSocket/INCOMING/0x7f{number:08x}"),
            Driver::WebSocket => format!("WebSocket/{host}/0x7f{number:08x}"),
        };
        let location = Location { context: "default".to_owned(), exten: "s".to_owned(), priority: 1 };
        let dialled = if self.traits.has_media_transports { format!("{host}/c({format})") } else { host.clone() };
        self.add_channel(&id, Channel { name, location, dialled, ..Channel::default() });
        for (name, value) in self.media_variables(driver, &format) {
            self.set_variable(&id, name, &value);
        }
        for assignment in &variables {
            self.assign(&id, assignment);
        }
        self.start_media(&id, &app, create::app_args(arguments), ticket, driver);
        Ok(None)
    }

    fn start_media(&mut self, id: &str, app: &str, args: Vec<String>, ticket: Ticket, driver: Driver) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.reported.extend(channel.vars.keys().cloned());
        }
        self.set_outgoing(id);
        let reply = self.channel_reply(id);
        if let Some(channel) = self.channels.get_mut(id) {
            channel.reported.clone_from(&self.reported);
        }
        self.subscribe(app, Kind::Channel, id);
        self.dial(id, None, None, Then::Stasis { app: app.to_owned(), args });
        let place = self.place(ORIGINATE);
        self.reply_after(place, ticket, reply);
        if driver != Driver::WebSocket {
            let id = id.to_owned();
            self.after(step(0) + STEP * 2, move |world| world.answered(&id));
        }
    }

    fn driver(&self, arguments: &Arguments, host: &str) -> Result<Driver, Reply> {
        let text =
            |name: &str, default: &'static str| arguments.text(name).filter(|text| !text.is_empty()).unwrap_or(default);
        let transport = text("transport", "udp");
        let encapsulation = text("encapsulation", "rtp");
        let is_server = text("connection_type", "client") == "server";
        let is_recent = self.traits.has_media_transports;
        if host.is_empty() && !(transport == "websocket" && is_server) {
            let text = "external_host is required for all but websocket server connections";
            return refuse(400, if is_recent { text } else { "external_host cannot be empty" });
        }
        if transport != "websocket" && host.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
            let text = "external_host must be <host>:<port>";
            return refuse(
                400,
                if is_recent { format!("{text} for all transports other than websocket") } else { text.to_owned() },
            );
        }
        if is_recent && !matches!(text("direction", "both"), "both" | "in" | "out") {
            return refuse(400, "Invalid direction specified");
        }
        if is_recent && encapsulation == "rtp" && transport != "udp" {
            return refuse(400, "transport must be 'udp' for rtp encapsulation");
        }
        match (transport, encapsulation) {
            ("udp", "rtp") => Ok(Driver::Rtp),
            ("tcp", "audiosocket") if is_uuid(text("data", "")) => Ok(Driver::AudioSocket),
            ("tcp", "audiosocket") => Err(failed()),
            ("websocket", "none") if is_server => Ok(Driver::WebSocket),
            ("websocket", "none") => refuse(400, "external_host must be a valid websocket_client connection id."),
            _ => refuse(501, "The encapsulation and/or transport is not supported"),
        }
    }

    fn media_variables(&mut self, driver: Driver, format: &str) -> Vec<(&'static str, String)> {
        match driver {
            Driver::Rtp => vec![
                ("UNICASTRTP_LOCAL_ADDRESS", "127.0.0.1".to_owned()),
                ("UNICASTRTP_LOCAL_PORT", (10_000 + 2 * self.random.u32(0..5000)).to_string()),
            ],
            Driver::WebSocket => {
                let size = if format == "slin16" {
                    "640"
                } else if format.starts_with("slin") {
                    "320"
                } else {
                    "160"
                };
                vec![
                    ("MEDIA_WEBSOCKET_CONNECTION_ID", self.uuid()),
                    ("MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE", size.to_owned()),
                ]
            }
            Driver::AudioSocket => Vec::new(),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|char| char == '-' || char.is_ascii_hexdigit())
}

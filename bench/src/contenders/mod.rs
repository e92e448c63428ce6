//! Those that take part: one file each, with everything that it does. The lists here say who does what.

mod ari_app;
#[cfg(feature = "peers")]
mod asterisk_ari;
#[cfg(feature = "peers")]
mod asterisk_ari_client_rs;
#[cfg(feature = "peers")]
mod asterisk_rs_ari;
mod bare;
mod floor;
mod hyper;
mod ours;
mod websocket;

use std::future::ready;

use crate::Failure;
use crate::calls::Opener;
use crate::decode::Decode;
use crate::incoming::Answerer;
use crate::requests::Connector;
use crate::socket::Receiver;

/// Where a contender connects to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// `HOST:PORT`
    pub(crate) address: String,
    /// The user of ari.conf.
    pub(crate) user: String,
    /// The password of ari.conf.
    pub(crate) password: String,
}

impl Target {
    /// The server of the benchmarks.
    pub(crate) fn loopback(address: &str) -> Self {
        Self { address: address.to_owned(), user: "asterisk".to_owned(), password: "asterisk".to_owned() }
    }

    /// `http://HOST:PORT/ari`
    pub(crate) fn url(&self) -> String {
        format!("http://{}/ari", self.address)
    }

    /// The URL that the events of an application come from.
    pub(crate) fn events(&self, app: &str) -> String {
        format!("ws://{}/ari/events?app={app}&api_key={}:{}", self.address, self.user, self.password)
    }
}

/// The name of the bindings in every table.
pub(crate) const OURS: &str = "ari-bindings";

/// From text to an event.
pub(crate) const DECODERS: &[(&str, Decode)] = &[
    (DECODER_REFERENCE, floor::strings),
    ("the same, small strings (smol_str)", floor::small_strings),
    ("the same, borrowed", floor::borrowed),
    ("the same, with sonic-rs", floor::strings_by_sonic),
    (OURS, ours::decode),
    ("serde_json::Value", floor::value),
    ("sonic_rs::Value", floor::value_by_sonic),
    #[cfg(feature = "peers")]
    ("asterisk-rs-ari", asterisk_rs_ari::decode),
    #[cfg(feature = "peers")]
    ("asterisk-ari", asterisk_ari::decode),
    #[cfg(feature = "peers")]
    ("asterisk-ari-client-rs", asterisk_ari_client_rs::decode),
];

/// What the times of [`DECODERS`] are compared with.
pub(crate) const DECODER_REFERENCE: &str = "one struct in one pass, Strings";

/// From the socket to the program.
pub(crate) const RECEIVERS: &[(&str, Receiver)] = &[
    ("tokio-tungstenite, frames only", |target, tally| Box::pin(bare::receive_frames(target, tally))),
    (RECEIVER_REFERENCE, |target, tally| Box::pin(bare::receive_in_place(target, tally))),
    ("the same through a channel to a task", |target, tally| Box::pin(bare::receive_by_channel(target, tally))),
    (OURS, |target, tally| Box::pin(ours::receive(target, tally))),
    #[cfg(feature = "peers")]
    ("asterisk-rs-ari", |target, tally| Box::pin(asterisk_rs_ari::receive(target, tally))),
    #[cfg(feature = "peers")]
    ("asterisk-ari", |target, tally| Box::pin(asterisk_ari::receive(target, tally))),
    #[cfg(feature = "peers")]
    ("asterisk-ari-client-rs", |target, tally| Box::pin(asterisk_ari_client_rs::receive(target, tally))),
];

/// What the times of [`RECEIVERS`] are compared with.
pub(crate) const RECEIVER_REFERENCE: &str = "tokio-tungstenite, decoding our types in place";

/// Requests; asterisk-ari-client-rs has neither of the two that are measured.
pub(crate) const CONNECTORS: &[(&str, Connector)] = &[
    ("hyper", |target| Box::pin(ready(Ok(hyper::connect(&target))))),
    (CONNECTOR_REFERENCE, |target| Box::pin(ready(bare::connect(target)))),
    ("tokio-tungstenite, over the WebSocket", |target| Box::pin(websocket::connect(target))),
    (OURS, |target| Box::pin(ready(ours::connect(&target)))),
    ("ari-bindings over the WebSocket", |target| Box::pin(ours::connect_websocket(target))),
    #[cfg(feature = "peers")]
    ("asterisk-rs-ari", |target| Box::pin(asterisk_rs_ari::connect(target))),
    #[cfg(feature = "peers")]
    ("asterisk-rs-ari over the WebSocket", |target| Box::pin(asterisk_rs_ari::connect_websocket(target))),
    #[cfg(feature = "peers")]
    ("asterisk-ari", |target| Box::pin(ready(Ok(asterisk_ari::connect(&target))))),
];

/// What the times of [`CONNECTORS`] are compared with.
pub(crate) const CONNECTOR_REFERENCE: &str = "reqwest";

/// Whole calls; asterisk-ari-client-rs cannot originate.
pub(crate) const OPENERS: &[(&str, Opener)] = &[
    (OPENER_REFERENCE, |target, app, calls| Box::pin(bare::open(target, app, calls))),
    (OURS, |target, app, calls| Box::pin(ours::open(target, app, calls))),
    #[cfg(feature = "peers")]
    ("asterisk-rs-ari", |target, app, calls| Box::pin(asterisk_rs_ari::open(target, app, calls))),
    #[cfg(feature = "peers")]
    ("asterisk-ari", |target, app, calls| Box::pin(asterisk_ari::open(target, app, calls))),
];

/// What the times of [`OPENERS`] are compared with.
pub(crate) const OPENER_REFERENCE: &str = "reqwest and tokio-tungstenite";

/// Incoming calls.
pub(crate) const ANSWERERS: &[(&str, Answerer)] = &[
    ("ari-bindings, one loop", |target, transport, tally| Box::pin(ours::answer_in_a_loop(target, transport, tally))),
    (ANSWERER_REFERENCE, |target, transport, tally| Box::pin(ours::answer_by_tasks(target, transport, tally))),
    (OUR_APP, |target, transport, tally| Box::pin(ari_app::answer(target, transport, tally))),
];

/// What the times of [`ANSWERERS`] are compared with.
pub(crate) const ANSWERER_REFERENCE: &str = "ari-bindings, a task a call";

/// The name of `ari-app` in every table.
pub(crate) const OUR_APP: &str = "ari-app";

/// The contender of this name.
pub(crate) fn find<T: Copy>(contenders: &[(&str, T)], name: &str) -> Result<T, Failure> {
    let found = contenders.iter().find(|(each, _)| *each == name);
    found.map(|(_, contender)| *contender).ok_or_else(|| format!("no contender is named {name}").into())
}

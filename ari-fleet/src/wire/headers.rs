//! Names of headers.

/// The number of an event in its lane, of one run of a gateway.
pub(crate) const LANE_SEQ: &str = "Ari-Lane-Seq";
/// The application of an event.
pub(crate) const APP: &str = "Ari-App";
/// The call of an event.
pub(crate) const CALL: &str = "Ari-Call";
/// The method of a command.
pub(crate) const METHOD: &str = "Ari-Method";
/// Path and query of a command, below the base URL.
pub(crate) const TARGET: &str = "Ari-Target";
/// The lane that a command comes from.
pub(crate) const LANE: &str = "Ari-Lane";
/// The pin of that lane.
pub(crate) const TOKEN: &str = "Ari-Token";
/// The status of a reply.
pub(crate) const STATUS: &str = "Ari-Status";
/// The media type of a body.
pub(crate) const CONTENT_TYPE: &str = "Content-Type";
/// The id of an event: `NODE/BOOT/N`.
pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";
/// Which pin JetStream delivers a message to.
pub(crate) const PIN: &str = "Nats-Pin-Id";

/// The status of a command whose token is not that of the lane's pin: HTTP's "Misdirected Request".
pub(crate) const FENCED: u16 = 421;
/// The status of a command of which the gateway cannot tell what became.
pub(crate) const UNKNOWN: u16 = 0;
/// The status of a command that was not sent to Asterisk.
pub(crate) const NOT_SENT: u16 = 503;

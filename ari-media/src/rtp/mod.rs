//! External media over RTP: the sound of a call in UDP packets, of which the program keeps the time.

mod jitter;
mod peer;
mod ports;
mod profile;
mod receive;
mod send;
mod session;
mod timing;

pub use ports::{RtpPort, RtpPorts};
#[cfg(fuzzing)]
pub(crate) use receive::Receiver as BareReceiver;

/// A medium, and the receiving side of a session without a socket.
#[cfg(any(test, fuzzing))]
pub(crate) fn bare(config: &crate::MediaConfig) -> (crate::Media, receive::Receiver) {
    use std::sync::Arc;
    use std::time::Duration;

    let pipe = crate::pipe::Pipe::new(config).expect("a configuration that works");
    let media = crate::Media::new(Arc::clone(&pipe), config).expect("a configuration that works");
    let session = session::Session {
        pipe,
        peer: peer::Peer::new(None, true, ([127, 0, 0, 1], 0).into()),
        profile: profile::Profile::new(config.format, None),
        jitter: Duration::from_millis(20)..=Duration::from_millis(200),
        idle_timeout: None,
    };
    (media, receive::Receiver::new(Arc::new(session)))
}

#[cfg(test)]
mod tests;

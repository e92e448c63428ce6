//! The sound of Asterisk's calls in a Rust program.
//!
//! A [`Media`] receives frames from a call and plays sound into it, the same way over three transports:
//! [`WebSocketConnector`] and [`WebSocketListener`] (`chan_websocket`), [`AudioSocketListener`], and [`RtpPorts`].
//! With the feature `ari`, [`MediaHost`] creates the channel, too, and chooses the transport. The crate paces the
//! sound, reports how much of it was played, and stops within a few frames after a cut.
//!
//! [`Audio`] is what can be played, [`detect`] has detectors, and [`WavRecorder`] writes calls to files.

#![forbid(unsafe_code)]

mod admission;
mod audio;
mod audiosocket;
mod codec;
mod config;
pub mod detect;
mod error;
mod format;
mod frame;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod listener;
mod media;
#[cfg(feature = "ari")]
mod open;
mod pace;
mod pipe;
mod resample;
mod rtp;
mod stats;
mod wav;
mod websocket;

pub use admission::Expected;
pub use audio::Audio;
pub use audiosocket::{AudioSocketBuilder, AudioSocketListener};
pub use config::MediaConfig;
pub use error::MediaError;
pub use format::{FRAME, Format};
pub use frame::{Frame, FrameKind};
pub use media::{Media, MediaReceiver, MediaSender, MediaWatch, Played};
#[cfg(feature = "ari")]
pub use open::{MediaHost, Open, Opened, Transport};
pub use rtp::{RtpPort, RtpPorts};
pub use stats::MediaStats;
pub use uuid::Uuid;
pub use wav::{Side, WavRecorder};
pub use websocket::{MediaStart, WebSocketBuilder, WebSocketConnector, WebSocketListener};

//! A Stasis application of Asterisk as one async function a call.
//!
//! [`App::serve`] takes the calls of an application and runs a handler for each, in its own task. The handler sees a
//! [`Call`] rather than events and ids: its verbs play, ask, record, dial and connect, and each returns a typed outcome.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use ari_app::{App, Call, CallError, Dialed};
//! use ari_bindings::Client;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let ari = Client::builder("http://localhost:8088/ari").credentials("asterisk", "asterisk").build()?;
//!     App::new(ari, "reception").serve(reception).await?;
//!     Ok(())
//! }
//!
//! async fn reception(call: Call) -> Result<(), CallError> {
//!     call.answer().await?;
//!     let choice = call.ask(["sound:welcome", "sound:menu"]).timeout(Duration::from_secs(5)).tries(3).await?;
//!     match choice.as_deref() {
//!         Some("1") => match call.dial("PJSIP/agent").timeout(Duration::from_secs(20)).music_on_hold().await? {
//!             Dialed::Answered(agent) => drop(call.bridge(agent).until_hangup().await?),
//!             _ => drop(call.say("sound:vm-nobodyavail").await?),
//!         },
//!         Some("2") => drop(call.record("voicemail/42").beep().until('#').await?),
//!         _ => drop(call.say("sound:vm-goodbye").await?),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Ownership
//!
//! What a call creates ends with it: when the handler returns, fails or panics, its legs are hung up, its bridges
//! destroyed and the caller is hung up, unless [`Call::detach`] was called. Dropping the future of a verb stops what it
//! began.
//!
//! # When the caller hangs up
//!
//! The verb that is being awaited fails with [`CallError::Ended`], and so does each later one. `?` carries it out of the
//! handler, where it counts as a normal end. [`Call::record`] is the exception: it returns the recording first.

#![forbid(unsafe_code)]

mod app;
mod arrival;
mod call;
mod checkpoint;
mod context;
mod dispatch;
mod error;
mod handler;
mod ids;
mod left;
mod legs;
mod line;
mod media;
mod outgoing;
mod overload;
#[cfg(feature = "outbound")]
mod per_call;
mod progress;
mod queue;
mod reconcile;
mod room;
mod serving;
mod session;
mod signal;
mod state;
mod summary;
mod teardown;
mod telemetry;
mod verbs;

pub use app::{App, Resume, Shutdown};
pub use call::Call;
pub use error::{CallError, End, EndReason, ServeError};
pub use outgoing::Outgoing;
pub use overload::Overload;
#[cfg(feature = "outbound")]
pub use per_call::PerCall;
pub use queue::Queue;
pub use room::Room;
pub use signal::stop_signal;
pub use summary::CallSummary;
pub use verbs::ask::Ask;
pub use verbs::bridge::{Bridge, Talked};
pub use verbs::conference::{Conference, Departure};
pub use verbs::dial::{Dial, Dialed};
pub use verbs::leg::Leg;
#[cfg(feature = "media")]
pub use verbs::media::{OpenMedia, RoomMedia, SnoopMedia};
pub use verbs::menu::Menu;
pub use verbs::move_to::{Move, Moved};
pub use verbs::phone_transfer::PhoneTransfer;
pub use verbs::place::{Place, Placed};
pub use verbs::playing::Playing;
pub use verbs::queue::{Enqueue, Queued};
pub use verbs::record::{Record, Recorded, Stopped};
pub use verbs::recording::Recording;
pub use verbs::review::{Review, Reviewed, Reviewing};
pub use verbs::say::{Said, Say};
pub use verbs::snoop::Snoop;
pub use verbs::transfer::{Transfer, Transferred};
pub use verbs::waiting::Waiting;

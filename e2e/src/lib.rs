//! Tools of the end-to-end tests: running servers, faults of servers and networks, routes of requests and events, a
//! phone, a load of calls, a recorder of events, and fleets of processes.
//!
//! The tests that need Asterisk are enabled by the feature `live`. They find the servers started by
//! `cargo xtask asterisk --tests up all` by their state files. A missing server is a failure, never a skip. With
//! `ARI_TEST_STATES=fake`, the same tests run against fakes in their process, as far as those go.
//!
//! # Ids are typed
//!
//! A channel handle is created from a channel id:
//!
//! ```no_run
//! # fn example(ari: &ari_bindings::Client, id: ari_bindings::ids::ChannelId) {
//! ari.channel(id);
//! # }
//! ```
//!
//! A bridge id is rejected:
//!
//! ```compile_fail,E0277
//! # fn example(ari: &ari_bindings::Client, id: ari_bindings::ids::BridgeId) {
//! ari.channel(id);
//! # }
//! ```
//!
//! Likewise, `add_channel` accepts channel ids only:
//!
//! ```no_run
//! # fn example(ari: &ari_bindings::Client, channel: ari_bindings::ids::ChannelId) {
//! ari.bridge("b").add_channel([channel]);
//! # }
//! ```
//!
//! ```compile_fail,E0277
//! # fn example(ari: &ari_bindings::Client, playback: ari_bindings::ids::PlaybackId) {
//! ari.bridge("b").add_channel([playback]);
//! # }
//! ```

mod config;
mod control;
mod fakes;
pub mod fleet;
mod line;
mod load;
pub mod numbered;
mod outbound;
mod phone;
mod phone_call;
mod proxy;
mod recorder;
mod redact;
mod route;
mod runner;
mod server;
pub mod signal;
mod sip;
mod template;
mod unique;

pub use config::ConfigGuard;
pub use fakes::like_server;
pub use line::Line;
pub use load::{Answer, Hangup, Ledger, Load, PlacedCall};
pub use outbound::{Outbound, OutboundGuard};
pub use phone::Phone;
pub use phone_call::PhoneCall;
pub use proxy::{Counts, FaultProxy};
pub use recorder::{Recorder, eventually, until_gone};
pub use redact::redact;
pub use route::Route;
pub use runner::{LIMIT, on_each_route, on_each_server, on_each_that_connects, on_two_routes};
pub use server::Server;
pub use sip::{Dialog, SipPhone};
pub use template::best_fit;
pub use unique::unique;

/// The code of the repository's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code of the package's README.
#[cfg(doctest)]
#[doc = include_str!("../../ari-bindings/README.md")]
pub struct PackageReadme;

/// The code of the guide, one item per chapter.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/src/hello-world.md")]
    pub struct HelloWorld;
    #[doc = include_str!("../../docs/src/call.md")]
    pub struct Call;
    #[doc = include_str!("../../docs/src/app.md")]
    pub struct App;
    #[doc = include_str!("../../docs/src/media.md")]
    pub struct Media;
    #[doc = include_str!("../../docs/src/cookbook.md")]
    pub struct Cookbook;
    #[doc = include_str!("../../docs/src/failures.md")]
    pub struct Failures;
    #[doc = include_str!("../../docs/src/transports.md")]
    pub struct Transports;
    #[doc = include_str!("../../docs/src/releases.md")]
    pub struct Releases;
    #[doc = include_str!("../../docs/src/regenerating.md")]
    pub struct Regenerating;
    #[doc = include_str!("../../docs/src/testing.md")]
    pub struct Testing;
    #[doc = include_str!("../../docs/src/features.md")]
    pub struct Features;
    #[doc = include_str!("../../docs/src/deployment.md")]
    pub struct Deployment;
    #[doc = include_str!("../../docs/src/fleet.md")]
    pub struct Fleet;
    #[doc = include_str!("../../docs/src/moving.md")]
    pub struct Moving;
}

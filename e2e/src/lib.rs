//! What the tests of the whole system share: the servers they run against, how to break them and the way to
//! them, the routes of requests and events, a telephone, a load of calls, waiting for events.
//!
//! The tests that need an Asterisk are the target `live`, which the feature `live` switches on. They find the servers
//! that `cargo xtask asterisk --tests up all` has started by the files it left; one that is missing is a failure, never a skip.
//!
//! # An id fits only where it belongs
//!
//! The id of a channel makes a channel's handle:
//!
//! ```no_run
//! # fn example(ari: &ari_bindings::Client, id: ari_bindings::ids::ChannelId) {
//! ari.channel(id);
//! # }
//! ```
//!
//! The id of a bridge does not:
//!
//! ```compile_fail,E0277
//! # fn example(ari: &ari_bindings::Client, id: ari_bindings::ids::BridgeId) {
//! ari.channel(id);
//! # }
//! ```
//!
//! Nor do channels enter a bridge by the id of another thing:
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
mod load;
mod outbound;
mod phone;
mod proxy;
mod recorder;
mod redact;
mod route;
mod runner;
mod server;
mod unique;

pub use config::ConfigGuard;
pub use load::{Answer, Hangup, Ledger, Load, PlacedCall};
pub use outbound::{Outbound, OutboundGuard};
pub use phone::Phone;
pub use proxy::{Counts, FaultProxy};
pub use recorder::{Recorder, eventually, until_gone};
pub use redact::redact;
pub use route::Route;
pub use runner::{LIMIT, on_each_route, on_each_server};
pub use server::Server;
pub use unique::unique;

/// The README's code.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code of the README of the package.
#[cfg(doctest)]
#[doc = include_str!("../../ari-bindings/README.md")]
pub struct PackageReadme;

/// The guide's code, a chapter each.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../docs/src/hello-world.md")]
    pub struct HelloWorld;
    #[doc = include_str!("../../docs/src/call.md")]
    pub struct Call;
    #[doc = include_str!("../../docs/src/app.md")]
    pub struct App;
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
    #[doc = include_str!("../../docs/src/moving.md")]
    pub struct Moving;
}

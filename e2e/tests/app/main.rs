//! Applications of `ari-app` on the real Asterisks of `e2e/asterisk/releases.txt`.
//!
//! Each test has its own application, which callers enter through the extension `stasis-NAME`.

mod caller;
mod conference;
mod dial;
mod examples;
mod gap;
mod hangup;
mod hold;
mod killed;
mod lifetime;
mod prompts;
mod queue;
mod queue_end;
mod record;
mod redirect;
mod snoop;
mod transfer;
mod voicemail;

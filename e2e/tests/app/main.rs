//! Applications of `ari-app` on the real Asterisks of `e2e/asterisk/releases.txt`.
//!
//! Each test has its own application, which callers enter through the extension `stasis-NAME`.

mod caller;
mod conference;
mod dial;
mod early;
mod ends;
mod examples;
mod gap;
mod hangup;
mod hold;
mod killed;
mod lifetime;
mod media;
mod media_examples;
mod move_to;
mod outgoing;
mod per_call;
mod phone_transfer;
mod phone_transfer_end;
mod playing;
mod prompts;
mod queue;
mod queue_end;
mod record;
mod recording;
mod redirect;
mod running;
mod snoop;
mod transfer;
mod voicemail;

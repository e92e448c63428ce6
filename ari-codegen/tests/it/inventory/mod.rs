//! The content of the declarations and of generated code, read independently, in the same terms.
//!
//! ```text
//! operation channels.play POST /channels/{channelId}/play -> json crate::models::Playback
//! parameter channels.play.media query list, required
//! model Playback
//! event PlaybackStarted
//! property Playback.state text, required
//! value Playback.state `queued`
//! ```

mod declared;
mod generated;

use std::collections::BTreeSet;

pub(crate) use declared::declared;
pub(crate) use generated::generated;

pub(crate) type Inventory = BTreeSet<String>;

fn necessity(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}

/// What only one of the two has; empty if they are the same.
pub(crate) fn difference(declared: &Inventory, generated: &Inventory) -> String {
    let lacking = declared.difference(generated).map(|line| format!("not generated: {line}\n"));
    let surplus = generated.difference(declared).map(|line| format!("not declared: {line}\n"));
    lacking.chain(surplus).collect()
}

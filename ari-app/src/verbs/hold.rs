use ari_bindings::values::Direction;

use crate::Call;
use crate::error::CallError;

/// Hold and mute. Both last until they are undone or the channel ends, whichever verbs are awaited meanwhile. A phone that
/// takes the call over by a transfer starts without them.
impl Call {
    /// Puts the caller on hold: music plays, or the phone itself plays it if its endpoint sets `moh_passthrough`.
    pub async fn hold(&self) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().hold().await;
        self.done(done).await
    }

    /// Ends a [`Call::hold`]. A caller who is not on hold stays so.
    pub async fn unhold(&self) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().unhold().await;
        self.done(done).await
    }

    /// Mutes the caller's audio: with [`Direction::In`] nobody receives the caller, with [`Direction::Out`] the caller
    /// receives nothing. Keys still arrive.
    pub async fn mute(&self, direction: Direction) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().mute(direction).await;
        self.done(done).await
    }

    /// Ends a [`Call::mute`] in the same direction.
    pub async fn unmute(&self, direction: Direction) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().unmute(direction).await;
        self.done(done).await
    }
}

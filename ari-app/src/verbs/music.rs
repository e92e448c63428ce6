use std::future::IntoFuture as _;
use std::sync::Arc;

use crate::context::Pending;
use crate::error::CallError;
use crate::session::Session;

/// Music on hold for the caller, which stops when it is dropped.
pub(crate) struct Music {
    session: Arc<Session>,
    is_playing: bool,
    pending: Pending,
}

impl Music {
    pub(crate) async fn start(session: &Arc<Session>) -> Result<Self, CallError> {
        let mut music = Self { session: Arc::clone(session), is_playing: true, pending: Pending::default() };
        let request = session.channel().start_moh();
        match session.context.send(&music.pending, request.into_future()).await {
            Ok(()) => Ok(music),
            Err(error) => {
                music.is_playing = false;
                Err(session.explain(error).await)
            }
        }
    }

    pub(crate) async fn stop(mut self) {
        self.is_playing = false;
        let request = self.session.channel().stop_moh();
        // It goes on if this future is dropped. The channel may be gone.
        let _ = self.session.context.send(&self.pending, request.into_future()).await;
    }
}

impl Drop for Music {
    fn drop(&mut self) {
        if self.is_playing && self.session.check().is_ok() {
            let channel = self.session.channel();
            let pending = self.pending.clone();
            self.session.context.spawn(async move {
                pending.over().await;
                // The channel may be gone.
                let _ = channel.stop_moh().await;
            });
        }
    }
}

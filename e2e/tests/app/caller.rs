//! Callers of an application.

use ari_bindings::handles::ChannelHandle;
use ari_bindings::{Client, Event};
use ari_e2e::{Recorder, Server, unique};

/// Somebody who calls an application.
pub(crate) struct Caller {
    pub(crate) ari: Client,
    pub(crate) watch: Recorder,
    pub(crate) id: String,
}

impl Caller {
    /// Calls the application of this name, with this number as the caller id, and waits until it answers.
    pub(crate) async fn numbered(server: &Server, app: &str, number: usize) -> Self {
        let mut caller = Self::dialling(server, app, number).await;
        caller.watch.until_channel("StasisStart", &caller.id).await;
        caller
    }

    /// As [`Caller::numbered`], with the events of the application's end of the call beside those of its own.
    pub(crate) async fn watching(server: &Server, app: &str, number: usize) -> Self {
        let (own, id, end) = (unique("caller"), unique("channel"), unique("channel"));
        let ari = server.client();
        let mut watch = Recorder::open(&ari, &own).await;
        let endpoint = format!("Local/stasis-{app}@default");
        // Not by originate: what the application does first would happen before anyone could subscribe to its end.
        ari.channels().create(endpoint, &*own).channel_id(&*id).other_channel_id(&*end).await.unwrap();
        ari.application(&*own).subscribe([format!("channel:{end}")]).await.unwrap();
        // Before it, the server refuses what is asked of the channel: the reply to `create` may be the first to arrive.
        watch.until_channel("StasisStart", &id).await;
        let channel = ari.channel(&*id);
        channel.set_channel_var("CALLERID(num)").value(number.to_string()).await.unwrap();
        channel.dial().await.unwrap();
        let is_up = |event: &Event| match event {
            Event::ChannelStateChange(change) => {
                (change.channel.id == *id && change.channel.state == "Up").then_some(())
            }
            _ => None,
        };
        watch.until("the answer", is_up).await;
        // The first sound may have begun before this end was reported as answered.
        watch.rewind();
        Self { ari, watch, id }
    }

    /// As [`Caller::numbered`], whether or not it is answered.
    pub(crate) async fn dialling(server: &Server, app: &str, number: usize) -> Self {
        Self::through(server, &format!("stasis-{app}"), number).await
    }

    /// Calls an extension, whether or not it is answered.
    pub(crate) async fn through(server: &Server, extension: &str, number: usize) -> Self {
        let (own, id) = (unique("caller"), unique("channel"));
        let ari = server.client();
        let watch = Recorder::open(&ari, &own).await;
        let endpoint = format!("Local/{extension}@default");
        ari.channels().originate_with_id(&*id, endpoint).app(&*own).caller_id(number.to_string()).await.unwrap();
        Self { ari, watch, id }
    }

    pub(crate) fn channel(&self) -> ChannelHandle {
        self.ari.channel(&*self.id)
    }

    pub(crate) async fn presses(&self, keys: &str) {
        self.channel().send_dtmf().dtmf(keys).await.unwrap();
    }

    pub(crate) async fn hangs_up(mut self) {
        self.channel().hangup().await.unwrap();
        self.watch.until_channel("StasisEnd", &self.id).await;
        self.watch.close().await;
    }

    /// Waits until it is connected.
    pub(crate) async fn is_answered(&mut self) {
        self.watch.until_channel("StasisStart", &self.id).await;
    }

    /// Waits until the application has hung up; returns the cause.
    pub(crate) async fn waits_for_hangup(mut self) -> i64 {
        let gone = self.watch.until_channel("ChannelDestroyed", &self.id).await;
        self.watch.close().await;
        let Event::ChannelDestroyed(gone) = gone else { unreachable!() };
        gone.cause
    }
}

/// Somebody who calls an application and talks without an end, from an extension of the dialplan.
pub(crate) async fn talker(server: &Server, app: &str, number: usize) -> ChannelHandle {
    let (ari, id) = (server.client(), unique("channel"));
    let request = ari.channels().originate_with_id(&*id, format!("Local/stasis-{app}@default"));
    request.context("default").extension("talk").caller_id(number.to_string()).await.unwrap();
    ari.channel(&*id)
}

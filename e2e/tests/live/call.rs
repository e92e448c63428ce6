//! A call for tests.

use ari_bindings::handles::ChannelHandle;
use ari_bindings::models::Channel;
use ari_bindings::{Client, Event};
use ari_e2e::{Recorder, Route, Server, unique};

/// One end of a Local channel, in a separate application. The other end is in the dialplan.
pub(crate) struct Call {
    pub(crate) ari: Client,
    pub(crate) app: String,
    pub(crate) watch: Recorder,
    pub(crate) id: String,
}

impl Call {
    /// Calls the extension `echo`.
    pub(crate) async fn open(server: &Server, route: Route) -> Self {
        Self::to(server, route, "echo").await
    }

    /// Calls an extension.
    pub(crate) async fn to(server: &Server, route: Route, extension: &str) -> Self {
        let (app, id) = (unique("app"), unique("channel"));
        let (ari, mut watch) = server.open(route, [&app]).await;
        enter(&ari, &mut watch, &app, &id, extension).await;
        Self { ari, app, watch, id }
    }

    /// Adds another channel to the application.
    pub(crate) async fn another(&mut self, extension: &str) -> String {
        let id = unique("channel");
        enter(&self.ari, &mut self.watch, &self.app, &id, extension).await;
        id
    }

    pub(crate) fn channel(&self) -> ChannelHandle {
        self.ari.channel(&self.id)
    }

    /// Hangs up and closes the connection.
    pub(crate) async fn end(mut self) {
        self.channel().hangup().await.unwrap();
        self.watch.until_channel("StasisEnd", &self.id).await;
        self.watch.close().await;
    }
}

/// Creates a channel that enters an application.
async fn enter(ari: &Client, watch: &mut Recorder, app: &str, id: &str, extension: &str) -> Channel {
    let endpoint = format!("Local/{extension}@default");
    let made = ari.channels().originate_with_id(id, endpoint).app(app).app_args("one,two").await.unwrap();
    assert_eq!(made.id, *id);
    let start = watch.until_channel("StasisStart", id).await;
    let Event::StasisStart(start) = start else { unreachable!() };
    assert_eq!((start.application.as_str(), start.args.join("|").as_str()), (app, "one|two"));
    start.channel
}

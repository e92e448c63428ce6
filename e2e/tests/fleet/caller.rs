use ari_bindings::Client;
use ari_e2e::fleet::{Stand, What};
use ari_e2e::{Server, eventually, unique};

/// Somebody who calls the application of a stand.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) ari: Client,
    pub(crate) id: String,
}

impl Caller {
    /// Calls. The far end of the channel returns all sound.
    pub(crate) async fn call(server: &Server, stand: &Stand) -> Self {
        let (ari, id) = (server.client(), unique("call"));
        ari.channels().originate_with_id(&*id, "Local/echo@default").app(&*stand.app).await.unwrap();
        Self { ari, id }
    }

    /// Calls from the dialplan, where the call goes on if the application does not take it.
    pub(crate) async fn from_dialplan(server: &Server, stand: &Stand) -> Self {
        let (ari, id) = (server.client(), unique("call"));
        let endpoint = format!("Local/stasis-{}@default", stand.app);
        let request = ari.channels().originate_with_id(unique("caller"), endpoint).other_channel_id(&*id);
        request.context("default").extension("wait").await.unwrap();
        Self { ari, id }
    }

    /// Hangs up, and waits until the worker has noticed.
    pub(crate) async fn hangs_up(self, stand: &Stand) {
        self.ari.channel(&*self.id).hangup().await.unwrap();
        stand.until(&self.id, "the end", |entry| matches!(entry.what, What::Ended(_))).await;
        self.is_gone().await;
    }

    /// Waits until the channel no longer exists.
    pub(crate) async fn is_gone(&self) {
        let channel = self.ari.channel(&*self.id);
        eventually(|| async { channel.get().await.is_err_and(|error| error.is_not_found()) }).await;
    }
}

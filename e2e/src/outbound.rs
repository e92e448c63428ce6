use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use ari_bindings::outbound::{Listener, ListenerBuilder};
use ari_bindings::{Client, Event};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{Recorder, Server, eventually, unique};

const USER: &str = "outbound";
const PASSWORD: &str = "outbound-secret";

/// How long a server may take that has been told to connect.
const SOON: Duration = Duration::from_secs(10);

/// How a server is to connect: settings of `websocket_client.conf` and `ari.conf`.
///
/// What was seen with Asterisk 22:
///
/// - It is enough to let `res_ari` read its configuration again: it has `websocket_client.conf` read before. Connections
///   whose settings are the same stay as they are.
/// - It connects at once, and after a failure every `reconnect_interval` for ever; a refusal with 401 is no exception.
///   `reconnect_attempts` only counts how many failures one warning of the log is about.
/// - A connection that was there, and is closed by whichever side, it makes again at once, without any interval.
/// - Once the settings are gone, it unregisters the applications, even those that another connection has taken over,
///   tells so, and closes the connection.
/// - 22.10.1 crashes when a connection is closed while it reads the configuration, and that is not over when the request
///   to do so has been answered: it writes to the applications whose settings have changed. So the server ends first.
/// - A connection for one call is opened when the call enters the application, for an application `APP:CHANNEL-NAME` of
///   73 characters at most, and closed 3 to 4 s after the call has left it, without a word of the application.
/// - The certificate of a listener must have the host of the `uri` as a name; addresses in it do not count.
#[derive(Debug, Clone, Default)]
pub struct Outbound {
    client: BTreeMap<&'static str, String>,
    ari: BTreeMap<&'static str, String>,
}

impl Outbound {
    /// Sets a line of `websocket_client.conf`.
    #[must_use]
    pub fn client(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.client.insert(key, value.into());
        self
    }

    /// Sets a line of `ari.conf`.
    #[must_use]
    pub fn ari(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.ari.insert(key, value.into());
        self
    }

    /// A listener in the making that lets in who presents the user and password that are sent unless set otherwise.
    pub fn listener() -> ListenerBuilder {
        Listener::builder().credentials(USER, PASSWORD)
    }

    /// Tells the server to connect to this address for these applications.
    ///
    /// # Panics
    ///
    /// If that cannot be written, or the server does not read it.
    pub async fn tell(self, server: &Server, address: SocketAddr, apps: &[&str]) -> OutboundGuard {
        let name = unique("outbound");
        let mut client = BTreeMap::from([
            ("connection_type", "persistent".to_owned()),
            ("uri", format!("ws://{address}/")),
            ("protocols", "ari".to_owned()),
            ("username", USER.to_owned()),
            ("password", PASSWORD.to_owned()),
            // No test waits longer than it must.
            ("reconnect_interval", "50".to_owned()),
        ]);
        client.extend(self.client);
        let mut ari = BTreeMap::from([
            ("websocket_client_id", name.clone()),
            ("apps", apps.join(",")),
            ("local_ari_user", server.get("ARI_USER").to_owned()),
        ]);
        ari.extend(self.ari);
        let told = OutboundGuard { server: server.clone(), name, is_over: false };
        told.write("websocket_client", &section(&told.name, "websocket_client", &client)).await;
        told.write("ari", &section(&told.name, "outbound_websocket", &ari)).await;
        told.reload().await;
        told
    }

    /// Opens a connection, as [`Server::open`] does, to such a listener.
    ///
    /// # Panics
    ///
    /// If there is none after 10 s.
    pub async fn open<App: AsRef<str>>(
        self,
        server: &Server,
        listener: ListenerBuilder,
        apps: &[App],
    ) -> (Client, Recorder) {
        let apps: Vec<&str> = apps.iter().map(AsRef::as_ref).collect();
        let listener = listener.applications(&apps).http(&server.client()).bind("127.0.0.1:0");
        let mut listener = listener.await.expect("a free port");
        let told = self.tell(server, listener.local_addr(), &apps).await;
        let session = timeout(SOON, listener.accept()).await.unwrap_or_else(|_| panic!("no connection for {apps:?}"));
        let (client, mut events) = session.expect("the listener is open").into_parts();
        let mut expected: BTreeSet<&str> = apps.iter().copied().collect();
        let end = Instant::now() + SOON;
        while !expected.is_empty() {
            let event = timeout_at(end, events.next()).await.unwrap_or_else(|_| panic!("no word of {expected:?}"));
            match event {
                Some(Ok(Event::ApplicationRegistered(event))) => expected.remove(event.application.as_str()),
                other => panic!("{other:?} before {expected:?}"),
            };
        }
        (client, Recorder::outbound(events, told, listener))
    }
}

fn section(name: &str, kind: &str, settings: &BTreeMap<&'static str, String>) -> String {
    let lines = settings.iter().map(|(key, value)| format!("{key} = {value}\n"));
    format!("[{name}]\ntype = {kind}\n{}", lines.collect::<String>())
}

/// A server has been told to connect. When this is dropped, it is told not to any more.
///
/// Every one has files of its own, which those of the server include, so that tests do not get into each other's way.
#[derive(Debug)]
#[must_use = "when it is dropped, the server does not connect any more"]
pub struct OutboundGuard {
    server: Server,
    name: String,
    is_over: bool,
}

impl OutboundGuard {
    /// The same as dropping it, but the runtime goes on meanwhile, and a failure is told.
    ///
    /// # Panics
    ///
    /// If the server does not read its configuration again.
    pub async fn remove(mut self) {
        self.server.run(&["rm", "-f", &self.path("websocket_client"), &self.path("ari")]).await;
        self.reload().await;
        self.is_over = true;
    }

    async fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        // Nothing in it may have a meaning to the shell.
        let script = "mkdir -p \"$(dirname \"$1\")\" && printf %s \"$2\" > \"$1\"";
        self.server.run(&["sh", "-c", script, "sh", &path, text]).await;
    }

    async fn reload(&self) {
        let client = self.server.client();
        // The server does one at a time, and refuses others meanwhile. No event tells when one is over.
        eventually(|| async {
            let reloaded = client.module("res_ari.so").reload_module().await;
            reloaded.inspect_err(|error| assert_eq!(error.status(), Some(409), "{error}")).is_ok()
        })
        .await;
    }

    fn path(&self, file: &str) -> String {
        format!("/etc/ari-tests/{file}.d/{}.conf", self.name)
    }
}

impl Drop for OutboundGuard {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let script = "rm -f \"$1\" \"$2\"; for again in 1 2 3 4 5 6 7 8 9; do \
                      /usr/sbin/asterisk -C /etc/ari-tests/asterisk.conf -rx 'module reload res_ari' \
                      | grep -q 'reloaded successfully' && break; sleep 0.1; done";
        let mut command = Command::new(self.server.get("RUN"));
        command.args(["sh", "-c", script, "sh", &self.path("websocket_client"), &self.path("ari")]);
        // There may be no server any more.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

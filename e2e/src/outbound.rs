use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use ari_bindings::outbound::{Listener, ListenerBuilder};
use ari_bindings::{Client, Event};
use ari_test::Fake;
use tokio::time::{Instant, timeout, timeout_at};

use crate::{Recorder, Server, eventually, unique};

const USER: &str = "outbound";
const PASSWORD: &str = "outbound-secret";

/// How long a server may take to connect.
const SOON: Duration = Duration::from_secs(10);

/// Settings of `websocket_client.conf` and `ari.conf` for a connection that the server opens.
///
/// Observed with Asterisk 22:
///
/// - Reloading `res_ari` is enough: it reloads `websocket_client.conf` first. Connections with unchanged settings stay
///   open.
/// - The server connects immediately. After a failure, including a refusal with 401, it retries every
///   `reconnect_interval` indefinitely. `reconnect_attempts` only sets how many failures one warning in the log covers.
/// - When either side closes an established connection, the server reconnects immediately, without any interval.
/// - When the settings are removed, it unregisters the applications, even those that another connection has taken over,
///   sends events about it, and closes the connection.
/// - 22.10.1 crashes when a connection is closed during a reload, which continues after the reply to the reload request:
///   the server still writes to the applications whose settings have changed. So the server must close first.
/// - A per-call connection is opened when the call enters the application, for an application `APP:CHANNEL-NAME` of at
///   most 73 characters, and closed 3 to 4 s after the call has left it, without an event about the application.
/// - The certificate of a listener must contain the host of the `uri` as a DNS name; IP addresses in it are ignored.
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

    /// A builder of a listener that accepts the default user and password of [`connect_to`](Self::connect_to).
    pub fn listener() -> ListenerBuilder {
        Listener::builder().credentials(USER, PASSWORD)
    }

    /// Makes the server connect to this address for these applications.
    ///
    /// # Panics
    ///
    /// If the configuration cannot be written or reloaded.
    pub async fn connect_to(self, server: &Server, address: SocketAddr, apps: &[&str]) -> OutboundGuard {
        let name = unique("outbound");
        let mut client = BTreeMap::from([
            ("connection_type", "persistent".to_owned()),
            ("uri", format!("ws://{address}/")),
            ("protocols", "ari".to_owned()),
            ("username", USER.to_owned()),
            ("password", PASSWORD.to_owned()),
            // Short, so that tests do not wait.
            ("reconnect_interval", "50".to_owned()),
        ]);
        client.extend(self.client);
        let mut ari = BTreeMap::from([
            ("websocket_client_id", name.clone()),
            ("apps", apps.join(",")),
            ("local_ari_user", server.get("ARI_USER").to_owned()),
        ]);
        ari.extend(self.ari);
        if let Some(fake) = server.fake() {
            return OutboundGuard {
                server: server.clone(),
                name,
                is_removed: true,
                _fake: Some(of_fake(&fake, &client, &ari)),
            };
        }
        let guard = OutboundGuard { server: server.clone(), name, is_removed: false, _fake: None };
        guard.write("websocket_client", &section(&guard.name, "websocket_client", &client)).await;
        guard.write("ari", &section(&guard.name, "outbound_websocket", &ari)).await;
        guard.reload().await;
        guard
    }

    /// Opens a connection to this listener, as [`Server::open`] does.
    ///
    /// # Panics
    ///
    /// If the server does not connect within 10 s.
    pub async fn open<App: AsRef<str>>(
        self,
        server: &Server,
        listener: ListenerBuilder,
        apps: &[App],
    ) -> (Client, Recorder) {
        let apps: Vec<&str> = apps.iter().map(AsRef::as_ref).collect();
        let listener = listener.applications(&apps).http(&server.client()).bind("127.0.0.1:0");
        let mut listener = listener.await.expect("a free port");
        let guard = self.connect_to(server, listener.local_addr(), &apps).await;
        let session = timeout(SOON, listener.accept()).await.unwrap_or_else(|_| panic!("no connection for {apps:?}"));
        let (client, mut events) = session.expect("the listener is open").into_parts();
        let mut expected: BTreeSet<&str> = apps.iter().copied().collect();
        let end = Instant::now() + SOON;
        while !expected.is_empty() {
            let event = timeout_at(end, events.next()).await.unwrap_or_else(|_| panic!("{expected:?} not registered"));
            match event {
                Some(Ok(Event::ApplicationRegistered(event))) => expected.remove(event.application.as_str()),
                other => panic!("{other:?} before {expected:?}"),
            };
        }
        (client, Recorder::outbound(events, guard, listener))
    }
}

/// Has a fake connect as these settings say.
fn of_fake(
    fake: &Fake,
    client: &BTreeMap<&'static str, String>,
    ari: &BTreeMap<&'static str, String>,
) -> ari_test::Outbound {
    let apps: Vec<String> = ari["apps"].split(',').map(str::to_owned).collect();
    let builder = fake.outbound(apps).credentials(&client["username"], &client["password"]);
    let builder = builder.local_user(&ari["local_ari_user"]);
    let builder = builder.subscribe_all(ari.get("subscribe_all").is_some_and(|all| all == "yes"));
    let builder = if client["connection_type"] == "persistent" { builder } else { builder.per_call() };
    builder.to_url(&client["uri"])
}

fn section(name: &str, kind: &str, settings: &BTreeMap<&'static str, String>) -> String {
    let lines = settings.iter().map(|(key, value)| format!("{key} = {value}\n"));
    format!("[{name}]\ntype = {kind}\n{}", lines.collect::<String>())
}

/// The configuration of a connection that the server opens. Dropping the guard removes it.
///
/// Each guard has separate files, which the server's configuration includes, so that tests do not interfere.
#[derive(Debug)]
#[must_use = "the server stops connecting when the guard is dropped"]
pub struct OutboundGuard {
    server: Server,
    name: String,
    is_removed: bool,
    /// The same for a fake.
    _fake: Option<ari_test::Outbound>,
}

impl OutboundGuard {
    /// Removes the configuration without blocking the runtime, and reports failures, unlike dropping the guard.
    ///
    /// # Panics
    ///
    /// If the server does not reload its configuration.
    pub async fn remove(mut self) {
        if self.is_removed {
            return;
        }
        self.server.run(&["rm", "-f", &self.path("websocket_client"), &self.path("ari")]).await;
        self.reload().await;
        self.is_removed = true;
    }

    /// Removes the configuration after the program has closed the connection, which the server has opened again.
    ///
    /// # Panics
    ///
    /// If the server does not connect, or does not close the connection then.
    pub async fn remove_reconnected(self, mut listener: Listener) {
        let session = timeout(SOON, listener.accept()).await.expect("the server connects again");
        let (_, events) = session.expect("the listener is open").into_parts();
        Recorder::outbound(events, self, listener).close().await;
    }

    async fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        // Passed as arguments, so that the shell interprets nothing in them.
        let script = "mkdir -p \"$(dirname \"$1\")\" && printf %s \"$2\" > \"$1\"";
        self.server.run(&["sh", "-c", script, "sh", &path, text]).await;
    }

    async fn reload(&self) {
        let client = self.server.client();
        // The server refuses a reload while another one runs, and no event reports the end of a reload.
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
        if self.is_removed {
            return;
        }
        let script = "rm -f \"$1\" \"$2\"; for again in 1 2 3 4 5 6 7 8 9; do \
                      /usr/sbin/asterisk -C /etc/ari-tests/asterisk.conf -rx 'module reload res_ari' \
                      | grep -q 'reloaded successfully' && break; sleep 0.1; done";
        let mut command = Command::new(self.server.get("RUN"));
        command.args(["sh", "-c", script, "sh", &self.path("websocket_client"), &self.path("ari")]);
        // The server may have stopped.
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

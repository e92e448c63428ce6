use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::{env, process};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::Process;
use crate::{eventually, unique};

/// A NATS server of a test's own, which is removed with its store when it is dropped.
#[derive(Debug)]
pub struct NatsServer {
    process: Process,
    folder: PathBuf,
    client: u16,
    monitor: u16,
}

/// Three NATS servers that form a cluster.
#[derive(Debug)]
pub struct NatsCluster {
    /// The servers.
    pub servers: Vec<NatsServer>,
}

impl NatsServer {
    /// Starts a server with JetStream.
    ///
    /// # Panics
    ///
    /// If there is no program (`cargo xtask nats install` installs it), or it does not start.
    pub async fn start() -> Self {
        Self::with("jetstream { store_dir: \"STORE\" }\n").await
    }

    /// Starts a server with this configuration, in which `STORE` stands for a folder of its own.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn with(config: &str) -> Self {
        let server = Self::spawn("nats", free_port(), config);
        server.until_ready().await;
        server
    }

    fn spawn(name: &str, client: u16, config: &str) -> Self {
        let folder = env::temp_dir().join(unique("nats"));
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let monitor = free_port();
        let own = format!("server_name: {name}\nlisten: \"127.0.0.1:{client}\"\nhttp: \"127.0.0.1:{monitor}\"\n");
        let config = config.replace("STORE", &folder.join("store").display().to_string());
        fs::write(folder.join("nats.conf"), own + &config).expect("a folder of its own");
        Self { process: Self::process(&folder), folder, client, monitor }
    }

    fn process(folder: &Path) -> Process {
        let mut command = Command::new(program());
        command.arg("-c").arg(folder.join("nats.conf"));
        Process::start(command, &folder.join("log"))
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.client)
    }

    /// What clients connect to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.client))
    }

    /// Kills it, as a crash does.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it again, with what it had stored.
    pub async fn restart(&mut self) {
        self.process = Self::process(&self.folder);
        self.until_ready().await;
    }

    /// What it has printed.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }

    async fn until_ready(&self) {
        eventually(|| async { self.is_ready().await.unwrap_or(false) }).await;
    }

    async fn is_ready(&self) -> std::io::Result<bool> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.monitor)).await?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").await?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        Ok(reply.starts_with(b"HTTP/1.1 200 "))
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl NatsCluster {
    /// Starts three servers, and waits until they have found each other.
    ///
    /// # Panics
    ///
    /// If one does not start.
    pub async fn start() -> Self {
        let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let servers = routes.iter().enumerate().map(|(index, route)| {
            let mut config = "jetstream { store_dir: \"STORE\" }\n".to_owned();
            let others: Vec<_> = routes.iter().filter(|other| *other != route).collect();
            let others: Vec<_> = others.into_iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(
                config,
                "cluster {{ name: fleet, listen: \"127.0.0.1:{route}\", routes: [{}], no_advertise: true }}",
                others.join(", ")
            );
            NatsServer::spawn(&format!("n{}", index + 1), free_port(), &config)
        });
        let cluster = Self { servers: servers.collect() };
        for server in &cluster.servers {
            server.until_ready().await;
        }
        cluster
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        self.servers.iter().map(NatsServer::url).collect::<Vec<_>>().join(",")
    }

    /// The server that leads a stream.
    ///
    /// # Panics
    ///
    /// If the stream has no leader within a few seconds.
    pub async fn leader_of(&mut self, stream: &str) -> &mut NatsServer {
        let nats = async_nats::connect(self.url().split(',').collect::<Vec<_>>()).await.expect("a cluster");
        let jetstream = async_nats::jetstream::new(nats);
        let leader = super::view::until_some(|| async {
            jetstream.get_stream(stream).await.ok()?.cached_info().cluster.clone()?.leader
        });
        let index = leader.await.trim_start_matches('n').parse::<usize>().expect("n1, n2 or n3");
        &mut self.servers[index - 1]
    }
}

/// The program, as `cargo xtask nats install` has left word.
fn program() -> PathBuf {
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/nats/state");
    let text = fs::read_to_string(&state).unwrap_or_else(|error| {
        panic!("no NATS server ({}: {error}); `cargo xtask nats install` installs it", state.display())
    });
    let line = text.lines().find_map(|line| line.strip_prefix("PROGRAM="));
    line.unwrap_or_else(|| panic!("{} names no PROGRAM", state.display())).into()
}

/// A port that is free now. Each process begins at another number, because tests of several run at once.
fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed) + process::id().wrapping_mul(97);
        // Below the ports that the system gives to connections.
        let port = u16::try_from(20_000 + step % 12_000).unwrap_or(20_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

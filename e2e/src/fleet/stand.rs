use std::path::PathBuf;
use std::process::Output;
use std::{env, fs};

use tokio::process::Command;

use super::journal::Entry;
use super::view::until_some;
use super::{FleetView, Journal, Process, SOON, What, programs};
use crate::{Server, eventually, unique};

/// One fleet of a test: its application, and a folder for what its processes write.
#[derive(Debug)]
pub struct Stand {
    /// The application.
    pub app: String,
    /// What the fleet announces.
    pub view: FleetView,
    url: String,
    folder: PathBuf,
    is_kept: bool,
}

/// The gateway of an Asterisk.
#[derive(Debug)]
pub struct Gateway {
    /// The process.
    pub process: Process,
    /// The name of its node.
    pub node: String,
}

/// A process that serves the application.
#[derive(Debug)]
pub struct Worker {
    /// The process.
    pub process: Process,
    /// Its name.
    pub name: String,
}

impl Stand {
    /// A fleet with an application that nobody else uses, over these NATS servers.
    ///
    /// # Panics
    ///
    /// If NATS cannot be reached.
    pub async fn new(url: &str) -> Self {
        Self::seen_by(url, url).await
    }

    /// As [`Stand::new`], looked at through another address than its processes use.
    ///
    /// # Panics
    ///
    /// If NATS cannot be reached.
    pub async fn seen_by(url: &str, own: &str) -> Self {
        let app = unique("fleet");
        let folder = env::temp_dir().join(&app);
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self { app, view: FleetView::connect(own).await, url: url.to_owned(), folder, is_kept: false }
    }

    /// Starts the gateway of a server, without waiting for anything.
    #[must_use]
    pub fn spawn_gateway(&self, node: &str, server: &Server) -> Gateway {
        self.spawn_gateway_at(node, server, server.url(), &self.url)
    }

    /// Starts the gateway of a server with further options, and waits until it has the events.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn gateway_with(&self, node: &str, server: &Server, options: &[&str]) -> Gateway {
        let gateway = self.gateway_by(node, server, server.url(), options);
        self.until_up(node).await;
        gateway
    }

    /// As [`Stand::spawn_gateway`], with other addresses of ARI and of NATS.
    #[must_use]
    pub fn spawn_gateway_at(&self, node: &str, server: &Server, ari: &str, nats: &str) -> Gateway {
        self.run_gateway(self.gateway_command(node, server, ari, nats), node)
    }

    /// Starts the gateway of a server at another address of ARI, with further options.
    #[must_use]
    pub fn gateway_by(&self, node: &str, server: &Server, ari: &str, options: &[&str]) -> Gateway {
        let mut command = self.gateway_command(node, server, ari, &self.url);
        command.args(options);
        self.run_gateway(command, node)
    }

    fn gateway_command(&self, node: &str, server: &Server, ari: &str, nats: &str) -> Command {
        let mut command = Command::new(programs::ari_fleet());
        command.args(["gateway", "--nats", nats, "--node", node, "--url", ari, "--app", &self.app]);
        command.args(["--user", server.get("ARI_USER")]).env("ARI_PASSWORD", server.get("ARI_PASSWORD"));
        command
    }

    fn run_gateway(&self, command: Command, node: &str) -> Gateway {
        let log = self.folder.join(format!("gateway-{node}.log"));
        Gateway { process: Process::start(command, &log), node: node.to_owned() }
    }

    /// Runs the command `ari-fleet` for this fleet, and waits for its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    pub async fn ari_fleet(&self, words: &[&str]) -> Output {
        let mut command = Command::new(programs::ari_fleet());
        command.args(words).args(["--nats", &self.url]).kill_on_drop(true);
        command.output().await.unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    /// Starts the gateway of a server, and waits until it has the events.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn gateway(&self, node: &str, server: &Server) -> Gateway {
        let gateway = self.spawn_gateway(node, server);
        self.until_up(node).await;
        gateway
    }

    /// Waits until a node is announced as up.
    pub async fn until_up(&self, node: &str) {
        eventually(|| async {
            let nodes = self.view.nodes().await;
            nodes.iter().any(|found| found.node == node && found.up && found.apps.contains(&self.app))
        })
        .await;
    }

    /// Starts a worker, without waiting for anything.
    #[must_use]
    pub fn spawn_worker(&self, name: &str, options: &[&str]) -> Worker {
        self.spawn_worker_at(name, &self.url, options)
    }

    /// As [`Stand::spawn_worker`], with another address of NATS.
    #[must_use]
    pub fn spawn_worker_at(&self, name: &str, nats: &str, options: &[&str]) -> Worker {
        let mut command = Command::new(programs::fleet_worker());
        command.args([nats, &self.app, name]).arg(self.journal(name)).args(options);
        Worker { process: Process::start(command, &self.log(name)), name: name.to_owned() }
    }

    /// Starts a worker, and waits until it owns a lane.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub async fn worker(&self, name: &str) -> Worker {
        let worker = self.spawn_worker(name, &[]);
        self.until_serving(name).await;
        worker
    }

    /// Waits until a worker takes calls.
    pub async fn until_serving(&self, name: &str) {
        eventually(|| async { self.view.lanes_of(name).await.iter().any(|lane| lane.accepting) }).await;
    }

    fn journal(&self, worker: &str) -> PathBuf {
        self.folder.join(format!("{worker}.journal"))
    }

    fn log(&self, worker: &str) -> PathBuf {
        self.folder.join(format!("{worker}.log"))
    }

    /// What all workers have written down.
    ///
    /// # Panics
    ///
    /// If the folder is gone.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let files = fs::read_dir(&self.folder).expect("the folder of the stand").flatten();
        let paths = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "journal"));
        Journal::read(&paths.collect::<Vec<_>>())
    }

    /// What was written down about one call.
    #[must_use]
    pub fn of_call(&self, call: &str) -> Vec<Entry> {
        self.entries().into_iter().filter(|entry| entry.call == call).collect()
    }

    /// Waits for an entry about a call; what the processes printed is part of the failure.
    ///
    /// # Panics
    ///
    /// If it does not come.
    pub async fn until(&self, call: &str, what: &str, is_wanted: impl Fn(&Entry) -> bool) -> Entry {
        let found = until_some(|| async { self.of_call(call).into_iter().find(|entry| is_wanted(entry)) });
        let Ok(entry) = tokio::time::timeout(SOON, found).await else {
            panic!("{what} does not come; {call}: {:#?}\n{}", self.of_call(call), self.logs())
        };
        entry
    }

    /// Waits until a worker has carried out a step of a call after this many.
    pub async fn until_step_by(&self, call: &str, worker: &str, after: u64) -> u64 {
        let is_step =
            |entry: &Entry| entry.worker == worker && matches!(entry.what, What::Step(number) if number > after);
        let entry = self.until(call, &format!("a step after {after} by {worker}"), is_step).await;
        let What::Step(number) = entry.what else { unreachable!("that was asked for") };
        number
    }

    /// Ends the fleet, and keeps what its processes have written; returns the folder.
    #[must_use]
    pub fn keep(mut self) -> String {
        self.is_kept = true;
        self.folder.display().to_string()
    }

    /// What all processes have printed.
    #[must_use]
    pub fn logs(&self) -> String {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let logs = files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|it| it == "log"));
        let texts = logs.map(|path| {
            let said = fs::read_to_string(&path).unwrap_or_default();
            format!("== {}\n{said}\n", path.display())
        });
        texts.collect::<Vec<_>>().concat()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        // What a failed test leaves explains it.
        if !self.is_kept && !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

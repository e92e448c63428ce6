//! `cargo xtask conformance`: calls every operation that a server declares, provokes every event, and reports how the
//! server deviates from its declaration.

mod absent;
mod command;
mod declaration;
mod deviation;
mod frames;
mod proxy;
mod record;
mod report;
mod scene;
mod scenes;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs};

use ari_bindings::Client;
use ari_codegen::Release;
use ari_e2e::Server;
use tokio::task::JoinSet;

use command::ByCommand;
use declaration::Declaration;
use proxy::Log;
use report::Report;
use scene::{Notes, Scene};
use scenes::SCENES;

/// The time limit of a scene.
const LIMIT: Duration = Duration::from_secs(30);

/// The options of the command line.
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    check: bool,
    record: bool,
    by_command: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let (mut options, mut servers) = (Options::default(), Vec::new());
    for word in env::args().skip(1) {
        match word.as_str() {
            "--check" => options.check = true,
            "--record" => options.record = true,
            "--by-command" => options.by_command = true,
            url if url.starts_with("http://") => servers.push(Server::at(url)),
            release => servers.push(Server::of(release)),
        }
    }
    if servers.is_empty() {
        servers = Server::all();
    }
    let mut runs = JoinSet::new();
    for server in servers {
        runs.spawn(run(server, options));
    }
    let faults: Vec<String> = runs.join_all().await.into_iter().flatten().collect();
    for fault in &faults {
        eprintln!("{fault}");
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Checks one server and returns its faults.
async fn run(server: Server, options: Options) -> Vec<String> {
    let started = Instant::now();
    let (user, password) = (server.get("ARI_USER").to_owned(), server.get("ARI_PASSWORD").to_owned());
    let (log, notes) = (Arc::<Log>::default(), Arc::<Notes>::default());
    let url = proxy::start(server.url(), Arc::clone(&log)).await.expect("a free port");
    let declaration =
        Declaration::read(server.url(), &user, &password).await.expect("a server with a readable declaration");
    let declaration = Arc::new(declaration);
    let mut builder = Client::builder(&url).credentials(user, password);
    if options.by_command {
        builder = builder.http_service(ByCommand::new(&url, &server, &log));
    }
    let client = builder.build().expect("a good URL");
    let version = server.client().server_version().await.expect("a server that answers").version().to_owned();
    let server = server.with_version(&version);
    let stage = Stage { client, server, declaration, notes, log: Arc::clone(&log) };
    let mut faults = stage.play(SCENES).await;
    let report = report::write(&stage.declaration, &version, &log, &stage.notes);
    println!("Asterisk {version}: {} in {:.1} s", report.summary, started.elapsed().as_secs_f64());
    let name = Release::of_server(&version).map_or_else(|| version.clone(), |release| release.to_string());
    if stage.server.release().starts_with("http://") {
        // A server with another configuration has no stored report, and may be unable to send every event.
        println!("{}", report.text);
    } else {
        faults.extend(report.faults.iter().cloned());
        faults.extend(keep(&report, &name, options));
    }
    if options.record {
        faults.extend(record::write(
            &folder().join("../ari-bindings/tests/recorded/data").join(&name),
            &log,
            &stage.declaration,
        ));
    }
    faults.into_iter().map(|fault| format!("Asterisk {name}: {fault}")).collect()
}

/// What the scenes are played with.
struct Stage {
    client: Client,
    server: Server,
    declaration: Arc<Declaration>,
    notes: Arc<Notes>,
    log: Arc<Log>,
}

impl Stage {
    /// Plays the scenes one after the other, because of the server's locks, and returns those that failed.
    async fn play(&self, scenes: &[scenes::Entry]) -> Vec<String> {
        let mut failed = Vec::new();
        for scenes::Entry { name, needs, run } in scenes {
            if let Some(key) = needs.iter().find(|key| !self.server.has(key)) {
                println!("{name}: skipped, because it needs {key} of a server of `cargo xtask asterisk`");
                continue;
            }
            let (client, server) = (self.client.clone(), self.server.clone());
            let (declaration, notes) = (Arc::clone(&self.declaration), Arc::clone(&self.notes));
            let (log, run) = (Arc::clone(&self.log), *run);
            let scene = async move { run(Scene::open(client, server, declaration, notes, log).await).await };
            // A separate task, so that a panic does not end the other scenes.
            match tokio::spawn(tokio::time::timeout(LIMIT, scene)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => failed.push(format!("{name}: takes longer than {LIMIT:?}")),
                Err(error) => failed.push(format!("{name}: {error}")),
            }
        }
        failed
    }
}

/// Writes the report, or compares it with the stored one.
fn keep(report: &Report, release: &str, options: Options) -> Option<String> {
    let path = folder().join("conformance").join(format!("{release}.md"));
    let before = fs::read_to_string(&path).unwrap_or_default();
    if before == report.text {
        return None;
    }
    if options.check {
        let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), report.text.lines().collect());
        let gone = old.iter().filter(|line| !new.contains(line)).map(|line| format!("\n- {line}"));
        let come = new.iter().filter(|line| !old.contains(line)).map(|line| format!("\n+ {line}"));
        let lines: String = gone.chain(come).collect();
        return Some(format!("differs from {}; `cargo xtask conformance` writes it anew:{lines}", path.display()));
    }
    let write = || fs::create_dir_all(folder().join("conformance")).and_then(|()| fs::write(&path, &report.text));
    write().err().map(|error| format!("{}: {error}", path.display()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

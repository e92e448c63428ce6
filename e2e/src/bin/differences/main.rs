//! `cargo xtask differences`: runs the same scenes on real servers and on the fake, and reports what differs.

mod compare;
mod normal;
mod report;
mod script;
mod target;
mod trace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use ari_codegen::Release;
use ari_e2e::Server;
use tokio::task::JoinSet;

use compare::compare;
use report::Compared;
use script::Scene;
use target::Target;
use trace::{Trace, play};

/// How often a scene with events is played on a real server.
const REAL_RUNS: usize = 5;

/// How many seeds of the fake play it.
const SEEDS: u64 = 20;

/// How many fakes play at the same time.
const AT_ONCE: usize = 3;

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let is_check = words.iter().any(|word| word == "--check");
    let only = words.iter().find_map(|word| word.strip_prefix("--scene="));
    let mut compared = Vec::new();
    let servers = Server::all();
    if let Some(only) = only {
        if servers.iter().all(|server| scenes(server, Some(only)).is_empty()) {
            eprintln!("error: the name of no scene begins with {only}");
            return ExitCode::FAILURE;
        }
    }
    for server in &servers {
        let done = run(server, only).await;
        println!("{}", report::summary(&done));
        compared.push(done);
    }
    let (text, path) = (report::write(&compared), path());
    if only.is_some() {
        println!("{text}");
        return ExitCode::SUCCESS;
    }
    let before = fs::read_to_string(&path).unwrap_or_default();
    if before == text {
        return ExitCode::SUCCESS;
    }
    if is_check {
        eprintln!("error: {} is out of date; `cargo xtask differences` writes it", path.display());
        return ExitCode::FAILURE;
    }
    if let Err(error) = fs::write(&path, text) {
        eprintln!("error: {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Plays the scenes on a server, and on the fake that has its release.
async fn run(server: &Server, only: Option<&str>) -> Compared {
    let release = Release::of_server(server.get("VERSION")).expect("a release").to_string();
    let target = Target::server(server);
    let mut outcomes = Vec::new();
    for scene in &scenes(server, only) {
        println!("Asterisk {release}: {}", scene.name);
        let runs = if scene.has_events() { REAL_RUNS } else { 1 };
        let mut real = Vec::new();
        for _ in 0..runs {
            real.push(play(scene, &target).await);
        }
        let seeds = if scene.has_events() { SEEDS } else { 1 };
        outcomes.push(compare(scene, &real, &fakes(scene, &release, seeds).await));
    }
    Compared { release, outcomes }
}

/// The scenes of a server's release, or those whose names begin with a text.
fn scenes(server: &Server, only: Option<&str>) -> Vec<Scene> {
    let mut scenes = script::read("requests.txt", server.major());
    scenes.extend(script::read("scenes.txt", server.major()));
    scenes.retain(|scene| only.is_none_or(|only| scene.name.starts_with(only)));
    scenes
}

/// Plays a scene on the fake with each seed.
async fn fakes(scene: &Scene, release: &str, seeds: u64) -> Vec<Trace> {
    let (mut running, mut traces) = (JoinSet::new(), Vec::new());
    for seed in 0..seeds {
        if running.len() == AT_ONCE {
            traces.extend(running.join_next().await.map(|trace| trace.expect("no panic")));
        }
        let (scene, release) = (scene.clone(), release.to_owned());
        running.spawn(async move { play(&scene, &Target::fake(&release, seed).await).await });
    }
    traces.extend(running.join_all().await);
    traces
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../ari-test/DIFFERENCES.md")
}

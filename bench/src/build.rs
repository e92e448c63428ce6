//! What it costs to build a program that uses the bindings.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::options::Options;
use crate::statistics;
use crate::table::Table;
use crate::{Failure, usage};

/// A program of a few lines.
struct Program {
    name: &'static str,
    dependencies: &'static str,
    /// What stands in its `main`.
    main: &'static str,
    /// Whether its `main` is asynchronous.
    is_async: bool,
}

const TOKIO: &str = r#"tokio = { version = "1", features = ["macros", "rt-multi-thread"] }"#;

/// It decodes an event.
const DATA: &str = r##"
    let event = ari_bindings::Event::from_text(r#"{"type":"ApplicationReplaced","application":"hello-world"}"#);
    println!("{event:?}");
"##;

/// It asks for the channels.
const REQUESTS: &str = r#"
    let ari = ari_bindings::Client::builder("http://127.0.0.1:8088/ari").credentials("user", "password").build()?;
    println!("{:?}", ari.channels().list().await?);
"#;

/// It waits for one event and asks for the channels.
const BOTH: &str = r#"
    let ari = ari_bindings::Client::builder("http://127.0.0.1:8088/ari").credentials("user", "password")
        .transport(ari_bindings::Transport::WebSocket).build()?;
    let mut events = ari.events(["hello-world"]).await?;
    println!("{:?}", events.next().await);
    println!("{:?}", ari.channels().list().await?);
"#;

/// The same by hand, after something else.
macro_rules! by_hand {
    ($before:literal) => {
        concat!(
            $before,
            r#"
    let channels = reqwest::get("http://user:password@127.0.0.1:8088/ari/channels").await?.bytes().await?;
    println!("{:?} {:?}", serde_json::from_slice::<serde_json::Value>(&channels)?, chrono::NaiveDate::MIN);
    let (socket, _) = tokio_tungstenite::connect_async("ws://127.0.0.1:8088/ari/events?app=hello-world").await?;
    println!("{:?}", socket.get_config());
"#
        )
    };
}

/// It takes a connection that Asterisk makes.
const SERVER: &str = r#"
    let mut listener = ari_bindings::outbound::Listener::builder().bind("127.0.0.1:8765").await?;
    let Some(mut session) = listener.accept().await else { return Ok(()) };
    println!("{:?}", session.events().next().await);
    println!("{:?}", session.client().channels().list().await?);
"#;

/// Names of programs that [goals](crate::goals) are about.
pub(crate) const DATA_ALONE: &str = "no feature: data alone";
pub(crate) const DEFAULT: &str = "default: `http`, `websocket`, `tls`";
pub(crate) const PEER: &str = "asterisk-rs-ari 0.8.0";

const PROGRAMS: &[Program] = &[
    Program {
        name: "serde_json and chrono, without bindings",
        dependencies: r#"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
chrono = { version = "0.4", default-features = false, features = ["std"] }
"#,
        main: r##"
    let event: serde_json::Value = serde_json::from_str(r#"{"type":"ApplicationReplaced"}"#)?;
    println!("{event} {:?}", chrono::NaiveDate::MIN);
"##,
        is_async: false,
    },
    Program {
        name: DATA_ALONE,
        dependencies: r#"ari-bindings = { path = "{ours}", default-features = false }"#,
        main: DATA,
        is_async: false,
    },
    Program {
        name: "`http`",
        dependencies: r#"ari-bindings = { path = "{ours}", default-features = false, features = ["http"] }"#,
        main: REQUESTS,
        is_async: true,
    },
    Program {
        name: "`http` and `websocket`: no TLS",
        dependencies: r#"ari-bindings = { path = "{ours}", default-features = false, features = ["websocket"] }"#,
        main: BOTH,
        is_async: true,
    },
    Program {
        name: "reqwest and tokio-tungstenite, without bindings and TLS",
        dependencies: r#"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
chrono = { version = "0.4", default-features = false, features = ["std"] }
reqwest = { version = "0.13", default-features = false }
tokio-tungstenite = "0.30"
"#,
        main: by_hand!(""),
        is_async: true,
    },
    Program {
        name: "reqwest and tokio-tungstenite, without bindings",
        dependencies: r#"
serde = { version = "1", features = ["derive"] }
serde_json = "1"
chrono = { version = "0.4", default-features = false, features = ["std"] }
reqwest = { version = "0.13", default-features = false, features = ["rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring"] }
tokio-tungstenite = { version = "0.30", features = ["rustls-tls-native-roots"] }
"#,
        main: by_hand!("let _ = rustls::crypto::ring::default_provider().install_default();"),
        is_async: true,
    },
    Program { name: DEFAULT, dependencies: r#"ari-bindings = { path = "{ours}" }"#, main: BOTH, is_async: true },
    Program {
        name: "default and `outbound`",
        dependencies: r#"ari-bindings = { path = "{ours}", features = ["outbound"] }"#,
        main: SERVER,
        is_async: true,
    },
    #[cfg(feature = "peers")]
    Program {
        name: PEER,
        dependencies: r#"asterisk-rs-ari = "=0.8.0""#,
        main: r#"
    let config = asterisk_rs_ari::config::AriConfigBuilder::new("hello-world");
    let ari = asterisk_rs_ari::AriClient::connect(config.username("user").password("password").build()?).await?;
    println!("{:?}", asterisk_rs_ari::resources::channel::list(&ari).await?);
    println!("{:?}", ari.subscribe().recv_lossy().await);
"#,
        is_async: true,
    },
];

/// Seconds on the processor of one round.
#[derive(Default)]
struct Seconds {
    check: Vec<f64>,
    build: Vec<f64>,
    edit: Vec<f64>,
}

/// What each program costs. The programs take turns.
pub(crate) fn run(options: &Options) -> Result<Table, Failure> {
    let head = ["features", "crates", "CPU s, check", "CPU s, build", "CPU s, after an edit", "MiB, stripped release"];
    let mut table = Table::new("Building a program of a few lines", &head);
    table.bars("build", "CPU s, build");
    let rounds = options.build_rounds();
    let mut seconds: Vec<Seconds> = PROGRAMS.iter().map(|_| Seconds::default()).collect();
    for _ in 0..rounds {
        for (program, seconds) in PROGRAMS.iter().zip(&mut seconds) {
            let folder = program.write()?;
            seconds.measure(&folder)?;
        }
    }
    for (program, Seconds { check, build, edit }) in PROGRAMS.iter().zip(seconds) {
        let folder = program.write()?;
        let [check, build, edit] = [check, build, edit].map(statistics::median);
        table.row(vec![
            program.name.to_owned(),
            crates(&folder)?.to_string(),
            format!("{check:.1}"),
            format!("{build:.1}"),
            format!("{edit:.2}"),
            format!("{:.1}", release_size(&folder)?),
        ]);
        fs::remove_dir_all(folder.join("target"))?;
    }
    table.note(format!(
        "Crates: all in its tree, build scripts', procedural macros' and Tokio's included. Seconds on the processor, \
         downloads excluded, medians of {rounds}: a clean `cargo check`, a clean `cargo build`, and `cargo build` after \
         one line of the program has changed."
    ));
    Ok(table)
}

impl Program {
    /// Writes the package of the program.
    fn write(&self) -> Result<PathBuf, Failure> {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = bench.join("..").canonicalize()?;
        let name: String = self.name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
        let folder = root.join("target/bench/programs").join(name.replace(' ', "-"));
        fs::create_dir_all(folder.join("src"))?;
        let dependencies = self.dependencies.replace("{ours}", &root.join("ari-bindings").display().to_string());
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
             [dependencies]\n{dependencies}\n{}\n\n[profile.release]\nstrip = true\n",
            if self.is_async { TOKIO } else { "" }
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        // What is measured are the same versions of what all of them need.
        fs::copy(bench.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let head = if self.is_async { "#[tokio::main]\nasync " } else { "" };
        let main = format!("{head}fn main() -> Result<(), Box<dyn std::error::Error>> {{{}    Ok(())\n}}\n", self.main);
        fs::write(folder.join("src/main.rs"), main)?;
        Ok(folder)
    }
}

impl Seconds {
    fn measure(&mut self, folder: &Path) -> Result<(), Failure> {
        let target = folder.join("target");
        cargo(folder, &["fetch", "--quiet"])?;
        for (command, seconds) in [("check", &mut self.check), ("build", &mut self.build)] {
            if target.exists() {
                fs::remove_dir_all(&target)?;
            }
            seconds.push(timed(folder, command)?);
        }
        let mut main = fs::OpenOptions::new().append(true).open(folder.join("src/main.rs"))?;
        writeln!(main, "\npub fn added() -> u32 {{\n    42\n}}")?;
        drop(main);
        self.edit.push(timed(folder, "build")?);
        Ok(())
    }
}

/// How long a run of cargo takes, in seconds on the processor.
fn timed(folder: &Path, command: &str) -> Result<f64, Failure> {
    let before = usage::children_time();
    cargo(folder, &[command, "--quiet"])?;
    Ok(usage::children_time().saturating_sub(before).as_secs_f64())
}

fn crates(folder: &Path) -> Result<usize, Failure> {
    let tree = cargo(folder, &["tree", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])?;
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
    // The program itself is none of them.
    Ok(names.len() - 1)
}

fn release_size(folder: &Path) -> Result<f64, Failure> {
    cargo(folder, &["build", "--release", "--quiet"])?;
    let size = fs::metadata(folder.join("target/release/program"))?.len();
    Ok(crate::statistics::number(size) / 1024.0 / 1024.0)
}

fn cargo(folder: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(folder).env("CARGO_TARGET_DIR", folder.join("target"));
    let output = command.output()?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("cargo {}: {}\n{error}", arguments.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

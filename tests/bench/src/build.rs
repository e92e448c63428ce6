//! What it costs to build a program that uses the bindings.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::table::Table;
use crate::{Failure, usage};

/// A program that asks for the channels and waits for one event.
struct Program {
    name: &'static str,
    dependency: &'static str,
    main: &'static str,
}

const OURS: &str = r#"
    let ari = ari_bindings::Client::builder("http://127.0.0.1:8088/ari").credentials("user", "password").build()?;
    println!("{:?}", ari.channels().list().await?);
    let mut events = ari.events(["hello-world"]).await?;
    println!("{:?}", events.next().await);
"#;

const PROGRAMS: &[Program] = &[
    Program { name: "ari-bindings", dependency: r#"ari-bindings = { path = "{ours}" }"#, main: OURS },
    Program {
        name: "ari-bindings without TLS",
        dependency: r#"ari-bindings = { path = "{ours}", default-features = false }"#,
        main: OURS,
    },
    #[cfg(feature = "peers")]
    Program {
        name: "asterisk-rs-ari",
        dependency: r#"asterisk-rs-ari = "=0.8.0""#,
        main: r#"
    let config = asterisk_rs_ari::config::AriConfigBuilder::new("hello-world");
    let ari = asterisk_rs_ari::AriClient::connect(config.username("user").password("password").build()?).await?;
    println!("{:?}", asterisk_rs_ari::resources::channel::list(&ari).await?);
    println!("{:?}", ari.subscribe().recv_lossy().await);
"#,
    },
];

/// What each program costs. It is built once: the time on the processor varies little.
pub(crate) fn run() -> Result<Table, Failure> {
    let head = ["", "crates", "CPU s, clean dev build", "MiB, stripped release"];
    let mut table = Table::new("Building a program of a few lines", &head);
    for program in PROGRAMS {
        let folder = program.write()?;
        let cpu = clean_build(&folder)?;
        table.row(vec![
            program.name.to_owned(),
            crates(&folder)?.to_string(),
            format!("{cpu:.1}"),
            format!("{:.1}", release_size(&folder)?),
        ]);
        fs::remove_dir_all(folder.join("target"))?;
    }
    table.note("Crates: all in its tree, build scripts' and procedural macros' included, Tokio's too.");
    Ok(table)
}

impl Program {
    /// Writes the package of the program.
    fn write(&self) -> Result<PathBuf, Failure> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let folder = root.join("target/bench/programs").join(self.name.replace(' ', "-"));
        fs::create_dir_all(folder.join("src"))?;
        let ours = root.join("ari-bindings");
        let dependency = self.dependency.replace("{ours}", &ours.display().to_string());
        let manifest = format!(
            "[package]\nname = \"program\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             {dependency}\ntokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n\
             [profile.release]\nstrip = true\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let main = format!(
            "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {{{}    Ok(())\n}}\n",
            self.main
        );
        fs::write(folder.join("src/main.rs"), main)?;
        Ok(folder)
    }
}

/// The seconds on the processor, downloads excluded.
fn clean_build(folder: &Path) -> Result<f64, Failure> {
    if folder.join("target").exists() {
        fs::remove_dir_all(folder.join("target"))?;
    }
    cargo(folder, &["fetch", "--quiet"])?;
    let before = usage::children_time();
    cargo(folder, &["build", "--quiet"])?;
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

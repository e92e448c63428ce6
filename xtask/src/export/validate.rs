//! The documents in the hands of tools of others: validators, generators of code, and programs on what those generate.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::asterisk;
use crate::files::{cannot, read};
use crate::tools::{cargo, copied, install_once, npm_install, succeed};
use crate::workspace::root;

/// What is installed, in `e2e/clients/`.
const NPM: &str = "package.json";
const PIP: &str = "requirements.txt";

const STRICT: [&str; 5] = ["--strict", "--module", "nodenext", "--target", "es2022"];

/// Sends what the document allows, and fails on what it does not let the server answer.
///
/// Only valid requests, since others crash servers. Loggers are left alone, since a file is made for each name.
const PROPERTIES: [&str; 17] = [
    "run",
    "--mode",
    "positive",
    "--phases",
    "coverage,fuzzing",
    "--max-examples",
    "20",
    "--seed",
    "1",
    "--checks",
    "status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance",
    "--exclude-path",
    "/events",
    "--exclude-path-regex",
    "^/asterisk/logging",
    "--warnings",
    "off",
];

/// The tools, installed under `target/tools`.
struct Tools {
    folder: PathBuf,
}

/// Checks every document, and that generated code compiles.
pub(super) fn documents(export: &Path) -> Result<()> {
    let tools = Tools::install()?;
    let folders = folders(export)?;
    let files = |name: &str| folders.iter().map(|folder| folder.join(name)).collect::<Vec<_>>();
    step("openapi-spec-validator", tools.python("openapi-spec-validator").args(files("openapi.json")))?;
    let lint = ["lint", "--extends", "recommended-strict"];
    step("redocly", tools.node("redocly").args(lint).args(files("openapi.json")))?;
    step(
        "@asyncapi/parser",
        Command::new("node").arg("asyncapi.mjs").args(files("asyncapi.json")).current_dir(&tools.folder),
    )?;
    for folder in &folders {
        tools.generate(folder)?;
    }
    // The examples of the atlas are about all releases.
    tools.generate(export)?;
    tools.examples()
}

/// Lets the programs on generated code make a call on a real server, then sends it what its document allows, if asked
/// to.
pub(super) fn live(export: &Path, release: Option<&str>, also_properties: bool) -> Result<()> {
    let tools = Tools::install()?;
    asterisk::up_for_tests(&release.map(str::to_owned).into_iter().collect::<Vec<_>>())?;
    let (url, version) = asterisk::of_tests(release)?;
    let documents = of_branch(export, &version)?;
    tools.generate(&documents)?;
    step("TypeScript", on_server(&tools, Command::new("node").arg("hello.js"), &url))?;
    step("Python", on_server(&tools, tools.python("python").arg("hello.py"), &url))?;
    if also_properties { properties(&tools, &documents, &url) } else { Ok(()) }
}

/// Sends the fake what its document allows.
pub(super) fn fake(export: &Path) -> Result<()> {
    let tools = Tools::install()?;
    let mut command = cargo();
    command.args(["run", "--quiet", "--package", "ari-test", "--", "--port", "0"]).stdout(Stdio::piped());
    let mut server = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let mut said = String::new();
    let result = server.stdout.take().map_or(Ok(0), |stdout| BufReader::new(stdout).read_line(&mut said));
    let result = result.map_err(Into::into).and_then(|_| {
        let mut words = said.split(' ');
        let version = words.find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
        let url = words.find(|word| word.starts_with("http"));
        let (version, url) = version.zip(url).with_context(|| format!("the fake said {said:?}"))?;
        properties(&tools, &of_branch(export, version)?, url)
    });
    // It may have ended already, which the result then says.
    let _ = server.kill();
    let _ = server.wait();
    result
}

fn properties(tools: &Tools, documents: &Path, url: &str) -> Result<()> {
    let mut command = tools.python("schemathesis");
    command.args(PROPERTIES).args(["--url", url, "--auth", "asterisk:asterisk"]).arg(documents.join("openapi.json"));
    command.env("SCHEMATHESIS_HOOKS", "things").env("PYTHONPATH", ".");
    step("schemathesis", on_server(tools, &mut command, url))
}

fn on_server<'a>(tools: &Tools, command: &'a mut Command, url: &str) -> &'a mut Command {
    let server = [("ARI_URL", url), ("ARI_USER", "asterisk"), ("ARI_PASSWORD", "asterisk")];
    command.current_dir(&tools.folder).envs(server)
}

/// The documents of the release that is supported of a version's branch.
fn of_branch(export: &Path, version: &str) -> Result<PathBuf> {
    let branch = version.split('.').next().unwrap_or(version).to_owned() + ".";
    let is_of_branch =
        |folder: &PathBuf| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&branch));
    folders(export)?.into_iter().find(is_of_branch).with_context(|| format!("no document is about {version}"))
}

/// The folders with documents: that of all releases, then those of one.
fn folders(export: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = vec![export.to_owned()];
    for entry in fs::read_dir(export).with_context(|| cannot("list", export))? {
        let path = entry.with_context(|| cannot("list", export))?.path();
        folders.extend(path.is_dir().then_some(path));
    }
    folders.sort();
    Ok(folders)
}

fn step(name: &str, command: &mut Command) -> Result<()> {
    println!("== {name}");
    succeed(command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"))
}

impl Tools {
    /// Installs what is pinned in `e2e/clients/`, unless it is there.
    fn install() -> Result<Self> {
        let from = root().join("e2e/clients");
        let tools = Self { folder: copied(&from, "export")? };
        let pinned = read(&from.join(NPM))? + &read(&from.join(PIP))?;
        install_once(&tools.folder, &pinned, || {
            npm_install(&tools.folder)?;
            succeed(Command::new("python3").args(["-m", "venv", "python"]).current_dir(&tools.folder))
                .context("Python 3.11 or later is needed, with its module venv")?;
            let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", PIP];
            succeed(tools.python("python").args(pip).current_dir(&tools.folder))
        })?;
        Ok(tools)
    }

    /// Compiles the examples of the atlas, and sends the requests of those in Python to nobody.
    fn examples(&self) -> Result<()> {
        let program = ["examples.ts", "ari.d.ts"];
        step("TypeScript of the atlas", self.node("tsc").args(program).args(STRICT).current_dir(&self.folder))?;
        step("Python of the atlas", self.python("python").arg("examples.py").current_dir(&self.folder))
    }

    fn node(&self, program: &str) -> Command {
        Command::new(self.folder.join("node_modules/.bin").join(program))
    }

    /// A program of the virtual environment, which finds the others there.
    fn python(&self, program: &str) -> Command {
        let programs = self.folder.join("python/bin");
        let mut command = Command::new(programs.join(program));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(programs).chain(std::env::split_paths(&path).collect::<Vec<_>>());
        // A path that cannot be joined leaves the variable as it was.
        command.env("PATH", std::env::join_paths(paths).unwrap_or(path));
        command
    }

    /// Generates code from the documents of a folder and compiles it, with the programs that use it.
    fn generate(&self, documents: &Path) -> Result<()> {
        let name = documents.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let [openapi, schema] = ["openapi.json", "schema.json"].map(|file| documents.join(file));
        let types = ["--output", "ari.d.ts"];
        let typescript = self.node("openapi-typescript").arg(&openapi).args(types).current_dir(&self.folder).output();
        anyhow::ensure!(
            typescript.as_ref().is_ok_and(|output| output.status.success()),
            "openapi-typescript: {typescript:?}"
        );
        let program = ["hello.ts", "ari.d.ts"];
        step(&format!("TypeScript of {name}"), self.node("tsc").args(program).args(STRICT).current_dir(&self.folder))?;
        let models = ["--output", "ari_events.py", "--input-file-type", "jsonschema", "--formatters", "builtin"];
        let of_events = ["--output-model-type", "pydantic_v2.BaseModel", "--input"];
        let mut command = self.python("datamodel-codegen");
        step(
            &format!("Python of {name}"),
            command.args(models).args(of_events).arg(&schema).current_dir(&self.folder),
        )?;
        let client =
            ["generate", "--meta", "none", "--output-path", "ari_client", "--overwrite", "--fail-on-warning", "--path"];
        succeed(self.python("openapi-python-client").args(client).arg(&openapi).current_dir(&self.folder))?;
        let compile = ["-m", "compileall", "-q", "ari_client", "ari_events.py", "hello.py"];
        succeed(self.python("python").args(compile).current_dir(&self.folder))?;
        succeed(self.python("python").args(["-c", "import ari_events, ari_client.models"]).current_dir(&self.folder))
    }
}

//! The program `ari-test`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use ari_bindings::{Client, Error, SUPPORTED_RELEASES};
use ari_test::Fake;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program, and returns the line that it begins with.
fn start(arguments: &[&str]) -> (Program, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ari-test"));
    let mut program = Program(command.args(arguments).stdout(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (program, line)
}

#[tokio::test]
async fn program_serves_on_a_port() {
    let (_program, line) =
        start(&["--port", "0", "--release", "18.26.4", "--app-user", "me:se:cret", "--prefix", "/pbx"]);
    let url = line.strip_prefix("Asterisk 18.26.4 at ").and_then(|rest| rest.strip_suffix(" (user me)\n")).unwrap();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/pbx/ari"), "{url}");
    let client = |password| Client::builder(url).credentials("me", password).build().unwrap();
    assert!(matches!(client("wrong").channels().list().await, Err(Error::Unauthorized { .. })));
    client("se:cret").channels().list().await.unwrap();
}

#[tokio::test]
async fn program_behaves_like_the_default_release() {
    let (_program, line) = start(&["--port", "0"]);
    let release = Fake::new().release().to_string();
    assert!(line.starts_with(&format!("Asterisk {release} at http://")), "{line}");
    assert!(SUPPORTED_RELEASES.contains(&release.as_str()), "{release}");
}

#[test]
fn program_refuses_what_is_no_release() {
    let output = Command::new(env!("CARGO_BIN_EXE_ari-test")).args(["--release", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

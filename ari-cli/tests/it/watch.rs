//! Commands that watch: listen, replay, trace and top.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::run::{Server, program, run};

/// A run of the program that goes on.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    notes: BufReader<ChildStderr>,
    /// Keeps the program from running for longer than a test may take.
    _watched: mpsc::Sender<()>,
}

/// How long a test may take.
const LIMIT: Duration = Duration::from_secs(60);

impl Running {
    /// Starts the program, and waits until it says this on standard error.
    fn start(command: &mut Command, note: &str) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let notes = BufReader::new(child.stderr.take().unwrap());
        let mut running = Self { _watched: watch(child.id()), child, lines, notes };
        running.wait_for_note(note);
        running
    }

    fn with(server: &Server, arguments: &[&str]) -> Self {
        Self::start(program().env("ARI_URL", server.url()).args(arguments), "")
    }

    fn wait_for_note(&mut self, note: &str) {
        let mut line = String::new();
        assert!(self.notes.read_line(&mut line).unwrap() > 0, "it has ended: {:?}", self.child.wait());
        assert!(line.contains(note), "{line}");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    /// Sends it a signal, as Ctrl-C does.
    #[cfg(unix)]
    fn interrupt(&self) {
        let done = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// What is left of its output, and its exit status.
    fn end(mut self) -> (String, String, i32) {
        let (mut output, mut notes) = (String::new(), String::new());
        self.lines.read_to_string(&mut output).unwrap();
        self.notes.read_to_string(&mut notes).unwrap();
        (output, notes, self.child.wait().unwrap().code().unwrap_or(-1))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ends a program that still runs when the limit has passed.
fn watch(id: u32) -> mpsc::Sender<()> {
    let (watched, end) = mpsc::channel();
    std::thread::spawn(move || {
        if end.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        }
    });
    watched
}

/// A call that presses a digit and hangs up.
fn call(server: &Server) {
    server.block_on(async {
        let mut alice = server.fake.call("hello").name("Alice").from("100").await;
        alice.presses("5").await;
        alice.hangs_up().await;
    });
}

fn kinds(json: &str) -> Vec<String> {
    let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned();
    json.lines().map(kind).collect()
}

#[test]
fn listen_has_a_line_for_each_event() {
    let server = Server::start();
    let listen = Running::with(&server, &["listen", "hello", "-o", "table", "--count", "2", "--type", "Stasis*"]);
    call(&server);
    let (output, _, status) = listen.end();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!((lines.len(), status), (2, 0), "{output}");
    assert!(lines[0].contains(" StasisStart ") && lines[0].contains("enters hello"), "{output}");
    assert!(lines[1].contains(" StasisEnd ") && lines[1].ends_with("leaves hello"), "{output}");
}

#[test]
fn listen_filters_by_channel_and_condition() {
    let server = Server::start();
    let arguments = ["listen", "hello", "--json", "--count", "1", "--where", ".digit == \"5\""];
    let listen = Running::with(&server, &arguments);
    call(&server);
    assert_eq!(kinds(&listen.end().0), ["ChannelDtmfReceived"]);
    let listen = Running::with(&server, &["listen", "hello", "--count", "1", "--jq", ".digit", "--type", "*Dtmf*"]);
    call(&server);
    assert_eq!(listen.end().0, "5\n");
}

#[test]
fn listen_disturbs_no_program() {
    let server = Server::start();
    let _program = Running::with(&server, &["listen", "hello", "--json"]);
    let refused = server.ari(&["listen", "hello"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.stderr.contains("--take-over"), "{refused:?}");
    let beside = Running::with(&server, &["listen", "--json", "--count", "1", "--type", "ChannelDtmfReceived"]);
    call(&server);
    assert_eq!(kinds(&beside.end().0), ["ChannelDtmfReceived"]);
}

#[test]
fn listen_shows_a_gap_and_goes_on() {
    let server = Server::start();
    let mut listen = Running::with(&server, &["listen", "hello", "--json", "--count", "1", "--type", "StasisStart"]);
    server.fake.faults().cut_events();
    let gap: Vec<String> = [listen.line(), listen.line()].iter().flat_map(|line| kinds(line)).collect();
    assert_eq!(gap, ["Disconnected", "Reconnected"]);
    call(&server);
    let (output, _, status) = listen.end();
    assert_eq!((kinds(&output), status), (vec!["StasisStart".to_owned()], 0));
}

#[cfg(unix)]
#[test]
fn listen_ends_cleanly_when_it_is_interrupted() {
    let server = Server::start();
    let listen = Running::with(&server, &["listen", "hello", "--json"]);
    listen.interrupt();
    let (output, notes, status) = listen.end();
    assert_eq!((output.as_str(), notes.as_str(), status), ("", "", 0));
}

#[test]
fn listen_ends_quietly_when_its_reader_does() {
    let server = Server::start();
    let mut listen = Running::with(&server, &["listen", "hello", "--json"]);
    drop(std::mem::replace(&mut listen.lines, BufReader::new(no_output())));
    let deadline = Instant::now() + LIMIT;
    while listen.child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline);
        call(&server);
    }
    let (_, notes, status) = listen.end();
    assert_eq!((notes.as_str(), status), ("", 0));
}

/// An output that is at its end.
fn no_output() -> ChildStdout {
    let mut child = program().arg("--version").stdout(Stdio::piped()).spawn().unwrap();
    child.wait().unwrap();
    child.stdout.take().unwrap()
}

#[cfg(unix)]
#[test]
fn listen_runs_a_command_for_each_event() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("digits");
    let command = format!("cat >> '{}'", file.display());
    let arguments = ["listen", "hello", "--type", "*Dtmf*", "--count", "3", "--jobs", "1", "--exec", &command];
    let listen = Running::with(&server, &arguments);
    for _ in 0..3 {
        call(&server);
    }
    assert_eq!(listen.end().2, 0);
    assert_eq!(kinds(&std::fs::read_to_string(file).unwrap()), ["ChannelDtmfReceived"; 3]);
}

#[test]
fn a_recording_is_traced_and_replayed() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.jsonl");
    let path = path.to_str().unwrap();
    let arguments = ["listen", "hello", "--record", path, "--json", "--type", "StasisEnd", "--count", "1"];
    let listen = Running::with(&server, &arguments);
    call(&server);
    assert_eq!(listen.end().2, 0);
    let again = server.ari(&["listen", "other", "--record", path]);
    assert_eq!(again.status, 2, "a recording is not overwritten: {again:?}");

    let traced = run(program().args(["trace", "PJSIP/100", "--from", path, "--width", "80"]));
    assert!(traced.stdout.contains(" digit 5 ") && traced.stdout.contains(" enters "), "{traced:?}");
    let none = run(program().args(["trace", "PJSIP/bob", "--from", path]));
    assert_eq!(none.status, 2);
    assert!(none.stderr.contains("PJSIP/100"), "{none:?}");

    let mut replay = program();
    replay.args(["replay", path, "--speed", "100", "--port", "0"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut replay = replay.stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(replay.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split(' ').next().unwrap();
    let recorded = std::fs::read_to_string(path).unwrap();
    let count = recorded.lines().count().to_string();
    let heard = run(program().args(["--url", url, "listen", "hello", "--take-over", "--json", "--count", &count]));
    replay.kill().unwrap();
    replay.wait().unwrap();
    assert_eq!(kinds(&heard.stdout), kinds(&recorded));
}

#[test]
fn trace_shows_a_call_when_it_is_over() {
    let server = Server::start();
    let trace = Running::start(
        program().env("ARI_URL", server.url()).args(["trace", "PJSIP/100", "--app", "hello", "--width", "80"]),
        "connected",
    );
    call(&server);
    let (output, _, status) = trace.end();
    assert_eq!(status, 0);
    assert!(output.starts_with("Call 1: PJSIP/100 \"Alice\" <100>"), "{output}");
    assert!(output.contains(" digit 5 ") && output.contains(" leaves "), "{output}");
}

#[test]
fn pictures_and_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (svg, html) = (folder.path().join("call.svg"), folder.path().join("calls.html"));
    let from = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/call.jsonl");
    let done = run(program().args(["trace", "--from", from, "--svg"]).arg(&svg).arg("--html").arg(&html));
    assert_eq!((done.status, done.stdout.as_str()), (0, ""), "{done:?}");
    assert!(std::fs::read_to_string(svg).unwrap().starts_with("<svg "));
    assert!(std::fs::read_to_string(html).unwrap().starts_with("<!doctype html>"));
    let several = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/busy.jsonl");
    let refused = run(program().args(["trace", "--from", several, "--svg", "x.svg"]));
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("--html") && refused.stderr.contains("PJSIP/phone-a"), "{refused:?}");
}

#[test]
fn top_needs_a_terminal() {
    let server = Server::start();
    let refused = server.ari(&["top"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("terminal"), "{refused:?}");
}

/// As many events as a busy server sends, for three seconds. The server waits while many are not shown yet: it would
/// otherwise disconnect a program that a busy machine does not run for 100 ms.
#[test]
fn listen_keeps_up_with_20_000_events_a_second() {
    const EVENTS: usize = 60_000;
    const BATCH: usize = 200;
    const MOST_BEHIND: usize = 1_000;
    let limit = if cfg!(debug_assertions) { Duration::from_secs(20) } else { Duration::from_secs(4) };
    let server = Server::start();
    let arguments = ["listen", "hello", "--json", "--count", "60000", "--type", "ChannelUserevent"];
    let mut listen = Running::with(&server, &arguments);
    let shown = Arc::new(AtomicUsize::new(0));
    let begin = Instant::now();
    let reader = std::thread::spawn({
        let shown = Arc::clone(&shown);
        move || {
            let mut line = String::new();
            while listen.lines.read_line(&mut line).unwrap() > 0 {
                let number = format!("\"eventname\":\"{}\"", shown.load(Ordering::Relaxed));
                assert!(line.contains(&number), "{number} is missing: {line}");
                shown.fetch_add(1, Ordering::Relaxed);
                line.clear();
            }
            listen.child.wait().unwrap()
        }
    });
    server.block_on(async {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        let mut sent = 0;
        while sent < EVENTS && !reader.is_finished() {
            ticks.tick().await;
            if sent > shown.load(Ordering::Relaxed) + MOST_BEHIND {
                continue;
            }
            for number in sent..sent + BATCH {
                server.fake.faults().send("hello", &user_event(number));
            }
            sent += BATCH;
        }
    });
    let status = reader.join().unwrap();
    let took = begin.elapsed();
    assert!(shown.load(Ordering::Relaxed) == EVENTS && status.success(), "{shown:?} events, {status}");
    eprintln!("{EVENTS} events in {took:?}");
    assert!(took < limit, "{EVENTS} events took {took:?}");
}

fn user_event(number: usize) -> String {
    format!(
        r#"{{"type":"ChannelUserevent","timestamp":"2026-11-28T20:00:00.000+0000","eventname":"{number}","channel":{{"id":"1795898557.1","name":"PJSIP/phone-a-00000001","state":"Up","protocol_id":"1-3488@127.0.0.1","caller":{{"name":"Phone A","number":"1111"}},"connected":{{"name":"","number":""}},"accountcode":"","dialplan":{{"context":"default","exten":"1000","priority":1,"app_name":"Stasis","app_data":"hello"}},"creationtime":"2026-11-28T20:00:00.000+0000","language":"en"}},"userevent":{{"eventname":"{number}"}},"asterisk_id":"00:00:5e:00:53:01","application":"hello"}}"#
    )
}

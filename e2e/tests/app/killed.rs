//! The program is killed, as `kill -9` does it, while calls go on.

use std::process::Stdio;

use ari_bindings::Client;
use ari_e2e::{Server, eventually, on_each_server, unique};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Duration, timeout};

use crate::caller::Caller;
use crate::running::assert_clean;

/// The program `reception`, which is killed with the test.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts it and waits until it serves calls.
    async fn start(server: &Server, app: &str, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_reception"));
        let host = server.url().trim_start_matches("http://");
        let url = format!("http://{}:{}@{host}", server.get("ARI_USER"), server.get("ARI_PASSWORD"));
        command.arg(url).arg(app).args(options);
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Self { child, lines };
        assert_eq!(program.line().await, "serving");
        program
    }

    async fn line(&mut self) -> String {
        let line = timeout(Duration::from_secs(20), self.lines.next_line()).await;
        line.expect("a line within 20 s").unwrap().expect("the program runs")
    }

    /// The next lines, in order of their text.
    async fn lines(&mut self, count: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..count {
            lines.push(self.line().await);
        }
        lines.sort();
        lines
    }

    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// How many legs the application has on the server, and how many channels each of its bridges has.
async fn counts(ari: &Client, prefix: &str) -> (usize, Vec<usize>) {
    let channels = ari.channels().list().await.unwrap();
    let bridges = ari.bridges().list().await.unwrap();
    // The other end of a Local channel does not count.
    let is_leg = |id: &str| id.starts_with(prefix) && !id.ends_with(";2");
    let legs = channels.iter().filter(|channel| is_leg(channel.id.as_str())).count();
    let bridges = bridges.iter().filter(|bridge| bridge.id.as_str().starts_with(prefix));
    (legs, bridges.map(|bridge| bridge.channels.len()).collect())
}

/// Two callers each hear a prompt, wait for a phone that rings, and talk; one is recorded.
async fn callers(server: &Server, app: &str, prefix: &str, program: &mut Program) -> Vec<Caller> {
    let mut callers = Vec::new();
    for number in [1, 1, 2, 2, 3, 3, 4] {
        callers.push(Caller::numbered(server, app, number).await);
    }
    assert_eq!(program.lines(7).await, [1, 1, 2, 2, 3, 3, 4].map(|number| format!("answered {number}")));
    let ari = server.client();
    eventually(|| async { counts(&ari, prefix).await == (4, vec![2, 2]) }).await;
    callers
}

/// Waits until nothing of an application is left on the server, the callers included.
async fn nothing_is_left(ari: &Client, app: &str, prefix: &str) {
    assert_clean(ari, app, prefix).await;
    eventually(|| async {
        let channels = ari.channels().list().await.unwrap();
        !channels.iter().any(|channel| channel.name.contains(app))
    })
    .await;
}

#[tokio::test]
async fn calls_of_a_killed_program_are_resumed_by_the_next_run() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let prefix = ari_app::App::new(ari.clone(), &app).id_prefix();
        let mut program = Program::start(&server, &app, &[]).await;
        let callers = callers(&server, &app, &prefix, &mut program).await;
        program.kill().await;
        // What it had made is all there.
        assert_eq!(counts(&ari, &prefix).await, (4, vec![2, 2]));
        let mut program = Program::start(&server, &app, &[]).await;
        assert_eq!(program.lines(7).await, [1, 1, 2, 2, 3, 3, 4].map(|number| format!("resumed {number}")));
        eventually(|| async { counts(&ari, &prefix).await == (0, vec![]) }).await;
        for caller in &callers {
            caller.presses("7").await;
        }
        assert_eq!(program.lines(7).await, ["pressed 7"; 7]);
        for caller in callers {
            caller.waits_for_hangup().await;
        }
        nothing_is_left(&ari, &app, &prefix).await;
        program.kill().await;
    })
    .await;
}

#[tokio::test]
async fn calls_of_a_killed_program_can_be_hung_up_by_the_next_run() {
    on_each_server(|server: Server| async move {
        let (ari, app) = (server.client(), unique("app"));
        let prefix = ari_app::App::new(ari.clone(), &app).id_prefix();
        let mut program = Program::start(&server, &app, &[]).await;
        let callers = callers(&server, &app, &prefix, &mut program).await;
        program.kill().await;
        let program = Program::start(&server, &app, &["hang-up"]).await;
        for caller in callers {
            caller.waits_for_hangup().await;
        }
        nothing_is_left(&ari, &app, &prefix).await;
        program.kill().await;
    })
    .await;
}

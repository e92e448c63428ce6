use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr, Stdio};

use crate::run::{Server, program};

/// A run of the program whose steps are read one after the other.
struct Running {
    child: Child,
    steps: BufReader<ChildStderr>,
}

impl Running {
    fn start(server: &Server, arguments: &[&str]) -> Self {
        let mut command = program();
        command.env("ARI_URL", server.url()).args(arguments).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let steps = BufReader::new(child.stderr.take().unwrap());
        Self { child, steps }
    }

    /// The steps up to the first that contains this.
    fn until(&mut self, end: &str) -> Vec<String> {
        let mut steps = Vec::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.steps.read_line(&mut line).unwrap(), 0, "no {end:?} in {steps:?}");
            steps.push(line);
            if steps.last().is_some_and(|line| line.contains(end)) {
                return steps;
            }
        }
    }
}

#[test]
fn hello_answers_a_call_reads_keys_back_and_hangs_up() {
    let server = Server::start();
    let mut hello = Running::start(&server, &["hello"]);
    hello.until("waiting for a call");
    let mut caller = server.block_on(server.fake.call("hello-world").from("100"));
    hello.until("call from 100");
    server.block_on(caller.waits_for("sound:hello-world"));
    server.block_on(caller.presses("5"));
    hello.until("<- key 5");
    server.block_on(caller.waits_for("digits:5"));
    server.block_on(caller.presses("#"));
    hello.until("-> hang up");
    assert!(hello.child.wait().unwrap().success());
}

#[test]
fn dial_lets_two_phones_talk() {
    let server = Server::start();
    let mut bob = server.block_on(async {
        server.fake.phone("PJSIP/alice");
        server.fake.phone("PJSIP/bob")
    });
    let mut dial = Running::start(&server, &["dial", "PJSIP/alice", "PJSIP/bob"]);
    dial.until("-> dial PJSIP/bob");
    let mut bob = server.block_on(bob.rung());
    dial.until("-> bridge");
    server.block_on(bob.hangs_up());
    dial.until("PJSIP/alice: ");
    assert!(dial.child.wait().unwrap().success());
}

#[test]
fn a_phone_that_does_not_exist_is_a_failure() {
    let server = Server::start();
    let done = server.ari(&["dial", "PJSIP/nobody", "PJSIP/bob"]);
    assert_eq!(done.status, 6, "{done:?}");
}

use std::process::Stdio;
use std::time::Duration;

use ari_test::{Fake, Person};
use tokio::process::Command;
use tokio::time::sleep;

use crate::Server;

/// A SIP phone: `sipp` with a scenario of `e2e/asterisk/sipp`, inside the server's file system. A fake has a person with a
/// telephone, who does the same.
#[derive(Debug)]
pub struct Phone {
    line: Line,
    scenario: String,
    extension: String,
}

#[derive(Debug)]
enum Line {
    Sipp(Command),
    Fake(Fake),
}

/// How long a phone waits before it hangs up.
const A_MOMENT: Duration = Duration::from_millis(500);

impl Phone {
    /// Phone A, which will call this extension and follow the scenario.
    #[must_use]
    pub fn calling(server: &Server, scenario: &str, extension: &str) -> Self {
        let options = ["-timeout_error", "-timeout", "20s", "-key", "digit", "1", "-key", "text", "hello"];
        Self::new(server, scenario, extension, &options)
    }

    /// Phone A, which will call this extension and return all sound, until the far end hangs up.
    #[must_use]
    pub fn returning(server: &Server, extension: &str) -> Self {
        Self::new(server, "return", extension, &["-rtp_echo"])
    }

    fn new(server: &Server, scenario: &str, extension: &str, options: &[&str]) -> Self {
        let line = server.fake().map_or_else(|| Line::Sipp(sipp(server, scenario, extension, options)), Line::Fake);
        Self { line, scenario: scenario.to_owned(), extension: extension.to_owned() }
    }

    /// Places the call and waits for its end.
    ///
    /// # Panics
    ///
    /// If the call deviates from the scenario.
    pub async fn call(self) {
        let Self { line, scenario, extension } = self;
        let mut command = match line {
            Line::Sipp(command) => command,
            Line::Fake(fake) => {
                let person = fake.call(&extension).name("Phone A").on("PJSIP/phone-a").from("1111").await;
                return play(person, &scenario).await;
            }
        };
        let output = command.output().await.unwrap_or_else(|error| panic!("sipp: {error}"));
        assert!(
            output.status.success(),
            "{scenario} to {extension}: sipp: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

fn sipp(server: &Server, scenario: &str, extension: &str, options: &[&str]) -> Command {
    let mut command = Command::new(server.get("RUN"));
    command
        .args(["sipp", "-sf", &format!("{}/{scenario}.xml", server.get("SIPP_SCENARIOS"))])
        .args(["-i", "127.0.0.1", "-m", "1", "-nostdin", "-aa"])
        .args(["-s", extension, "-d", &A_MOMENT.as_millis().to_string(), "-key", "phone", "phone-a"])
        .args(options)
        .arg(format!("127.0.0.1:{}", server.get("SIP_PORT")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Does on a fake what a scenario says.
async fn play(mut person: Person, scenario: &str) {
    match scenario {
        "early" => {
            person.waits_for("progress").await;
            sleep(A_MOMENT).await;
            return person.hangs_up().await;
        }
        "redirected" => {
            person.ended().await;
            return;
        }
        _ => person.is_answered().await,
    }
    match scenario {
        "dial" => {
            sleep(2 * A_MOMENT).await;
            person.presses("1").await;
        }
        "hangup" => {
            sleep(A_MOMENT).await;
            return person.hangs_up().await;
        }
        "refer" => {
            sleep(4 * A_MOMENT).await;
            assert!(person.transfers_blind_to("echo"), "the transfer is refused");
        }
        "referred" => {}
        other => panic!("no fake phone plays the scenario {other}"),
    }
    person.ended().await;
}

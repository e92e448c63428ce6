//! Connects two telephones: calls the first, then the second while the first hears it ring, and lets them talk.
//!
//! The second is created, put into the bridge and only then dialled: so the first hears what comes before the answer,
//! such as the announcement of a network. What becomes of the second, the first hears as the cause of its own end: busy,
//! no answer, no such number.
//!
//! It needs nothing in the dialplan. Try it with the Asterisk that `cargo xtask asterisk up` starts, whose extension 1001
//! answers, 1004 rings, 1005 is busy and 1008 cannot be reached:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example click_to_dial Local/1002@default Local/1005@default
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` say where Asterisk is.

use std::env;
use std::fmt;

use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::values::HangupReason;
use ari_bindings::{Client, Error, Event, Events};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (Some(first), Some(second)) = (env::args().nth(1), env::args().nth(2)) else {
        eprintln!("usage: click_to_dial FIRST SECOND, such as PJSIP/phone-a Local/1001@default");
        return Ok(());
    };
    let setting = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let ari = Client::builder(setting("ARI_URL", "http://localhost:8088/ari"))
        .credentials(setting("ARI_USER", "asterisk"), setting("ARI_PASSWORD", "asterisk"))
        .build()?;
    // An application of its own, so that several can run at the same time.
    let app = format!("click-to-dial-{}", std::process::id());
    let mut events = ari.events([&app]).resync(true).await?;
    let wish = Wish { app, first, second, ring_seconds: 20 };
    let outcome = connect(&ari, &mut events, wish).await;
    events.close().await;
    println!("{}", outcome?);
    Ok(())
}

/// Who is to talk to whom.
pub struct Wish {
    /// The application that the connection is for.
    pub app: String,
    /// The endpoint that is called first.
    pub first: String,
    /// The endpoint that is called once the first has answered.
    pub second: String,
    /// How long each telephone may ring.
    pub ring_seconds: i64,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first did not come to the telephone.
    FirstUnreachable(HangupReason),
    /// The second did not; the first has been told why.
    SecondUnreachable(HangupReason),
    /// They talked.
    Talked,
    /// The first hung up before the second answered, or nobody knows.
    GivenUp,
}

/// Makes the call, and watches over it until it is over.
pub async fn connect(ari: &Client, events: &mut Events, wish: Wish) -> Result<Outcome, Error> {
    let first = ari.channels().originate(&wish.first).app(&wish.app).timeout(wish.ring_seconds).await?.id;
    let (status, reason) = (String::new(), HangupReason::Normal);
    let mut call = Call { ari, wish, first, second: None, bridge: None, status, cause: None, reason };
    let outcome = call.watch(events).await;
    call.clean_up().await;
    outcome
}

struct Call<'a> {
    ari: &'a Client,
    wish: Wish,
    first: ChannelId,
    /// There is one once the first has answered.
    second: Option<ChannelId>,
    bridge: Option<BridgeId>,
    /// What the telephone that was called last is doing, in the words of the application `Dial`.
    status: String,
    /// Why the second was hung up on by its telephone. What [`Event::ChannelDestroyed`] says may be no more than that
    /// it has left the bridge.
    cause: Option<i64>,
    /// Why the first is hung up on.
    reason: HangupReason,
}

impl Call<'_> {
    async fn watch(&mut self, events: &mut Events) -> Result<Outcome, Error> {
        while let Some(event) = events.next().await {
            let reaction = match event? {
                Event::StasisStart(start) if start.channel.id == self.first => match self.create_second().await {
                    // Asterisk knows no such telephone, or no way there.
                    Err(error) if matches!(error.status(), Some(400 | 500)) => {
                        println!("{}: {error}", self.wish.second);
                        self.reason = HangupReason::Unallocated;
                        return Ok(Outcome::SecondUnreachable(self.reason.clone()));
                    }
                    created => created,
                },
                Event::StasisStart(start) if self.is_second(&start.channel.id) => self.dial_second().await,
                // Without a status it only tells that dialling begins, and may come late.
                Event::Dial(dial) if !dial.dialstatus.is_empty() => {
                    println!("{}: {}", dial.peer.name, dial.dialstatus);
                    self.status = dial.dialstatus;
                    if self.is_second(&dial.peer.id) { self.tell_first().await } else { Ok(()) }
                }
                Event::ChannelHangupRequest(request) if self.is_second(&request.channel.id) => {
                    self.cause = self.cause.or(request.cause);
                    Ok(())
                }
                Event::ChannelDestroyed(end) if end.channel.id == self.first => {
                    return Ok(match self.second {
                        Some(_) if self.is_answered() => Outcome::Talked,
                        Some(_) => Outcome::GivenUp,
                        None => Outcome::FirstUnreachable(reason(&self.status, end.cause)),
                    });
                }
                Event::ChannelDestroyed(end) if self.is_second(&end.channel.id) => {
                    if self.is_answered() {
                        return Ok(Outcome::Talked);
                    }
                    self.reason = reason(&self.status, self.cause.unwrap_or(end.cause));
                    return Ok(Outcome::SecondUnreachable(self.reason.clone()));
                }
                Event::Disconnected(gap) => {
                    println!("{gap}: the call goes on, but nothing is heard of it");
                    Ok(())
                }
                Event::Resynced(change) if change.channels.vanished.iter().any(|id| self.has(id)) => {
                    return Ok(if self.is_answered() { Outcome::Talked } else { Outcome::GivenUp });
                }
                _ => Ok(()),
            };
            match reaction {
                // Somebody has hung up at the same moment; how the call has ended comes as an event.
                Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
                reaction => reaction?,
            }
        }
        Ok(Outcome::GivenUp)
    }

    fn has(&self, id: &ChannelId) -> bool {
        self.first == *id || self.is_second(id)
    }

    fn is_second(&self, id: &ChannelId) -> bool {
        self.second.as_ref() == Some(id)
    }

    fn is_answered(&self) -> bool {
        self.second.is_some() && self.status == "ANSWER"
    }

    /// The first has answered.
    async fn create_second(&mut self) -> Result<(), Error> {
        let Wish { app, second, .. } = &self.wish;
        self.status.clear();
        self.second = Some(self.ari.channels().create(second, app).originator(&self.first).await?.id);
        Ok(())
    }

    /// The second is there, and calls nobody yet.
    async fn dial_second(&mut self) -> Result<(), Error> {
        let Some(second) = &self.second else { return Ok(()) };
        let bridge = self.ari.bridges().create().r#type("mixing").await?.id;
        self.bridge = Some(bridge.clone());
        self.ari.bridge(&bridge).add_channel([&self.first, second]).await?;
        self.ari.channel(second).dial().caller(&self.first).timeout(self.wish.ring_seconds).await
    }

    /// Lets the first hear how the second is getting on.
    async fn tell_first(&self) -> Result<(), Error> {
        let first = self.ari.channel(&self.first);
        match self.status.as_str() {
            "RINGING" => first.ring().await,
            // From now on there is something else to hear.
            "PROGRESS" | "ANSWER" => first.ring_stop().await,
            // That is all we need to know; some would go on to send the busy tone.
            "BUSY" | "CONGESTION" | "CHANUNAVAIL" => match &self.second {
                Some(second) => self.ari.channel(second).hangup().await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Leaves nobody and nothing behind, whatever has happened; what is gone already is no matter.
    ///
    /// The bridge goes first: whoever is in it then is given a cause by that, in place of the one we have for the first.
    async fn clean_up(&self) {
        if let Some(bridge) = &self.bridge {
            let _ = self.ari.bridge(bridge).destroy().await;
        }
        let _ = self.ari.channel(&self.first).hangup().reason(&self.reason).await;
        if let Some(second) = &self.second {
            let _ = self.ari.channel(second).hangup().await;
        }
    }
}

/// Why nobody answers. The status of `Dial` comes first: who only sends the busy tone is hung up on by us, and the cause
/// (a number of Q.850) says no more than that.
fn reason(status: &str, cause: i64) -> HangupReason {
    match (status, cause) {
        ("BUSY", _) | (_, 17) => HangupReason::Busy,
        ("CONGESTION", _) | (_, 34 | 38 | 42) => HangupReason::Congestion,
        (_, 1 | 3) => HangupReason::Unallocated,
        (_, 21) => HangupReason::Rejected,
        _ => HangupReason::NoAnswer,
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstUnreachable(reason) => write!(f, "the first does not answer: {reason}"),
            Self::SecondUnreachable(reason) => write!(f, "the second does not answer: {reason}"),
            Self::Talked => f.write_str("they have talked"),
            Self::GivenUp => f.write_str("the first did not wait"),
        }
    }
}

//! Connects two telephones: calls the first one, then the second one while the first hears it ring, and lets them talk.
//!
//! The second channel is created, put into the bridge, and only then dialled. So the first party hears what comes before
//! the answer, such as an announcement of the network. If the second party cannot be reached, the first call ends with
//! the reason as its cause: busy, no answer, no such number.
//!
//! It needs nothing in the dialplan. Try it with the Asterisk that `cargo xtask asterisk up` starts, whose extension 1001
//! answers, 1004 rings, 1005 is busy and 1008 cannot be reached:
//!
//! ```console
//! $ ARI_URL=http://127.0.0.1:PORT/ari cargo run --example click_to_dial Local/1002@default Local/1005@default
//! ```
//!
//! `ARI_URL`, `ARI_USER` and `ARI_PASSWORD` locate Asterisk.

use std::env;
use std::fmt;

use ari_bindings::events::StasisStart;
use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::values::HangupReason;
use ari_bindings::{Client, Error, Event, Events};

/// The argument of the first party's channel.
const FIRST: &str = "first";

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
    // Each run is a separate application, so that several can run at the same time.
    let app = format!("click-to-dial-{}", std::process::id());
    let mut events = ari.events(&app).resync(true).await?;
    let wish = Wish { app, first, second, ring_seconds: 20 };
    let outcome = connect(&ari, &mut events, wish).await;
    events.close().await;
    println!("{}", outcome?);
    Ok(())
}

/// The parties, and how to call them.
pub struct Wish {
    /// The application of the connection.
    pub app: String,
    /// The endpoint that is called first.
    pub first: String,
    /// The endpoint that is called once the first has answered.
    pub second: String,
    /// How long each telephone may ring, in seconds.
    pub ring_seconds: i64,
}

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The first party did not answer.
    FirstUnreachable(HangupReason),
    /// The second party did not answer. The first call has ended with the reason.
    SecondUnreachable(HangupReason),
    /// The parties talked.
    Talked,
    /// The first party hung up before the second answered, or the outcome is lost in a gap.
    GivenUp,
}

/// Makes the call and follows it to its end.
pub async fn connect(ari: &Client, events: &mut Events, wish: Wish) -> Result<Outcome, Error> {
    let originate = ari.channels().originate(&wish.first).app(&wish.app).app_args(FIRST);
    let first = originate.timeout(wish.ring_seconds).await?.id;
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
    /// Created once the first party has answered.
    second: Option<ChannelId>,
    bridge: Option<BridgeId>,
    /// The status of the last call, in the terms of the application `Dial`.
    status: String,
    /// The cause sent by the second telephone. The cause of [`Event::ChannelDestroyed`] may only be that the channel has
    /// left the bridge.
    cause: Option<i64>,
    /// The reason for hanging up on the first party.
    reason: HangupReason,
}

impl Call<'_> {
    async fn watch(&mut self, events: &mut Events) -> Result<Outcome, Error> {
        while let Some(event) = events.next().await {
            let reaction = match event? {
                Event::StasisStart(start) if start.replace_channel.is_some() => {
                    self.replace(&start);
                    Ok(())
                }
                // If the call was picked up, this is a different channel with the same argument.
                Event::StasisStart(start) if start.args.first().is_some_and(|argument| argument == FIRST) => {
                    self.first = start.channel.id;
                    match self.create_second().await {
                        // The telephone is unknown or unreachable.
                        Err(error) if matches!(error.status(), Some(400 | 500)) => {
                            println!("{}: {error}", self.wish.second);
                            self.reason = HangupReason::Unallocated;
                            return Ok(Outcome::SecondUnreachable(self.reason.clone()));
                        }
                        created => created,
                    }
                }
                Event::StasisStart(start) if self.is_second(&start.channel.id) => self.dial_second().await,
                // Without a status, the event only reports that dialling begins, and may arrive late.
                Event::Dial(dial) if !dial.dialstatus.is_empty() => {
                    println!("{}: {}", dial.peer.name, dial.dialstatus);
                    self.status = dial.dialstatus;
                    if self.is_second(&dial.peer.id) { self.relay_progress().await } else { Ok(()) }
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
                    println!("{gap}: the call continues, events are lost");
                    Ok(())
                }
                Event::Resynced(change) if change.channels.vanished.iter().any(|id| self.has(id)) => {
                    return Ok(if self.is_answered() { Outcome::Talked } else { Outcome::GivenUp });
                }
                _ => Ok(()),
            };
            match reaction {
                // A party hung up at the same moment, and the event follows.
                Err(error) if matches!(error.status(), Some(400 | 404 | 409 | 422)) => println!("too late: {error}"),
                reaction => reaction?,
            }
        }
        Ok(Outcome::GivenUp)
    }

    /// A telephone has transferred its call, and Asterisk has replaced its channel by another one.
    fn replace(&mut self, start: &StasisStart) {
        for id in [Some(&mut self.first), self.second.as_mut()].into_iter().flatten() {
            if start.replace_channel.as_ref().is_some_and(|replaced| replaced.id == *id) {
                *id = start.channel.id.clone();
            }
        }
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

    /// The first party has answered.
    async fn create_second(&mut self) -> Result<(), Error> {
        let Wish { app, second, .. } = &self.wish;
        self.status.clear();
        self.second = Some(self.ari.channels().create(second, app).originator(&self.first).await?.id);
        Ok(())
    }

    /// The second channel exists, and is not dialled yet.
    async fn dial_second(&mut self) -> Result<(), Error> {
        let Some(second) = &self.second else { return Ok(()) };
        let bridge = self.ari.bridges().create().r#type("mixing").await?.id;
        self.bridge = Some(bridge.clone());
        self.ari.bridge(&bridge).add_channel([&self.first, second]).await?;
        self.ari.channel(second).dial().caller(&self.first).timeout(self.wish.ring_seconds).await
    }

    /// Lets the first party hear the progress of the second call.
    async fn relay_progress(&self) -> Result<(), Error> {
        let first = self.ari.channel(&self.first);
        match self.status.as_str() {
            "RINGING" => first.ring().await,
            // Other audio follows.
            "PROGRESS" | "ANSWER" => first.ring_stop().await,
            // Some telephones would now play the busy tone.
            "BUSY" | "CONGESTION" | "CHANUNAVAIL" => match &self.second {
                Some(second) => self.ari.channel(second).hangup().await,
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Removes the bridge and the channels that still exist.
    ///
    /// The bridge goes first: it would overwrite the cause of the hang-up for channels in it.
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

/// Why the call was not answered. The status of `Dial` takes precedence over the cause (a number of Q.850): if a
/// telephone only sends the busy tone, the program hangs up, and the cause reports only that.
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
            Self::FirstUnreachable(reason) => write!(f, "the first party does not answer: {reason}"),
            Self::SecondUnreachable(reason) => write!(f, "the second party does not answer: {reason}"),
            Self::Talked => f.write_str("the parties talked"),
            Self::GivenUp => f.write_str("the first party hung up"),
        }
    }
}

use std::time::Duration;

use ari_bindings::{Client, Error};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::unique;

/// Calls into an application, made at a steady rate until stopped.
///
/// Each call is a Local channel whose other end echoes; it is held for a while and then hung up. Failures of the server
/// do not end the load; the [`Ledger`] records the outcome of each call.
#[derive(Debug)]
pub struct Load {
    stop: watch::Sender<bool>,
    task: JoinHandle<Ledger>,
}

/// The outcomes of all calls, in the order of the requests.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The calls.
    pub calls: Vec<PlacedCall>,
}

/// One call.
#[derive(Debug)]
pub struct PlacedCall {
    /// The id of the channel in the application.
    pub id: String,
    /// When the request was sent.
    pub asked: Instant,
    /// When the reply arrived.
    pub answered: Instant,
    /// Whether the channel was created.
    pub made: Answer,
    /// The hangup; `None` if the channel was not created.
    pub hangup: Option<Hangup>,
}

/// The end of a call.
#[derive(Debug)]
pub struct Hangup {
    /// When the request was sent.
    pub asked: Instant,
    /// When the reply arrived.
    pub answered: Instant,
    /// Whether the channel was hung up. The request is refused with 404 if the call had already ended.
    pub made: Answer,
}

/// The outcome of a request.
#[derive(Debug)]
pub enum Answer {
    /// The request was executed.
    Done,
    /// The request was not executed: the server refused or never received it.
    Refused(Error),
    /// The request may have been executed.
    Unknown(Error),
}

impl Load {
    /// Starts a load. The first call is made immediately.
    ///
    /// # Panics
    ///
    /// If the rate is 0.
    #[must_use]
    pub fn start(client: &Client, app: &str, calls_per_second: u32, hold: Duration) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (client, app) = (client.clone(), app.to_owned());
        let task = tokio::spawn(run(client, app, Duration::from_secs(1) / calls_per_second, hold, stopped));
        Self { stop, task }
    }

    /// Makes no more calls, hangs up those that are held, and waits for all replies: at most as long as the client waits
    /// for one.
    ///
    /// # Panics
    ///
    /// If the load has panicked.
    pub async fn stop(self) -> Ledger {
        self.stop.send_replace(true);
        self.task.await.expect("the load does not panic")
    }
}

impl Ledger {
    /// The calls that were certainly made.
    pub fn made(&self) -> impl Iterator<Item = &PlacedCall> {
        self.calls.iter().filter(|call| call.made.is_done())
    }

    /// The calls that may still exist: possibly made, and not certainly ended.
    pub fn left(&self) -> impl Iterator<Item = &PlacedCall> {
        self.calls.iter().filter(|call| {
            let has_ended = |hangup: &Hangup| match &hangup.made {
                Answer::Done => true,
                Answer::Refused(error) => error.is_not_found(),
                Answer::Unknown(_) => false,
            };
            !matches!(call.made, Answer::Refused(_)) && !call.hangup.as_ref().is_some_and(has_ended)
        })
    }
}

impl Answer {
    /// Whether the request was certainly executed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// The error, unless the request was executed.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Done => None,
            Self::Refused(error) | Self::Unknown(error) => Some(error),
        }
    }

    fn of<T>(result: Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) if error.maybe_executed() => Self::Unknown(error),
            Err(error) => Self::Refused(error),
        }
    }
}

async fn run(ari: Client, app: String, every: Duration, hold: Duration, mut stopped: watch::Receiver<bool>) -> Ledger {
    let mut calls = JoinSet::new();
    let mut ticks = interval(every);
    // Missed calls are not made up for in a burst after the machine was busy.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = until_stopped(&mut stopped) => break,
            _ = ticks.tick() => {
                calls.spawn(call(ari.clone(), app.clone(), hold, stopped.clone()));
            }
        }
    }
    let mut calls = calls.join_all().await;
    calls.sort_by_key(|call| call.asked);
    Ledger { calls }
}

/// Returns when the load is stopped or its handle dropped.
async fn until_stopped(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn call(ari: Client, app: String, hold: Duration, mut stopped: watch::Receiver<bool>) -> PlacedCall {
    let (id, asked) = (unique("load"), Instant::now());
    let made = Answer::of(ari.channels().originate_with_id(&id, "Local/echo@default").app(&app).await);
    let answered = Instant::now();
    let hangup = match made {
        Answer::Refused(_) => None,
        Answer::Done | Answer::Unknown(_) => {
            tokio::select! {
                () = sleep(hold) => {}
                () = until_stopped(&mut stopped) => {}
            }
            let asked = Instant::now();
            let made = Answer::of(ari.channel(&id).hangup().await);
            Some(Hangup { asked, answered: Instant::now(), made })
        }
    };
    PlacedCall { id, asked, answered, made, hangup }
}

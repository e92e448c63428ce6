//! A worker of a fleet that writes down what it does, for the tests.
//!
//! `fleet_worker NATS_URL APP NAME JOURNAL [--hand-over] [--every MILLISECONDS] [--steps N] [--play]`: each call is answered
//! and goes through numbered steps, each of which is a checkpoint in Asterisk. A call that another worker began goes on
//! with the next step.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ari_app::{Call, CallError};
use ari_e2e::fleet::{Entry, Journal, What};
use ari_e2e::unique;
use ari_fleet::Fleet;
use serde::{Deserialize, Serialize};

type Failure = Box<dyn std::error::Error>;

/// What a call has come to.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct State {
    step: u64,
}

#[derive(Debug)]
struct Options {
    every: Duration,
    steps: u64,
    play: bool,
    hand_over: bool,
}

/// One run of the handler.
struct Run {
    call: Call,
    worker: String,
    id: String,
    journal: Arc<Journal>,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, app, name, journal, options @ ..] = &words[..] else {
        return Err("fleet_worker NATS_URL APP NAME JOURNAL [OPTIONS]".into());
    };
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let options = Arc::new(parse(options)?);
    let journal = Arc::new(Journal::open(Path::new(journal)));
    let fleet = Fleet::connect(url).await?;
    let worker = name.clone();
    let app = fleet.app(app).worker_name(name).hand_over(options.hand_over);
    let served = app.serve(move |call: Call| {
        let (journal, options, worker) = (Arc::clone(&journal), Arc::clone(&options), worker.clone());
        async move { Run { id: unique(&worker), call, worker, journal }.run(&options).await }
    });
    served.await?;
    Ok(())
}

fn parse(words: &[String]) -> Result<Options, Failure> {
    let mut options = Options { every: Duration::from_millis(200), steps: u64::MAX, play: false, hand_over: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().ok_or("a number is missing")?.parse::<u64>().map_err(Failure::from);
        match word.as_str() {
            "--every" => options.every = Duration::from_millis(number()?),
            "--steps" => options.steps = number()?,
            "--play" => options.play = true,
            "--hand-over" => options.hand_over = true,
            other => return Err(format!("{other}: no such option").into()),
        }
    }
    Ok(options)
}

/// A handler that is dropped before its end says so.
struct Unfinished<'a>(&'a Run);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.write(What::Ended("dropped".to_owned()), Journal::now());
    }
}

impl Run {
    async fn run(&self, options: &Options) -> Result<(), CallError> {
        let unfinished = Unfinished(self);
        let result = self.serve(options).await;
        std::mem::forget(unfinished);
        let why = match &result {
            Ok(()) => "done".to_owned(),
            Err(error) => error.to_string(),
        };
        let now = Journal::now();
        self.write(What::Ended(why), now);
        result
    }

    async fn serve(&self, options: &Options) -> Result<(), CallError> {
        let began = Journal::now();
        let resumed = self.call.is_resumed();
        let found = if resumed { self.call.resumed::<State>().await? } else { None };
        self.write(What::Began { resumed, step: found.as_ref().map(|state| state.step) }, began);
        let mut state = found.unwrap_or_default();
        if !resumed {
            self.call.answer().await?;
        }
        while state.step < options.steps {
            if options.play {
                self.call.say("sound:beep").await?;
            }
            let next = State { step: state.step + 1 };
            let from = Journal::now();
            match self.call.checkpoint(&next).await {
                Ok(()) => {
                    self.write(What::Step(next.step), from);
                    state = next;
                }
                Err(error @ CallError::Ended(_)) => return Err(error),
                Err(error) => self.write(What::Failed(error.to_string()), from),
            }
            self.call.sleep(options.every).await?;
        }
        Ok(())
    }

    fn write(&self, what: What, from: u64) {
        self.journal.write(&Entry {
            worker: self.worker.clone(),
            call: self.call.id().to_owned(),
            run: self.id.clone(),
            what,
            from,
            to: Journal::now(),
        });
    }
}

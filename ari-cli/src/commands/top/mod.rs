//! `ari top`: the server on a full screen.

#[cfg(test)]
mod picture;
mod rates;
mod screen;
mod state;
mod view;

use std::io::{self, IsTerminal as _};
use std::time::{Duration, SystemTime};

use ari_bindings::{Client, Event as Received, Events, Method, Request};
use chrono::{DateTime, Utc};
use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures_util::StreamExt as _;
use ratatui::DefaultTerminal;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use self::screen::{Message, Screen, Wish};
use self::state::State;
use self::view::View;
use crate::calls::Event;
use crate::context::Context;
use crate::failure::Failure;
use crate::feed::{self, Watched};

/// How often the screen is drawn at most, but for keys.
const FRAME: Duration = Duration::from_millis(200);

const EXAMPLES: &str = "\
Examples:
  ari top                      # everything on the server
  ari top --app hello          # the calls of one application

Channels of a call have the same colour. A channel shows who talks if TALK_DETECT(set) was set on it.
Keys: ↑ ↓ select, Enter looks closer, Esc goes back, h hangs up, q quits.";

/// Show channels and bridges on a full screen, as they change; look closer at them, hang up
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Receive the events of this application only
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<String>,

    #[command(flatten)]
    watched: Watched,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<(), Failure> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::usage("top needs a terminal").with_remedy("`ari listen` shows events in a pipe"));
    }
    let server = context.server()?.url;
    let client = context.client().await?;
    let only = if args.watched.all { Vec::new() } else { args.apps.clone() };
    // Events first: what changes while the lists are read is not missed.
    let mut events = args.watched.connect(context, args.apps).await?;
    let mut top = Top::new(server, client, only);
    top.look().await?;
    let terminal = ratatui::try_init()?;
    let result = top.run(terminal, &mut events).await;
    ratatui::restore();
    events.close().await;
    result
}

struct Top {
    server: String,
    client: Client,
    state: State,
    screen: Screen,
    gap: Option<String>,
    /// Hangups that were asked for.
    hangups: JoinSet<Message>,
}

impl Top {
    fn new(server: String, client: Client, only: Vec<String>) -> Self {
        let (state, screen, hangups) = (State::of(only), Screen::default(), JoinSet::new());
        Self { server, client, state, screen, gap: None, hangups }
    }

    /// Reads what there is.
    async fn look(&mut self) -> Result<(), Failure> {
        let (channels, bridges) = (self.get("/channels").await?, self.get("/bridges").await?);
        let applications = self.get("/applications").await?;
        self.state.look(&channels, &bridges, &applications);
        Ok(())
    }

    async fn get(&self, path: &'static str) -> Result<Value, Failure> {
        let response = self.client.send(Request::new(Method::Get, path)).await?;
        serde_json::from_slice(response.body()).map_err(|error| Failure::other(format!("GET {path}: {error}")))
    }

    async fn run(&mut self, mut terminal: DefaultTerminal, events: &mut Events) -> Result<(), Failure> {
        let mut keys = EventStream::new();
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut interrupted = std::pin::pin!(feed::interrupted()?);
        loop {
            tokio::select! {
                biased;
                () = &mut interrupted => return Ok(()),
                key = keys.next() => {
                    let Some(key) = key else { return Ok(()) };
                    if self.input(&key?) {
                        return Ok(());
                    }
                    self.draw(&mut terminal)?;
                }
                _ = frames.tick() => self.draw(&mut terminal)?,
                Some(done) = self.hangups.join_next() => self.screen.message = done.ok(),
                event = events.next() => match event {
                    Some(event) => self.take(&event?, events.raw()).await,
                    None => return Ok(()),
                },
            }
        }
    }

    /// Does what the user wants; says whether that is to quit.
    fn input(&mut self, input: &Input) -> bool {
        let Input::Key(key) = input else { return false };
        if key.kind != KeyEventKind::Press {
            return false;
        }
        match self.screen.press(*key, &self.state) {
            Some(Wish::Quit) => return true,
            Some(Wish::HangUp(id)) => self.hang_up(id),
            None => {}
        }
        false
    }

    fn hang_up(&mut self, id: String) {
        let channel = self.client.channel(&*id);
        self.hangups.spawn(async move {
            match channel.hangup().await {
                Ok(()) => Message { text: format!("{id} was hung up"), is_bad: false },
                Err(error) => Message { text: format!("{id}: {error}"), is_bad: true },
            }
        });
    }

    async fn take(&mut self, received: &Received, raw: Option<&str>) {
        match (raw, received) {
            (None, Received::Disconnected(gap)) => self.gap = Some(gap.to_string()),
            (None, Received::Reconnected(_)) => {
                self.gap = self.look().await.err().map(|failure| failure.to_string());
            }
            (raw, _) => {
                if let Some(event) = raw.and_then(Event::parse) {
                    self.state.apply(&event, now());
                }
            }
        }
    }

    fn draw(&mut self, terminal: &mut DefaultTerminal) -> Result<(), Failure> {
        self.screen.settle(&self.state);
        self.state.rates.advance(now().timestamp());
        let Self { server, gap, state, screen, .. } = self;
        let view = View { server, gap: gap.as_deref(), state, screen, now: now() };
        terminal.draw(|frame| view.draw(frame))?;
        Ok(())
    }
}

fn now() -> DateTime<Utc> {
    SystemTime::now().into()
}

#[cfg(test)]
mod tests {
    use ari_test::Fake;
    use crossterm::event::KeyCode;

    use super::*;

    #[tokio::test]
    async fn a_call_is_shown_and_hung_up() {
        let fake = Fake::new();
        let client = fake.client();
        let mut app = client.events("hello").await.unwrap();
        let caller = fake.call("hello").from("100").await;
        let mut events = client.events("watch").subscribe_all(true).await.unwrap();
        let mut top = Top::new(String::new(), client, Vec::new());
        top.look().await.unwrap();
        top.screen.settle(&top.state);
        assert_eq!(top.screen.selected.as_deref(), Some(caller.id()));
        assert_eq!(top.state.channels[caller.id()].app, "hello");

        for key in ['h', 'y'] {
            assert!(!top.input(&Input::Key(KeyCode::Char(key).into())));
        }
        let message = top.hangups.join_next().await.unwrap().unwrap();
        assert!(!message.is_bad, "{message:?}");
        while !top.state.channels.is_empty() {
            let event = events.next().await.unwrap().unwrap();
            top.take(&event, events.raw()).await;
        }
        app.close().await;
        assert!(top.input(&Input::Key(KeyCode::Char('q').into())));
    }

    #[tokio::test]
    async fn a_gap_is_shown_and_what_it_changed_is_read() {
        let fake = Fake::new();
        let client = fake.client();
        let mut app = client.events("hello").await.unwrap();
        let mut caller = fake.call("hello").from("100").await;
        let mut events = client.events("watch").subscribe_all(true).await.unwrap();
        let mut top = Top::new(String::new(), client, Vec::new());
        top.look().await.unwrap();
        fake.faults().cut_events();
        caller.hangs_up().await;
        let mut gaps = Vec::new();
        while gaps != [true, false] {
            let event = events.next().await.unwrap().unwrap();
            top.take(&event, events.raw()).await;
            if matches!(event, Received::Disconnected(_) | Received::Reconnected(_)) {
                gaps.push(top.gap.is_some());
            }
        }
        assert!(top.state.channels.is_empty());
        app.close().await;
    }
}

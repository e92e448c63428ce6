//! What an event is in a ladder.

use serde_json::Value;

use crate::calls::{Channel, Event, words};

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A channel, by id.
    Channel(String),
    /// A bridge, by id.
    Bridge(String),
    /// An application: that of the channel or bridge at the other end of the step, unless the event names it.
    App(Option<String>),
}

/// How a step is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
    /// Shown with details only.
    Quiet,
}

/// What a step between columns, or at one, is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) from: Place,
    /// `None` for what happens at one place.
    pub(crate) to: Option<Place>,
    pub(crate) label: String,
    pub(crate) tone: Tone,
    /// Whether the column begins or ends here.
    pub(crate) edge: Option<Edge>,
}

/// A beginning or an end of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    Begin,
    End,
}

impl Step {
    fn new(from: Place, to: Option<Place>, label: impl Into<String>) -> Self {
        Self { from, to, label: label.into(), tone: Tone::Plain, edge: None }
    }

    fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    fn edge(self, edge: Edge) -> Self {
        Self { edge: Some(edge), ..self }
    }
}

/// The step that an event is; `None` if it is about nothing that has a column.
pub(crate) fn step(event: &Event) -> Option<Step> {
    let app = || Some(Place::App(None));
    let here = |label: String| Some(Step::new(place(event)?, None, label));
    let to_app = |label: String| Some(Step::new(place(event)?, app(), label));
    let from_app = |label: String| Some(Step::new(Place::App(None), Some(place(event)?), label));
    match event.kind() {
        "ChannelCreated" => Some(here(event.channel("/channel")?.parties())?.edge(Edge::Begin)),
        "ChannelDestroyed" => Some(here(words(event))?.tone(end_tone(event)).edge(Edge::End)),
        "BridgeCreated" => Some(here(event.text("/bridge/bridge_type").to_owned())?.edge(Edge::Begin)),
        "BridgeDestroyed" => Some(here("destroyed".to_owned())?.edge(Edge::End)),
        "ChannelStateChange" => here(event.text("/channel/state").to_owned()),
        "ChannelHangupRequest" => here(hangup(event).to_owned()),
        "StasisStart" | "StasisEnd" | "ChannelDialplan" => Some(stasis(event)),
        "Dial" => dial(event),
        "ChannelEnteredBridge" | "ChannelLeftBridge" => membership(event),
        "ChannelDtmfReceived" => to_app(format!("digit {}", event.text("/digit"))),
        "ChannelHold" => to_app("hold".to_owned()),
        "ChannelUnhold" => to_app("unhold".to_owned()),
        "ChannelTalkingStarted" => to_app("talks".to_owned()),
        "ChannelTalkingFinished" => to_app(format!("talked {}", seconds(event.member("/duration")))),
        "ChannelUserevent" => to_app(event.text("/eventname").to_owned()),
        "PlaybackStarted" => from_app(format!("play {}", event.text("/playback/media_uri"))),
        // A PlaybackStarted follows.
        "PlaybackContinuing" => Some(from_app(words(event))?.tone(Tone::Quiet)),
        "PlaybackFinished" => Some(to_app(played(event))?.tone(outcome(event.text("/playback/state")))),
        "RecordingStarted" => from_app(format!("record {}", event.text("/recording/name"))),
        "RecordingFinished" => to_app(format!("recorded {}", event.text("/recording/name"))),
        "RecordingFailed" => Some(to_app(format!("not recorded: {}", event.text("/recording/cause")))?.tone(Tone::Bad)),
        "BridgeBlindTransfer" => here(format!("transfer to {}: {}", event.text("/exten"), event.text("/result"))),
        "BridgeAttendedTransfer" => here(format!("attended transfer: {}", event.text("/result"))),
        "ChannelVarset" | "ChannelCallerId" | "ChannelConnectedLine" => Some(here(words(event))?.tone(Tone::Quiet)),
        kind => here(format!("{kind} {}", words(event)).trim_end().to_owned()),
    }
}

/// What an event is about.
fn place(event: &Event) -> Option<Place> {
    let channel = ["/channel", "/transferer", "/transferer_first_leg"].into_iter().find_map(|of| event.channel(of));
    let channel = channel.or_else(|| event.channels().next()).map(Channel::id);
    if let Some(id) = channel.or_else(|| event.target("channel")) {
        return Some(Place::Channel(id.to_owned()));
    }
    event.bridges().next().map(|id| Place::Bridge(id.to_owned()))
}

fn stasis(event: &Event) -> Step {
    let channel = Place::Channel(event.text("/channel/id").to_owned());
    let app = |name: &str| Place::App(Some(name.to_owned()));
    match event.kind() {
        "StasisStart" => {
            let args = event.member("/args").as_array().into_iter().flatten().filter_map(Value::as_str);
            let args = args.collect::<Vec<_>>().join(", ");
            let label = if args.is_empty() { "enters".to_owned() } else { format!("enters ({args})") };
            Step::new(channel, Some(app(event.application())), label).tone(Tone::Good)
        }
        "StasisEnd" => Step::new(app(event.application()), Some(channel), "leaves"),
        // An application's own events begin later; those of another one show only this.
        _ if event.text("/dialplan_app") == "Stasis" => {
            let (name, args) = event.text("/dialplan_app_data").split_once(',').map_or_else(
                || (event.text("/dialplan_app_data"), String::new()),
                |(name, args)| (name, format!(" ({args})")),
            );
            Step::new(channel, Some(app(name)), format!("enters{args}")).tone(Tone::Good)
        }
        _ => Step::new(channel, None, words(event)).tone(Tone::Quiet),
    }
}

fn dial(event: &Event) -> Option<Step> {
    let peer = Place::Channel(event.channel("/peer")?.id().to_owned());
    let caller = match event.channel("/caller") {
        Some(caller) => Place::Channel(caller.id().to_owned()),
        None => Place::App(None),
    };
    let status = event.text("/dialstatus");
    Some(match status {
        "" => Step::new(caller, Some(peer), format!("dial {}", event.text("/dialstring"))),
        "RINGING" | "PROGRESS" | "PROCEEDING" => Step::new(peer, Some(caller), status.to_lowercase()),
        "ANSWER" => Step::new(peer, Some(caller), "answer").tone(Tone::Good),
        status => Step::new(peer, Some(caller), status.to_lowercase()).tone(Tone::Bad),
    })
}

fn membership(event: &Event) -> Option<Step> {
    let channel = Place::Channel(event.channel("/channel")?.id().to_owned());
    let bridge = Place::Bridge(event.text("/bridge/id").to_owned());
    Some(match event.kind() {
        "ChannelEnteredBridge" => Step::new(channel, Some(bridge), "joins").tone(Tone::Good),
        _ => Step::new(bridge, Some(channel), "leaves"),
    })
}

fn hangup(event: &Event) -> &'static str {
    if event.member("/soft") == true { "hangup requested" } else { "hangs up" }
}

/// 16 is a normal end, 0 an unknown one, 26 that somebody else has answered.
fn end_tone(event: &Event) -> Tone {
    if matches!(event.member("/cause").as_i64(), Some(0 | 16 | 26)) { Tone::Plain } else { Tone::Bad }
}

fn outcome(state: &str) -> Tone {
    if state == "failed" { Tone::Bad } else { Tone::Plain }
}

fn played(event: &Event) -> String {
    match event.text("/playback/state") {
        "done" => "played".to_owned(),
        state => format!("play {state}"),
    }
}

fn seconds(millis: &Value) -> String {
    millis.as_f64().map_or_else(String::new, |millis| format!("{:.1} s", millis / 1_000.0))
}

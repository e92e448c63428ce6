//! The columns and rows of a call.

use std::collections::HashMap;

use super::step::{Edge, Place, Step, Tone, step};
use crate::calls::{Call, Channel, Event, Item, endpoint, words};

/// What an application is called that no event names.
const SOME_APPLICATION: &str = "application";

/// What the applications of this program's own connections begin with.
const OWN: &str = "ari-cli-";

/// A ladder, without its form.
#[derive(Debug)]
pub(crate) struct Diagram {
    pub(crate) title: String,
    /// When it was, and how long it took.
    pub(crate) subtitle: String,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) rows: Vec<Row>,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) name: String,
    /// The id, or what kind of thing it is.
    pub(crate) detail: String,
    pub(crate) kind: LaneKind,
    /// The rows in which it exists.
    pub(crate) rows: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LaneKind {
    Channel,
    Bridge,
    App,
}

/// A row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Milliseconds since the call began.
    pub(crate) at: i64,
    pub(crate) shape: Shape,
    pub(crate) label: String,
    pub(crate) tone: Tone,
    /// More about it than the label says: the event's type and words.
    pub(crate) detail: String,
}

/// What a row shows, by number of column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Arrow(usize, usize),
    Mark(usize, Option<Edge>),
    Gap,
}

impl Diagram {
    /// The ladder of a call, with variables and the like if `details` are wanted.
    pub(crate) fn of(call: &Call, details: bool) -> Self {
        let mut builder = Builder { begin: call.events().find_map(Event::millis).unwrap_or(0), ..Builder::default() };
        builder.at = builder.begin;
        for (_, item) in &call.items {
            match item {
                Item::Event(event) => builder.event(event, details),
                Item::Gap(reason) => builder.gap(reason),
            }
        }
        builder.finish(call)
    }
}

#[derive(Default)]
struct Builder {
    begin: i64,
    at: i64,
    /// Columns in the order in which they appeared.
    places: Vec<(Place, Lane)>,
    steps: Vec<(usize, Option<usize>, Row)>,
    /// The application that a channel or bridge is in.
    apps: HashMap<Place, String>,
    last_app: Option<String>,
}

impl Builder {
    fn event(&mut self, event: &Event, details: bool) {
        self.at = event.millis().unwrap_or(self.at).max(self.begin);
        let Some(mut step) = step(event) else { return };
        if step.tone == Tone::Quiet && !details {
            return;
        }
        self.name_apps(&mut step, event);
        if self.is_repeated_entry(&step) || self.is_repeated_mark(&step) {
            return;
        }
        for channel in event.channels() {
            self.introduce(Place::Channel(channel.id().to_owned()), channel);
        }
        self.remember(&step);
        let from = self.lane(&step.from, event);
        let to = step.to.as_ref().map(|to| self.lane(to, event));
        let shape = match to {
            Some(to) if to != from => Shape::Arrow(from, to),
            _ => Shape::Mark(from, step.edge),
        };
        let detail = format!("{} {}", event.kind(), words(event)).trim_end().to_owned();
        self.push(from, to, shape, step.label, step.tone, detail);
    }

    fn gap(&mut self, reason: &str) {
        self.push(0, None, Shape::Gap, reason.to_owned(), Tone::Bad, String::new());
    }

    fn push(&mut self, from: usize, to: Option<usize>, shape: Shape, label: String, tone: Tone, detail: String) {
        let row = Row { at: self.at - self.begin, shape, label, tone, detail };
        self.steps.push((from, to, row));
    }

    /// Says which application is at the end of a step that leaves it open.
    fn name_apps(&self, step: &mut Step, event: &Event) {
        let other = |place: &Option<Place>| place.as_ref().and_then(|place| self.apps.get(place));
        let receiver = Some(event.application()).filter(|app| !app.is_empty() && !app.starts_with(OWN));
        let name = |at_other_end: Option<&String>| {
            let known = at_other_end.or(self.last_app.as_ref()).map(String::as_str);
            Some(known.or(receiver).unwrap_or(SOME_APPLICATION).to_owned())
        };
        if step.from == Place::App(None) {
            step.from = Place::App(name(other(&step.to)));
        }
        if step.to == Some(Place::App(None)) {
            step.to = Some(Place::App(name(other(&Some(step.from.clone())))));
        }
    }

    /// Whether the dialplan has shown this entry already.
    fn is_repeated_entry(&self, step: &Step) -> bool {
        let Some(Place::App(Some(app))) = &step.to else { return false };
        step.label.starts_with("enters") && self.apps.get(&step.from) == Some(app)
    }

    /// Whether the last thing that happened there is the same, as where Asterisk repeats that it hangs up.
    fn is_repeated_mark(&self, step: &Step) -> bool {
        let lane = self.places.iter().position(|(place, _)| *place == step.from);
        let last = self.steps.iter().rev().find(|(from, to, _)| Some(*from) == lane || (*to == lane && lane.is_some()));
        let is_same = |row: &Row| row.label == step.label && matches!(row.shape, Shape::Mark(..));
        step.to.is_none() && last.is_some_and(|(_, _, row)| is_same(row))
    }

    /// Remembers which application a channel or bridge is in.
    fn remember(&mut self, step: &Step) {
        match (&step.from, &step.to) {
            (from, Some(Place::App(Some(app)))) if step.label.starts_with("enters") => {
                self.apps.insert(from.clone(), app.clone());
                self.last_app = Some(app.clone());
            }
            (Place::App(_), Some(channel)) if step.label == "leaves" => {
                self.apps.remove(channel);
            }
            (channel, Some(bridge @ Place::Bridge(_))) => {
                if let Some(app) = self.apps.get(channel).cloned() {
                    self.apps.insert(bridge.clone(), app);
                }
            }
            _ => {}
        }
    }

    fn introduce(&mut self, place: Place, channel: Channel<'_>) {
        if !self.places.iter().any(|(known, _)| *known == place) {
            let lane = Lane {
                name: endpoint(channel.name()),
                detail: channel.id().to_owned(),
                kind: LaneKind::Channel,
                rows: (self.steps.len(), usize::MAX),
            };
            self.places.push((place, lane));
        }
    }

    fn lane(&mut self, place: &Place, event: &Event) -> usize {
        if let Some(known) = self.places.iter().position(|(known, _)| known == place) {
            return known;
        }
        let (name, detail, kind) = match place {
            Place::Channel(id) => (id.clone(), String::new(), LaneKind::Channel),
            Place::Bridge(id) => (bridge_name(event), id.clone(), LaneKind::Bridge),
            Place::App(name) => (name.clone().unwrap_or_default(), "application".to_owned(), LaneKind::App),
        };
        self.places.push((place.clone(), Lane { name, detail, kind, rows: (0, usize::MAX) }));
        self.places.len() - 1
    }

    /// Sorts the columns: channels, bridges, applications, each in the order in which they appeared.
    fn finish(self, call: &Call) -> Diagram {
        let Self { places, steps, begin, .. } = self;
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|place| match places[*place].1.kind {
            LaneKind::Channel => 0,
            LaneKind::Bridge => 1,
            LaneKind::App => 2,
        });
        let mut column = vec![0; places.len()];
        for (number, place) in order.iter().enumerate() {
            column[*place] = number;
        }
        let mut lanes: Vec<(usize, Lane)> =
            places.into_iter().enumerate().map(|(place, (_, lane))| (column[place], lane)).collect();
        lanes.sort_by_key(|(column, _)| *column);
        let mut lanes: Vec<Lane> = lanes.into_iter().map(|(_, lane)| lane).collect();
        let mut rows = Vec::with_capacity(steps.len());
        for (number, (from, to, mut row)) in steps.into_iter().enumerate() {
            row.shape = match (row.shape, to) {
                (Shape::Arrow(..), Some(to)) => Shape::Arrow(column[from], column[to]),
                (Shape::Mark(_, edge), _) => Shape::Mark(column[from], edge),
                (shape, _) => shape,
            };
            if let Shape::Mark(lane, Some(Edge::End)) = row.shape {
                lanes[lane].rows.1 = number;
            }
            rows.push(row);
        }
        let title = format!("Call {}: {}", call.number, call.title());
        Diagram { title, subtitle: subtitle(call, begin), lanes, rows }
    }
}

fn bridge_name(event: &Event) -> String {
    match event.text("/bridge/name") {
        "" => "bridge".to_owned(),
        name => format!("bridge {name}"),
    }
}

fn subtitle(call: &Call, begin: i64) -> String {
    let day = call.events().find_map(Event::at).map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string());
    let lasted = call.events().filter_map(Event::millis).max().unwrap_or(begin) - begin;
    let lasted = format!("{}.{:01} s", lasted / 1_000, lasted % 1_000 / 100);
    let events = format!("{} events", call.events().count());
    day.into_iter().chain([lasted, events]).collect::<Vec<_>>().join(" · ")
}

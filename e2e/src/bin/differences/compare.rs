//! What the fake does and no run of the real server did.

use std::collections::{BTreeMap, BTreeSet};

use ari_bindings::operations::OPERATIONS;
use ari_e2e::best_fit;
use serde_json::Value;

use crate::script::Scene;
use crate::trace::{Event, Reply, Trace};

/// The reply of the fake to what it does not model.
const NOT_MODELLED: &str = "is not modelled";

/// How the fake compares in one scene.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) scene: String,
    /// The requests by operation, each with how it differs, if it does.
    pub(crate) requests: Vec<(String, Option<Difference>)>,
    /// How the events differ.
    pub(crate) events: BTreeSet<String>,
    /// Orders of the real server that no seed gave.
    pub(crate) unseen: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    NotModelled,
    Differs { request: String, real: String, fake: String },
}

/// Compares all runs of a scene on a real server with all runs on the fake.
pub(crate) fn compare(scene: &Scene, real: &[Trace], fake: &[Trace]) -> Outcome {
    let mut outcome = Outcome { scene: scene.name.clone(), ..Outcome::default() };
    for index in 0..real.iter().map(|trace| trace.replies.len()).min().unwrap_or_default() {
        let real: Vec<&Reply> = real.iter().map(|trace| &trace.replies[index]).collect();
        let fake = fake.iter().filter_map(|trace| trace.replies.get(index));
        let differs = fake.filter(|reply| !real.contains(reply)).map(|fake| differs(real[0], fake)).min();
        outcome.requests.push((operation(&real[0].request), differs));
    }
    let missing = |traces: &[Trace]| -> BTreeSet<String> {
        traces.iter().flat_map(|trace| trace.missing.iter().cloned()).collect()
    };
    let real_missing = missing(real);
    outcome.events.extend(missing(fake).difference(&real_missing).map(|event| format!("`{event}` does not come")));
    outcome.events.extend(real_missing.iter().map(|event| format!("`{event}` does not come from Asterisk")));
    if outcome.events.is_empty() {
        events(real, fake, &mut outcome);
    }
    outcome
}

fn differs(real: &Reply, fake: &Reply) -> Difference {
    if fake.response.status.starts_with("501") && fake.response.body.contains(NOT_MODELLED) {
        return Difference::NotModelled;
    }
    Difference::Differs { request: real.request.clone(), real: shown(real), fake: shown(fake) }
}

/// The parts of a response that may differ, on one line.
fn shown(reply: &Reply) -> String {
    let response = &reply.response;
    let headers = [("Allow", &response.allow), ("Location", &response.location), ("", &response.content_type)];
    let headers = headers.into_iter().filter_map(|(name, value)| match (name, value.as_deref()?) {
        (_, "application/json") => None,
        ("", other) => Some(format!(" {other}")),
        (name, value) => Some(format!(" {name}: {value}")),
    });
    let headers: String = headers.collect();
    format!("{}{headers} {}", response.status, response.body).trim_end().to_owned()
}

/// The operation that a request means by its path.
fn operation(request: &str) -> String {
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let operations = OPERATIONS.iter().filter(|operation| operation.method.as_str() == method);
    let found = best_fit(operations, |operation| operation.path, path);
    found.map_or_else(|| "none".to_owned(), |operation| format!("{}.{}", operation.resource, operation.name))
}

/// The orders of events by object.
type Orders<'a> = BTreeMap<&'a str, BTreeSet<Vec<&'a str>>>;

fn events(real: &[Trace], fake: &[Trace], outcome: &mut Outcome) {
    let (real_orders, fake_orders) = (orders(real), orders(fake));
    for (object, orders) in &fake_orders {
        let known = real_orders.get(object);
        for order in orders.iter().filter(|order| known.is_none_or(|known| !known.contains(*order))) {
            let real = known.and_then(|known| known.first()).map_or_else(|| "none".to_owned(), |order| joined(order));
            outcome.events.insert(format!("{}: {real}; the fake: {}", named(object), joined(order)));
        }
    }
    for (object, orders) in &real_orders {
        let known = fake_orders.get(object);
        for order in orders.iter().filter(|order| known.is_none_or(|known| !known.contains(*order))) {
            outcome.unseen.insert(format!("{}: {}", named(object), joined(order)));
        }
    }
    for (object, events) in fake.iter().flat_map(|trace| &trace.events) {
        let alike: Vec<&Vec<Event>> = real.iter().filter_map(|trace| trace.events.get(object)).collect();
        outcome.events.extend((0..events.len()).filter_map(|index| content(object, events, index, &alike)));
    }
}

fn orders(traces: &[Trace]) -> Orders<'_> {
    let mut orders = Orders::new();
    for (object, events) in traces.iter().flat_map(|trace| &trace.events) {
        orders.entry(object).or_default().insert(events.iter().map(|event| event.kind.as_str()).collect());
    }
    orders
}

/// How the content of an event differs from those that Asterisk sent in its place, where the order is the same.
fn content(object: &str, events: &[Event], index: usize, real: &[&Vec<Event>]) -> Option<String> {
    let kinds = |events: &[Event]| -> Vec<String> { events.iter().map(|event| event.kind.clone()).collect() };
    let order = kinds(events);
    let mut alike = real.iter().filter(|real| kinds(real) == order).map(|real| &real[index].text).peekable();
    let (first, event) = (alike.peek()?.to_owned(), &events[index]);
    if alike.any(|text| *text == event.text) {
        return None;
    }
    let (real, fake) = (serde_json::from_str(first).ok()?, serde_json::from_str(&event.text).ok()?);
    let differing = member("", &real, &fake)?;
    Some(format!("`{}` of {}: {differing}", event.kind, named(object)))
}

/// The first member that differs.
fn member(place: &str, real: &Value, fake: &Value) -> Option<String> {
    if let (Value::Object(real), Value::Object(fake)) = (real, fake) {
        let names: BTreeSet<&String> = real.keys().chain(fake.keys()).collect();
        let missing = Value::from("<none>");
        return names.into_iter().find_map(|name| {
            let place = format!("{place}.{name}");
            member(&place, real.get(name).unwrap_or(&missing), fake.get(name).unwrap_or(&missing))
        });
    }
    (real != fake).then(|| format!("`{}` is `{real}`, of the fake `{fake}`", &place[1..]))
}

fn joined(order: &[&str]) -> String {
    order.join(" ")
}

fn named(object: &str) -> String {
    if object.is_empty() { "the application".to_owned() } else { format!("`{object}`") }
}

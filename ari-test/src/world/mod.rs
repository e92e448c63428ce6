//! The state of the server, and what changes it.

mod agenda;
mod applications;
mod asterisk;
mod audio;
mod bridges;
mod channels;
mod clock;
mod devices;
mod dialplan;
mod endpoints;
mod events;
mod faults;
mod ids;
mod leftovers;
mod mailboxes;
mod models;
mod order;
mod outbound;
mod people;
mod playbacks;
mod recordings;
mod sounds;
#[cfg(test)]
mod tests;
mod traits;
mod user_events;
mod variables;

pub(crate) use channels::create::Arrival;
pub(crate) use dialplan::Act;
pub(crate) use order::STEP;
pub(crate) use outbound::Entering;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ari_bindings::Release;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::exchange::{RawRequest, Reply, SessionEnd, SessionId, Via};
use crate::journal::{Journal, What};
use crate::surface::Call;

/// What a session receives.
#[derive(Debug)]
pub(crate) enum Frame {
    Text(Arc<str>),
    /// The reply to a request that has come over the session. One follows another, as the requests do.
    Reply(Reply),
    End(SessionEnd),
}

/// The state of a server. It is synchronous: time passes in [`World::advance`] alone.
#[derive(Debug)]
pub(crate) struct World {
    release: Release,
    traits: traits::Traits,
    clock: clock::Clock,
    agenda: agenda::Agenda,
    random: fastrand::Rng,
    ids: ids::Ids,
    next_ticket: u64,
    waiting: BTreeMap<Ticket, Waiting>,
    next_session: u64,
    sessions: BTreeMap<SessionId, applications::Connection>,
    apps: BTreeMap<String, applications::App>,
    channels: BTreeMap<String, channels::Channel>,
    /// The variables that every channel reports.
    reported: BTreeSet<String>,
    /// The channels whose sound somebody notices.
    noticed: BTreeSet<String>,
    people: BTreeMap<String, people::Person>,
    journal: Journal,
    bridges: BTreeMap<String, bridges::Bridge>,
    playbacks: BTreeMap<String, playbacks::Playback>,
    live: BTreeMap<String, recordings::Live>,
    stored: BTreeMap<String, recordings::Stored>,
    sounds: sounds::Sounds,
    dialplan: dialplan::Dialplan,
    endpoints: endpoints::Endpoints,
    devices: BTreeMap<String, String>,
    mailboxes: BTreeMap<String, mailboxes::Mailbox>,
    server: asterisk::Server,
    outbound: outbound::Outbound,
}

/// The reply to a request, at once; a refusal is an error so that `?` carries it.
type Outcome = Result<Reply, Reply>;

/// The same, or `None` if the reply comes later.
type Answer = Result<Option<Reply>, Reply>;

/// A request that waits for its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket(u64);

/// Where a reply goes.
#[derive(Debug)]
enum Waiting {
    Http(oneshot::Sender<Reply>),
    Session(SessionId),
}

fn refuse<T>(status: u16, message: impl AsRef<str>) -> Result<T, Reply> {
    Err(Reply::message(status, message))
}

impl World {
    pub(crate) fn new(release: Release, seed: u64, now: Instant) -> Self {
        Self {
            release,
            traits: traits::Traits::of(release),
            clock: clock::Clock::new(now),
            agenda: agenda::Agenda::default(),
            random: fastrand::Rng::with_seed(seed),
            ids: ids::Ids::default(),
            next_ticket: 0,
            waiting: BTreeMap::new(),
            next_session: 0,
            sessions: BTreeMap::new(),
            apps: BTreeMap::new(),
            channels: BTreeMap::new(),
            reported: BTreeSet::new(),
            noticed: BTreeSet::new(),
            people: BTreeMap::new(),
            journal: Journal::default(),
            bridges: BTreeMap::new(),
            playbacks: BTreeMap::new(),
            live: BTreeMap::new(),
            stored: BTreeMap::new(),
            sounds: sounds::Sounds::default(),
            dialplan: dialplan::Dialplan::default(),
            endpoints: endpoints::Endpoints::default(),
            devices: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            server: asterisk::Server::default(),
            outbound: outbound::Outbound::default(),
        }
    }

    /// Executes a request, unless it is refused already. The receiver gets the reply when Asterisk would send it. The
    /// reply to a request that has come over a session goes there instead, by [`World::reply_over`].
    pub(crate) fn execute(
        &mut self,
        request: RawRequest,
        call: Result<Call, Reply>,
        via: Via,
    ) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let waiting = match via {
            Via::Http => Waiting::Http(sender),
            Via::WebSocket(session) => Waiting::Session(session),
        };
        self.waiting.insert(ticket, waiting);
        let operation = call.as_ref().ok().map(|call| call.operation);
        self.note(What::Request { number: ticket.0, request, operation });
        let answer =
            call.and_then(|call| self.answer(&call, ticket).unwrap_or_else(|| Err(Reply::not_modelled(&call))));
        match answer {
            Ok(Some(reply)) | Err(reply) => self.reply(ticket, reply),
            Ok(None) => {}
        }
        self.update_sound();
        receiver
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    fn note(&mut self, what: What) {
        self.journal.note(self.clock.elapsed(), what);
    }

    fn answer(&mut self, call: &Call, ticket: Ticket) -> Option<Answer> {
        let (operation, arguments) = (call.operation.name, &call.arguments);
        let outcome = match call.operation.resource {
            "applications" => self.application_requests(operation, arguments),
            "asterisk" => self.asterisk_requests(operation, arguments),
            "deviceStates" => self.device_requests(operation, arguments),
            "endpoints" => self.endpoint_requests(operation, arguments),
            "events" => self.event_requests(operation, arguments),
            "mailboxes" => self.mailbox_requests(operation, arguments),
            "sounds" => self.sound_requests(operation, arguments),
            "recordings" => return self.recording_requests(operation, arguments, ticket),
            "playbacks" => return self.playback_requests(operation, arguments, ticket),
            "bridges" => return self.bridge_requests(operation, arguments, ticket),
            "channels" => return self.channel_requests(operation, arguments, ticket),
            _ => None,
        };
        outcome.map(|outcome| outcome.map(Some))
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply) {
        if self.waiting.contains_key(&ticket) {
            self.note(What::reply(ticket.0, &reply));
        }
        match self.waiting.remove(&ticket) {
            // The client may have gone away.
            Some(Waiting::Http(sender)) => drop(sender.send(reply)),
            Some(Waiting::Session(session)) => self.reply_over(session, reply),
            None => {}
        }
    }
}

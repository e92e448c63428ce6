//! Faults of the server and its network that a test causes.

use std::time::Duration;

use crate::Fake;
use crate::exchange::SessionRequest;
use crate::fake::Session;
use crate::server::{State, User};

impl Fake {
    /// Faults to cause in this server, and in the network before it.
    #[must_use]
    pub fn faults(&self) -> Faults {
        Faults { fake: self.clone() }
    }
}

/// Faults of a [`Fake`]: those that happen once, and those that last as long as the [`Fault`] that they return.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// use ari_test::Fake;
///
/// let fake = Fake::new();
/// let ari = fake.client();
/// let outage = fake.faults().outage();
/// let error = ari.channel("1700000000.1").answer().await.unwrap_err();
/// assert!(!error.maybe_executed());
/// drop(outage);
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Faults {
    fake: Fake,
}

impl Faults {
    /// Cuts all connections. Requests that were under way may have been executed, and events until the next connection
    /// are lost.
    pub fn cut(&self) {
        self.fake.network().cut();
    }

    /// Cuts the event connections alone.
    pub fn cut_events(&self) {
        self.fake.network().cut_events();
    }

    /// Refuses new connections, and with them requests of clients in the same process.
    pub fn refuse(&self) -> Fault {
        self.lasting(|state| state.refusals += 1, |state| state.refusals -= 1)
    }

    /// Cuts all connections and refuses new ones: a server that is not there.
    pub fn outage(&self) -> Fault {
        let fault = self.refuse();
        self.cut();
        fault
    }

    /// Lets nothing through in either direction, while connections stay open: a cable that was pulled. What was sent
    /// meanwhile arrives afterwards, unless the client has given up by then.
    pub fn freeze(&self) -> Fault {
        self.lasting(|state| state.freezes += 1, |state| state.freezes -= 1)
    }

    /// Has every response over HTTP, that for an event connection included, arrive this much later.
    pub fn slow(&self, delay: Duration) -> Fault {
        self.lasting(
            move |state| state.delays.push(delay),
            move |state| {
                let position = state.delays.iter().position(|other| *other == delay);
                position.map(|position| state.delays.remove(position));
            },
        )
    }

    /// Answers every request with 503, as Asterisk does until it has booted. Event connections that are open stay.
    pub fn booting(&self) -> Fault {
        self.lasting(|state| state.boots += 1, |state| state.boots -= 1)
    }

    /// Executes the next such request over HTTP and loses the reply: by method and the beginning of the path, such as
    /// `POST /channels`.
    pub fn lose_reply(&self, request: &str) {
        self.fake.network().lose_reply(request);
    }

    /// Replaces all users, as a reload of ari.conf does: other credentials get 401 from now on. Event connections stay.
    pub fn set_credentials(&self, user: &str, password: &str) {
        self.fake.settings().access.set(vec![User::new(user, password, false)]);
    }

    /// Has another client take an application, until the fault ends. The client that had it receives
    /// `ApplicationReplaced`.
    pub fn take_application(&self, app: &str) -> Fault {
        let request = SessionRequest { apps: vec![app.to_owned()], subscribe_all: false };
        let session = self.fake.connect(&request);
        Fault { fake: self.fake.clone(), end: None, _rival: Some(session) }
    }

    /// Sends this text to an application as if it were one of its events: one that does not decode, that no release has
    /// yet, or that says something false. Without a connection for the application, it is lost like any event.
    pub fn send(&self, app: &str, text: &str) {
        self.fake.send_to(app, text);
    }

    /// Restarts the server at once. Connections are cut; calls, bridges, playbacks and applications are gone, stored
    /// recordings, device states and mailboxes stay. [`Faults::refuse`] and [`Faults::booting`] make it last.
    pub fn restart(&self) {
        self.fake.restart();
    }

    fn lasting(&self, begin: impl FnOnce(&mut State), end: impl FnOnce(&mut State) + Send + 'static) -> Fault {
        self.fake.network().change(begin);
        Fault { fake: self.fake.clone(), end: Some(Box::new(end)), _rival: None }
    }
}

/// A fault that lasts until this is dropped.
#[must_use = "the fault ends at once"]
pub struct Fault {
    fake: Fake,
    end: Option<Ending>,
    /// The session of another client.
    _rival: Option<Session>,
}

type Ending = Box<dyn FnOnce(&mut State) + Send>;

impl Drop for Fault {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            self.fake.network().change(end);
        }
    }
}

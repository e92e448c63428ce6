//! Telephones that the program calls.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{LOOK, Person};
use crate::Fake;
use crate::world::{Act, World};

/// How long a telephone rings before its owner answers, unless the test says otherwise.
const REACTION: Duration = Duration::from_secs(1);

/// A telephone that is registered with the server, and what its owner does whenever it rings.
///
/// [`answers_after`](Self::answers_after), [`rings_only`](Self::rings_only),
/// [`sends_early_media`](Self::sends_early_media), [`busy`](Self::busy) and [`declines`](Self::declines) begin the script
/// anew; the others add to it. Without a script, the owner answers after a second and stays until the program hangs up.
#[derive(Debug)]
pub struct Phone {
    fake: Fake,
    tech: String,
    resource: String,
    script: Vec<Act>,
    /// How many calls there were before those that [`rung`](Self::rung) is to return.
    known: usize,
}

impl Fake {
    /// Registers a telephone, such as `PJSIP/alice`. Calls to endpoints that are not registered are refused with 500,
    /// `Allocation failed`, except for `Local/…`, which reach the dialplan.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// # use std::time::Duration;
    /// # use ari_test::Fake;
    /// # let fake = Fake::new();
    /// fake.phone("PJSIP/alice").answers_after(Duration::from_secs(2)).presses("1234#").hangs_up_after(Duration::from_secs(9));
    /// fake.phone("PJSIP/bob").busy();
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the endpoint has no technology.
    #[expect(clippy::must_use_candidate, reason = "it registers the telephone")]
    pub fn phone(&self, endpoint: &str) -> Phone {
        let (tech, resource) = endpoint.split_once('/').expect("an endpoint is a technology and a name");
        let phone = Phone {
            fake: self.clone(),
            tech: tech.to_owned(),
            resource: resource.to_owned(),
            script: Vec::new(),
            known: self.with_world(|world| world.calls_to(tech, resource).len()),
        };
        phone.keep();
        phone
    }
}

#[expect(
    clippy::must_use_candidate,
    clippy::return_self_not_must_use,
    reason = "the telephone does so whether or not the test keeps a handle on it"
)]
impl Phone {
    /// Rings for a while and is answered.
    pub fn answers_after(self, time: Duration) -> Self {
        self.begins(vec![Act::Ring, Act::Wait(time), Act::Answer])
    }

    /// Rings without an end. The test can have the call answered; see [`rung`](Self::rung).
    pub fn rings_only(self) -> Self {
        self.begins(vec![Act::Ring])
    }

    /// Sends sound without being answered, such as an announcement of the network.
    pub fn sends_early_media(self) -> Self {
        self.begins(vec![Act::Progress])
    }

    /// Is busy.
    pub fn busy(self) -> Self {
        self.begins(vec![Act::Refuse(17)])
    }

    /// Rings shortly, and the call is declined.
    pub fn declines(self) -> Self {
        self.begins(vec![Act::Ring, Act::Wait(REACTION), Act::Refuse(21)])
    }

    /// Is no longer registered: calls to it are refused with 500, `Allocation failed`.
    pub fn unreachable(self) -> Self {
        self.fake.with_world(|world| world.set_phone_online(&self.tech, &self.resource, false));
        self
    }

    /// Then waits.
    pub fn waits(self, time: Duration) -> Self {
        self.then(vec![Act::Wait(time)])
    }

    /// Then presses keys.
    pub fn presses(self, digits: &str) -> Self {
        self.then(vec![Act::Press(digits.to_owned())])
    }

    /// Then talks for a while.
    pub fn talks(self, time: Duration) -> Self {
        self.then(vec![Act::Talk(time)])
    }

    /// Then puts the other party on hold for a while.
    pub fn holds(self, time: Duration) -> Self {
        self.then(vec![Act::Hold, Act::Wait(time), Act::Resume])
    }

    /// Then has the telephone transfer the other party to an extension.
    pub fn transfers_blind_to(self, exten: &str) -> Self {
        self.then(vec![Act::Transfer(exten.to_owned())])
    }

    /// Then hangs up, after a while.
    pub fn hangs_up_after(self, time: Duration) -> Self {
        self.then(vec![Act::Wait(time), Act::HangUp])
    }

    /// Waits for the next call since this handle was made, and returns the person who holds the telephone. Each call is
    /// returned once, in order; it may have ended by then.
    ///
    /// # Panics
    ///
    /// If nobody calls within [`FakeBuilder::patience`](crate::FakeBuilder::patience).
    pub async fn rung(&mut self) -> Person {
        let waiting = async {
            loop {
                let calls = |world: &mut World| world.calls_to(&self.tech, &self.resource).get(self.known).cloned();
                match self.fake.with_world(calls) {
                    Some(id) => return id,
                    None => sleep(LOOK).await,
                }
            }
        };
        let patience = self.fake.settings().patience;
        let Ok(id) = timeout(patience, waiting).await else {
            panic!("nobody has called {}/{} within {patience:?}", self.tech, self.resource);
        };
        self.known += 1;
        Person::new(self.fake.clone(), id)
    }

    fn begins(mut self, acts: Vec<Act>) -> Self {
        self.script = acts;
        self.keep();
        self
    }

    fn then(mut self, acts: Vec<Act>) -> Self {
        if self.script.is_empty() {
            self.script = answer();
        }
        self.script.extend(acts);
        self.keep();
        self
    }

    fn keep(&self) {
        let script = if self.script.is_empty() { answer() } else { self.script.clone() };
        self.fake.with_world(|world| world.set_phone(&self.tech, &self.resource, script));
    }
}

fn answer() -> Vec<Act> {
    vec![Act::Ring, Act::Wait(REACTION), Act::Answer]
}

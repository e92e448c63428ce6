//! People on the line.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::Fake;
use crate::world::World;

/// The cause of a call that ends normally.
const NORMAL: u32 = 16;

/// A person on the line: one who calls, from [`Fake::call`], or one who is called, from
/// [`Phone::rung`](crate::Phone::rung).
///
/// Dropping it does not hang up: the person stays on the line until [`hangs_up`](Self::hangs_up), or until the server
/// ends the call.
///
/// Methods that wait panic when what they wait for does not happen within
/// [`FakeBuilder::patience`](crate::FakeBuilder::patience).
#[derive(Debug)]
pub struct Person {
    fake: Fake,
    id: String,
    /// How much of what was heard has been waited for.
    noticed: usize,
}

impl Person {
    pub(super) fn new(fake: Fake, id: String) -> Self {
        Self { fake, id, noticed: 0 }
    }

    /// The id of the channel.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Presses keys, one after another. Returns once the last one was released.
    pub async fn presses(&mut self, digits: &str) {
        let time = self.fake.with_world(|world| world.presses(&self.id, digits));
        sleep(time).await;
    }

    /// Talks for a while.
    pub async fn talks(&mut self, time: Duration) {
        self.fake.with_world(|world| world.talks(&self.id, time));
        sleep(time).await;
    }

    /// Says nothing for a while.
    pub async fn stays_silent(&mut self, time: Duration) {
        sleep(time).await;
    }

    /// Answers a call that rings.
    pub async fn answers(&mut self) {
        self.fake.with_world(|world| world.picks_up(&self.id));
        self.is_answered().await;
    }

    /// Does not take a call that rings.
    pub async fn declines(&mut self) {
        self.fake.with_world(|world| world.turns_down(&self.id, 21));
        self.ended().await;
    }

    /// Puts the other party on hold.
    pub fn holds(&mut self) {
        self.fake.with_world(|world| world.holds(&self.id, true));
    }

    /// Ends the hold.
    pub fn resumes(&mut self) {
        self.fake.with_world(|world| world.holds(&self.id, false));
    }

    /// Has the telephone transfer the other party to an extension, without a request of the program. Returns whether
    /// Asterisk did so: it does for a channel that is in a bridge, if there is such an extension.
    pub fn transfers_blind_to(&mut self, exten: &str) -> bool {
        self.fake.with_world(|world| world.transfers_blind(&self.id, exten))
    }

    /// Hangs up. Returns once the channel is gone.
    pub async fn hangs_up(&mut self) {
        self.fake.with_world(|world| {
            world.acts(&self.id, "hangs up");
            world.far_hangs_up(&self.id, NORMAL);
        });
        self.ended().await;
    }

    /// Whether the channel is answered.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.fake.with_world(|world| world.is_up(&self.id))
    }

    /// What the person has heard so far, in order: media URIs that were played to the channel or to its bridge, `moh`,
    /// `ringing`, and digits such as `dtmf:1`.
    #[must_use]
    pub fn heard(&self) -> Vec<String> {
        self.fake.with_world(|world| world.heard(&self.id).to_vec())
    }

    /// Waits until a sound begins. What was heard before the last sound that was waited for does not count, so a second
    /// call waits for the second time.
    ///
    /// # Panics
    ///
    /// If it does not begin in time, or the call ends before.
    pub async fn waits_for(&mut self, sound: &str) {
        let noticed = self.noticed;
        let position = |world: &mut World, id: &str| {
            world.heard(id).iter().skip(noticed).position(|heard| heard == sound).ok_or_else(|| world.ended(id))
        };
        let found = self
            .until(sound, |world, id| match position(world, id) {
                Ok(position) => Some(Ok(position)),
                Err(ended) => ended.map(Err),
            })
            .await;
        match found {
            Ok(position) => self.noticed += position + 1,
            Err(cause) => panic!("the call ended with cause {cause} before {sound}; heard: {:?}", self.heard()),
        }
    }

    /// Waits until the channel is answered.
    ///
    /// # Panics
    ///
    /// If it is not answered in time, or the call ends before.
    pub async fn is_answered(&mut self) {
        self.until("the answer", |world, id| (world.is_up(id) || world.ended(id).is_some()).then_some(())).await;
        assert!(self.is_up(), "the call of {} ended without an answer", self.id);
    }

    /// Waits until either side ends the call, and returns the cause.
    ///
    /// # Panics
    ///
    /// If it does not end in time.
    pub async fn ended(&mut self) -> u32 {
        self.until("the end of the call", |world, id| world.ended(id)).await
    }

    /// Waits until something is so.
    async fn until<T>(&self, what: &str, mut is_so: impl FnMut(&mut World, &str) -> Option<T>) -> T {
        let id = self.id.as_str();
        let changes = self.fake.with_world(|world| world.changes(id)).expect("the person has a channel");
        let waiting = async {
            loop {
                let next = changes.notified();
                tokio::pin!(next);
                next.as_mut().enable();
                if let Some(found) = self.fake.with_world(|world| is_so(world, id)) {
                    return found;
                }
                next.await;
            }
        };
        let patience = self.fake.settings().patience;
        let found = timeout(patience, waiting).await;
        found.unwrap_or_else(|_| panic!("{id} has waited {patience:?} for {what}; heard: {:?}", self.heard()))
    }
}

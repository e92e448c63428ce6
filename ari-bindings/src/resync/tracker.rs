use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use super::fetch::{Listing, list};
use super::report::Resync;
use super::snapshot::Snapshot;
use crate::{Client, Error, Event};

/// Follows what one stream shows, and finds out what is different after a gap.
pub(crate) struct Tracker {
    client: Client,
    /// Whether to resync after each gap.
    automatic: bool,
    snapshot: Snapshot,
    /// The answer that is awaited. It is never locked: that only makes it shareable.
    listing: Mutex<Option<Listing>>,
}

impl Tracker {
    pub(crate) fn new(client: Client, automatic: bool) -> Self {
        Self { client, automatic, snapshot: Snapshot::default(), listing: Mutex::default() }
    }

    /// One for another stream, which has shown nothing yet.
    pub(crate) fn afresh(&self) -> Self {
        Self::new(self.client.clone(), self.automatic)
    }

    /// Notes what the stream shows. `text` is what the event was decoded from.
    pub(crate) fn note(&mut self, event: &Event, text: &str, apps: impl FnOnce() -> Vec<String>) {
        let Event::Reconnected(_) = event else { return self.snapshot.note(event, text) };
        self.snapshot.begin_anew();
        if self.automatic {
            let listing = list(self.client.clone(), apps(), self.snapshot.running());
            self.listing = Mutex::new(Some(Box::pin(listing)));
        }
    }

    /// The report that follows a gap, once the server has answered.
    pub(crate) fn poll_report(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let slot = self.listing.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(listing) = slot else { return Poll::Ready(None) };
        let listed = ready!(listing.as_mut().poll(cx));
        *slot = None;
        let resync = match listed {
            Ok(listed) => self.snapshot.compare(listed),
            Err(error) => Resync::failed(&error),
        };
        Poll::Ready(Some(Event::Resynced(Box::new(resync))))
    }

    /// Asks the server now.
    pub(crate) async fn resync(&mut self, apps: Vec<String>) -> Result<Resync, Error> {
        let listed = list(self.client.clone(), apps, self.snapshot.running()).await?;
        Ok(self.snapshot.compare(listed))
    }
}

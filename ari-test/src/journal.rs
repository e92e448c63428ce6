//! What has happened on a server, in order.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::exchange::{Body, RawRequest, Reply, SessionId};
use crate::surface::Operation;

/// How many entries are kept. The oldest go first.
const MOST: usize = 1 << 18;

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    /// How many entries there have ever been.
    total: u64,
    /// How many of them tell more than that a connection has ended.
    news: u64,
}

#[derive(Debug)]
pub(crate) struct Entry {
    /// Since the server's first start.
    pub(crate) at: Duration,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// A request, and the operation if Asterisk has one for it.
    Request {
        number: u64,
        request: RawRequest,
        operation: Option<&'static Operation>,
    },
    /// The reply to the request of this number.
    Reply {
        number: u64,
        status: u16,
        /// The body, if it is JSON.
        body: Option<String>,
    },
    Event {
        session: SessionId,
        text: Arc<str>,
    },
    Connected {
        session: SessionId,
        apps: Vec<String>,
    },
    Disconnected {
        session: SessionId,
    },
    /// Somebody does something with a telephone.
    Act {
        channel: String,
        who: String,
        act: String,
    },
    Heard {
        channel: String,
        who: String,
        what: String,
    },
    Restarted,
}

impl What {
    pub(crate) fn reply(number: u64, reply: &Reply) -> Self {
        let body = match &reply.body {
            Body::Json(text) => Some(text.clone()),
            Body::Empty | Body::File { .. } => None,
        };
        Self::Reply { number, status: reply.status, body }
    }
}

impl Journal {
    pub(crate) fn note(&mut self, at: Duration, what: What) {
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.news += u64::from(!matches!(what, What::Disconnected { .. }));
        self.entries.push_back(Entry { at, what });
        self.total += 1;
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    pub(crate) fn news(&self) -> u64 {
        self.news
    }

    /// How many entries are no longer kept.
    pub(crate) fn forgotten(&self) -> u64 {
        self.total - self.entries.len() as u64
    }
}

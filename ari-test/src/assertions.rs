//! What a test asks the server about the program.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::time::{Instant, sleep};

use crate::Fake;
use crate::journal::{Entry, What};
use crate::ladder::Ladder;
use crate::surface::Operation;

/// How long a program may take to clean up.
const CLEANING: Duration = Duration::from_secs(10);

/// A request, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requested {
    /// When, since the server was started.
    pub at: Duration,
    /// Resource and name, such as `channels.play`; empty if Asterisk has no such operation.
    pub operation: String,
    /// The method, such as `POST`.
    pub method: String,
    /// The path below `/ari`, percent-encoded.
    pub path: String,
    /// The query, percent-encoded; empty without one.
    pub query: String,
    /// The body, if it is text.
    pub body: String,
    /// The status of the reply, unless it is still to come.
    pub status: Option<u16>,
}

impl fmt::Display for Requested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        self.status.map_or(Ok(()), |status| write!(f, " {status}"))
    }
}

/// Requests in the order in which they arrived; see [`Fake::requests`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requests(Vec<Requested>);

impl Requests {
    /// Those of an operation, such as `channels.play`, or of a resource, such as `channels`.
    #[must_use]
    pub fn of(&self, operation: &str) -> Self {
        let is_meant =
            |name: &str| name.strip_prefix(operation).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        self.filtered(|request| is_meant(&request.operation))
    }

    /// Those whose path contains an id, which may have characters that are percent-encoded there.
    #[must_use]
    pub fn on(&self, id: &str) -> Self {
        self.filtered(|request| request.path.split('/').any(|segment| percent_decode_str(segment).eq(id.bytes())))
    }

    /// Those that were refused.
    #[must_use]
    pub fn refused(&self) -> Self {
        self.filtered(|request| request.status.is_some_and(|status| status >= 400))
    }

    /// The names of their operations.
    #[must_use]
    pub fn operations(&self) -> Vec<&str> {
        self.0.iter().map(|request| request.operation.as_str()).collect()
    }

    /// Each in a line, such as `POST /channels/1700000000.1/answer 204`.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }

    fn filtered(&self, is_meant: impl Fn(&Requested) -> bool) -> Self {
        Self(self.0.iter().filter(|request| is_meant(request)).cloned().collect())
    }
}

impl Deref for Requests {
    type Target = [Requested];

    fn deref(&self) -> &[Requested] {
        &self.0
    }
}

impl Fake {
    /// What has been requested so far, in the order in which it arrived. Requests that were refused for their
    /// credentials, or because the server was booting, are not among them.
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.with_world(|world| {
            let (mut numbers, mut requests) = (Vec::new(), Vec::new());
            for Entry { at, what } in world.journal().entries() {
                match what {
                    What::Request { number, request, operation } => {
                        numbers.push(*number);
                        requests.push(Requested {
                            at: *at,
                            operation: operation.map(Operation::full_name).unwrap_or_default(),
                            method: request.method.to_string(),
                            path: request.path.clone(),
                            query: request.query.clone().unwrap_or_default(),
                            body: String::from_utf8_lossy(&request.body).into_owned(),
                            status: None,
                        });
                    }
                    What::Reply { number, status, .. } => {
                        if let Ok(position) = numbers.binary_search(number) {
                            requests[position].status = Some(*status);
                        }
                    }
                    _ => {}
                }
            }
            Requests(requests)
        })
    }

    /// Waits until nothing is left on the server: no channel, bridge, playback or live recording, and no subscription
    /// to one thing. Stored recordings and subscriptions to whole kinds may be left.
    ///
    /// # Panics
    ///
    /// If something is left after ten seconds, with what it is.
    pub async fn assert_clean(&self) {
        let deadline = Instant::now() + CLEANING;
        loop {
            let leftovers = self.with_world(|world| world.leftovers());
            if leftovers.is_empty() {
                return;
            }
            assert!(Instant::now() < deadline, "left on the server after {CLEANING:?}:\n  {}", leftovers.join("\n  "));
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// What has happened so far, as text: who has sent what, and when. A test that fails while it has a `Fake` prints
    /// this on its own.
    #[must_use]
    pub fn ladder(&self) -> String {
        self.with_world(|world| {
            Ladder { release: self.release(), seed: self.seed(), journal: world.journal() }.to_string()
        })
    }
}

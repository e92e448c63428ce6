//! The task that keeps an event connection, through every loss of it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime};

use tokio::time::sleep;

use super::dial::Dialer;
use super::goodbye;
use super::handshake::Socket;
use super::heartbeat::Heartbeat;
use super::hub::Hub;
use super::inspect::Inspector;
use super::link::Link;
use super::notice::{Disconnected, Reconnected};
use super::reconnect::Attempts;
use super::restore::{self, Restored};
use super::session::{End, Session};
use super::{ConnectionState, DisconnectReason};
use crate::{Client, Error, Event};

/// How many events may be kept from the subscribers while it is found out what a gap has cost.
const MOST_HELD: usize = 10_000;

/// Pings: after how long a silence, and how long the server may be silent after one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pings {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

impl Default for Pings {
    fn default() -> Self {
        Self { interval: Duration::from_secs(5), timeout: Duration::from_secs(5) }
    }
}

/// Everything that an event connection needs for its life.
pub(super) struct Supervisor {
    pub(super) client: Client,
    pub(super) hub: Arc<Hub>,
    pub(super) link: Option<Arc<Link>>,
    pub(super) pings: Pings,
    /// Whether the server has made the connection.
    pub(super) accepted: bool,
    /// How to connect again, if at all; what the server has made cannot be.
    pub(super) again: Option<(Dialer, Attempts)>,
    /// Whether everything that happens on the server is subscribed.
    pub(super) hears_everything: bool,
    /// When the server was started, as it said at the last connection.
    pub(super) startup: Option<crate::Date>,
    pub(super) ended: bool,
}

/// A gap in the events.
struct Gap {
    since: SystemTime,
    begun: Instant,
    attempts: u32,
}

type Check = Pin<Box<dyn Future<Output = Restored> + Send>>;

impl Supervisor {
    /// Keeps the connection until its end. Even if that is not awaited, the server hears of it.
    pub(super) fn run(self, socket: Socket) -> impl Future<Output = ()> + Send {
        let session = self.open(socket);
        self.keep(session)
    }

    async fn keep(mut self, mut session: Session) {
        let mut gap = None;
        loop {
            let connected = Instant::now();
            let end;
            (session, end, gap) = self.attend(session, gap.take()).await;
            let End::Because(reason) = &end else {
                self.say_goodbye().await;
                session.finish(&end).await;
                return self.end(None);
            };
            if let Some(link) = &self.link {
                link.down(reason);
            }
            if self.is_wanted_by_server(reason) {
                self.end(None);
                return session.finish(&end).await;
            }
            let lost = Error::Disconnected { reason: reason.clone() };
            if !self.connects_again(reason, connected.elapsed()) {
                self.end(Some(&lost));
                return session.finish(&end).await;
            }
            let mut current = match gap.take() {
                Some(still) => still,
                None => self.tell_loss(session.last_heard(), reason),
            };
            session.finish(&end).await;
            match self.reconnect(&mut current, lost).await {
                Ok(socket) => {
                    if let Some(http) = self.client.http() {
                        http.renew();
                    }
                    (session, gap) = (self.open(socket), Some(current));
                }
                Err(error) => return self.end(error.as_ref()),
            }
        }
    }

    fn open(&self, socket: Socket) -> Session {
        let Pings { interval, timeout } = self.pings;
        let subscriptions = Arc::clone(self.client.subscriptions());
        let inspector = Inspector::new(Arc::clone(&self.hub), self.link.clone(), subscriptions);
        let heartbeat = Heartbeat::new(interval, timeout);
        Session::new(socket, Arc::clone(&self.hub), heartbeat, inspector)
    }

    /// Runs one WebSocket until its end. The gap before it goes on if nothing came.
    async fn attend(&mut self, mut session: Session, mut gap: Option<Gap>) -> (Session, End, Option<Gap>) {
        if let Some(link) = &self.link {
            link.up();
        }
        if gap.is_some() {
            session.hold();
        }
        let mut check = self.check(gap.is_some());
        let hub = Arc::clone(&self.hub);
        hub.with_session(|slot| *slot = Some(session));
        let attended = poll_fn(|cx| {
            hub.with_session(|slot| {
                // Nobody but this takes it out.
                let Some(session) = slot.as_mut() else { return Poll::Pending };
                let end = match self.poll_check(cx, &mut check, session, &mut gap) {
                    Poll::Ready(end) => end,
                    Poll::Pending => ready!(session.poll_end(cx)),
                };
                slot.take().map_or(Poll::Pending, |session| Poll::Ready((session, end)))
            })
        });
        let (mut session, end) = attended.await;
        if gap.is_some() && session.held() > 0 {
            // It was lost again before anything was found out, but not before something came.
            self.tell_return(gap.take(), Restored::default());
        }
        session.release();
        (session, end, gap)
    }

    /// Lets the subscribers have what was kept from them as soon as the check is done; it may be the end.
    fn poll_check(
        &mut self,
        cx: &mut Context<'_>,
        check: &mut Option<Check>,
        session: &mut Session,
        gap: &mut Option<Gap>,
    ) -> Poll<End> {
        let Some(checking) = check else { return Poll::Pending };
        let mut restored = match checking.as_mut().poll(cx) {
            Poll::Ready(restored) => restored,
            Poll::Pending if session.held() > MOST_HELD => {
                Restored::unfinished(format_args!("{MOST_HELD} events came before all was given back"))
            }
            Poll::Pending => return Poll::Pending,
        };
        *check = None;
        let deaf = restored.deaf.take();
        if deaf.is_none() || session.held() > 0 {
            self.tell_return(gap.take(), restored);
            session.release();
        }
        match deaf {
            Some(application) => {
                Poll::Ready(End::Because(DisconnectReason::NotDelivering { application: application.into() }))
            }
            None => Poll::Pending,
        }
    }

    /// Asks what the server has lost, or what there will be to lose.
    fn check(&self, again: bool) -> Option<Check> {
        self.again.as_ref()?;
        let apps = self.hub.apps().own().to_vec();
        Some(Box::pin(restore::check(self.client.clone(), Arc::clone(&self.hub), apps, again)))
    }

    /// Whether a session that Asterisk has opened is over, and not broken: as at the end of its one call.
    fn is_wanted_by_server(&self, reason: &DisconnectReason) -> bool {
        self.accepted && matches!(reason, DisconnectReason::ClosedByServer { code: Some(1000), .. })
    }

    fn connects_again(&mut self, reason: &DisconnectReason, held: Duration) -> bool {
        let Some((_, attempts)) = self.again.as_mut().filter(|_| !reason.is_final()) else { return false };
        attempts.held(held);
        attempts.is_possible()
    }

    async fn say_goodbye(&self) {
        if self.hears_everything {
            let apps = self.hub.apps().own().to_vec();
            goodbye::unsubscribe_device_states(&self.client, &apps).await;
        }
    }

    fn tell_loss(&self, since: SystemTime, reason: &DisconnectReason) -> Gap {
        let gap = Gap { since, begun: Instant::now(), attempts: 0 };
        tracing::warn!(%reason, "the event connection is lost: events are missing from now on");
        self.hub.counters.disconnected();
        self.set_disconnected(&gap, reason);
        let disconnected = Disconnected { since: gap.since, reason: reason.clone() };
        self.hub.tell(Event::Disconnected(Box::new(disconnected)));
        gap
    }

    /// Tells that there is a connection again, if there was none.
    fn tell_return(&mut self, gap: Option<Gap>, restored: Restored) {
        let restarted = restored.startup.zip(self.startup).map(|(now, before)| now != before);
        self.startup = restored.startup.or(self.startup);
        let Some(gap) = gap else { return };
        let reconnected = Reconnected {
            since: gap.since,
            lasted: SystemTime::now().duration_since(gap.since).unwrap_or_else(|_| gap.begun.elapsed()),
            attempts: gap.attempts,
            restarted,
            restored: restored.given_back,
            not_restored: restored.refused,
            replaced: self.hub.apps().replaced().to_vec(),
        };
        tracing::info!("{reconnected}");
        self.hub.counters.reconnected();
        self.hub.set_state(ConnectionState::Connected { since: SystemTime::now() });
        self.hub.tell(Event::Reconnected(Box::new(reconnected)));
    }

    /// Tries until there is a connection; ends without an error if the program does not want it any more.
    async fn reconnect(&mut self, gap: &mut Gap, mut last: Error) -> Result<Socket, Option<Error>> {
        let hub = Arc::clone(&self.hub);
        loop {
            let Some((dialer, attempts)) = &mut self.again else { return Err(Some(last)) };
            let Some(delay) = attempts.next() else { return Err(Some(last)) };
            let apps = hub.apps().own().to_vec();
            let attempt = async {
                sleep(delay).await;
                dialer.dial(&apps).await
            };
            let Some(result) = unless_closed(&hub, attempt).await else { return Err(None) };
            gap.attempts = gap.attempts.saturating_add(1);
            match result {
                Ok(socket) => return Ok(socket),
                Err(error) if is_final(&error) => return Err(Some(error)),
                Err(error) => {
                    tracing::warn!(attempt = gap.attempts, "cannot connect again: {error}");
                    self.set_disconnected(gap, &error);
                    last = error;
                }
            }
        }
    }

    fn set_disconnected(&self, gap: &Gap, error: &dyn std::fmt::Display) {
        let error = error.to_string().into();
        self.hub.set_state(ConnectionState::Disconnected { since: gap.since, attempts: gap.attempts, error });
    }

    fn end(&mut self, error: Option<&Error>) {
        if let Some(error) = error {
            tracing::error!("the event connection has ended: {error}");
        }
        self.ended = true;
        if let Some(link) = &self.link {
            link.close();
        }
        self.hub.end(error);
    }
}

/// The runtime may end before the connection does.
impl Drop for Supervisor {
    fn drop(&mut self) {
        if !self.ended {
            let reason = DisconnectReason::lost("the Tokio runtime that read the events has ended");
            drop(self.hub.with_session(Option::take));
            self.end(Some(&Error::Disconnected { reason }));
        }
    }
}

/// What comes of some work; nothing if the program wants the connection closed before.
async fn unless_closed<T>(hub: &Hub, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let either = poll_fn(|cx| match hub.poll_close(cx) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(cx).map(Some),
    });
    either.await
}

/// Whether trying again cannot help. A server that is just starting answers 404 and 503 for a while.
pub(super) fn is_final(error: &Error) -> bool {
    match error {
        Error::Config { .. } | Error::InvalidRequest { .. } | Error::Unauthorized { .. } => true,
        Error::Refused { status, .. } | Error::NotAri { status, .. } => {
            !matches!(status, 404 | 408 | 429) && *status < 500
        }
        _ => false,
    }
}

//! The task that keeps an event connection, through every loss of it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep};

use super::super::dial::Dialer;
use super::super::socket::{End, EventSocket, Heartbeat, Inspector, Probe, Socket};
use super::super::subscribers::{ConnectionState, Hub};
use super::asterisk_2170;
use super::reconnect::{Attempts, is_final};
use super::restore::{self, Restored};
use crate::event::DisconnectReason;
use crate::event::notice::{Disconnected, Reconnected};
use crate::rest::RestClient;
use crate::{Client, Error, Event};

/// When to send pings: after how long a silence, and how long the server may be silent after one.
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
pub(in crate::connection) struct Supervisor {
    client: Client,
    hub: Arc<Hub>,
    rest: Option<Arc<RestClient>>,
    pings: Pings,
    probe: Arc<Probe>,
    /// Whether the server has opened the connection.
    pub(in crate::connection) accepted: bool,
    /// How to reconnect, if at all.
    pub(in crate::connection) again: Option<(Dialer, Attempts)>,
    /// Whether everything that happens on the server is subscribed.
    pub(in crate::connection) subscribes_all: bool,
    /// When the server was started, as it answered at the last connection.
    startup: Option<crate::Date>,
    ended: bool,
}

/// A gap in the events.
struct Gap {
    since: SystemTime,
    /// The same moment, by the monotonic clock.
    begun: Instant,
    attempts: u32,
}

type Check = Pin<Box<dyn Future<Output = Restored> + Send>>;

impl Supervisor {
    /// For a connection that is not re-established.
    pub(in crate::connection) fn new(
        client: Client,
        hub: Arc<Hub>,
        rest: Option<Arc<RestClient>>,
        pings: Pings,
    ) -> Self {
        let probe = Arc::default();
        let (accepted, subscribes_all, ended) = (false, false, false);
        Self { client, hub, rest, pings, probe, accepted, again: None, subscribes_all, startup: None, ended }
    }

    /// Keeps the connection until its end. If it is dropped before, the server still gets a Close frame.
    pub(in crate::connection) fn run(self, socket: Socket) -> impl Future<Output = ()> + Send {
        let socket = self.open(socket);
        self.keep(socket)
    }

    async fn keep(mut self, mut socket: EventSocket) {
        let mut gap = None;
        loop {
            let connected = Instant::now();
            let end;
            (end, gap) = self.attend(&mut socket, gap.take()).await;
            let End::Because(reason) = &end else {
                socket.read_during(self.prepare_close()).await;
                socket.finish(&end).await;
                return self.end(None);
            };
            if let Some(rest) = &self.rest {
                rest.down(reason);
            }
            if self.is_ended_by_server(reason) {
                self.end(None);
                return socket.finish(&end).await;
            }
            let lost = Error::Disconnected { reason: reason.clone() };
            if !self.connects_again(reason, connected.elapsed()) {
                self.end(Some(&lost));
                return socket.finish(&end).await;
            }
            let mut current = match gap.take() {
                Some(still) => still,
                None => self.report_loss(socket.last_alive(), reason),
            };
            socket.finish(&end).await;
            // The next event connection is made of one of them otherwise.
            if let Some(http) = self.client.http() {
                http.renew();
            }
            match self.reconnect(&mut current, lost).await {
                Ok(opened) => (socket, gap) = (self.open(opened), Some(current)),
                Err(error) => return self.end(error.as_ref()),
            }
        }
    }

    fn open(&self, socket: Socket) -> EventSocket {
        let Pings { interval, timeout } = self.pings;
        let subscriptions = Arc::clone(self.client.subscriptions());
        let inspector =
            Inspector::new(Arc::clone(&self.hub), self.rest.clone(), subscriptions, Arc::clone(&self.probe));
        let heartbeat = Heartbeat::new(interval, timeout);
        EventSocket::new(socket, Arc::clone(&self.hub), heartbeat, inspector)
    }

    /// Runs one WebSocket until its end. The gap before it continues if nothing came.
    async fn attend(&mut self, socket: &mut EventSocket, mut gap: Option<Gap>) -> (End, Option<Gap>) {
        if let Some(rest) = &self.rest {
            rest.up();
        }
        if gap.is_some() {
            socket.hold();
        }
        let mut check = self.check(gap.is_some());
        let end = poll_fn(|cx| match self.poll_check(cx, &mut check, socket, &mut gap) {
            Poll::Ready(end) => Poll::Ready(end),
            Poll::Pending => socket.poll_end(cx),
        })
        .await;
        if gap.is_some() && socket.holds_any() {
            // The connection was lost again before the check was done, but not before something came.
            self.report_return(gap.take(), Restored::default());
        }
        socket.release();
        (end, gap)
    }

    /// Hands on what was held back as soon as the check is done, which may be the end.
    fn poll_check(
        &mut self,
        cx: &mut Context<'_>,
        check: &mut Option<Check>,
        socket: &mut EventSocket,
        gap: &mut Option<Gap>,
    ) -> Poll<End> {
        let Some(checking) = check else { return Poll::Pending };
        let mut restored = match checking.as_mut().poll(cx) {
            Poll::Ready(restored) => restored,
            Poll::Pending if socket.holds_enough() => {
                Restored::unfinished("more events came than `buffer_limit` lets wait")
            }
            Poll::Pending => return Poll::Pending,
        };
        *check = None;
        let not_delivering = restored.not_delivering.take();
        if not_delivering.is_none() || socket.holds_any() {
            self.report_return(gap.take(), restored);
            socket.release();
        }
        match not_delivering {
            Some(application) => {
                Poll::Ready(End::Because(DisconnectReason::NotDelivering { application: application.into() }))
            }
            None => Poll::Pending,
        }
    }

    /// Checks what the server has lost, or can lose.
    fn check(&self, again: bool) -> Option<Check> {
        self.again.as_ref()?;
        let apps = self.hub.apps().own().to_vec();
        Some(Box::pin(restore::check(self.client.clone(), Arc::clone(&self.probe), apps, again)))
    }

    /// Whether Asterisk closed an outbound session normally, as it does at the end of a per-call session.
    fn is_ended_by_server(&self, reason: &DisconnectReason) -> bool {
        self.accepted && matches!(reason, DisconnectReason::ClosedByServer { code: Some(1000), .. })
    }

    fn connects_again(&mut self, reason: &DisconnectReason, held: Duration) -> bool {
        let Some((_, attempts)) = self.again.as_mut().filter(|_| !reason.is_final()) else { return false };
        attempts.held(held);
        attempts.is_possible()
    }

    async fn prepare_close(&self) {
        if self.subscribes_all {
            let apps = self.hub.apps().own().to_vec();
            asterisk_2170::unsubscribe_device_states(&self.client, &apps).await;
        }
    }

    fn report_loss(&self, begun: Instant, reason: &DisconnectReason) -> Gap {
        let now = SystemTime::now();
        let gap = Gap { since: now.checked_sub(begun.elapsed()).unwrap_or(now), begun, attempts: 0 };
        tracing::warn!(%reason, "the event connection is lost: events are missing from now on");
        self.hub.counters.disconnected();
        self.set_disconnected(&gap, reason);
        let disconnected = Disconnected { since: gap.since, reason: reason.clone() };
        self.hub.report(Event::Disconnected(Box::new(disconnected)));
        gap
    }

    /// Reports the end of a gap, if there was one.
    fn report_return(&mut self, gap: Option<Gap>, restored: Restored) {
        let restarted = restored.startup.zip(self.startup).map(|(now, before)| now != before);
        self.startup = restored.startup.or(self.startup);
        let Some(gap) = gap else { return };
        let reconnected = Reconnected {
            since: gap.since,
            lasted: gap.begun.elapsed(),
            attempts: gap.attempts,
            restarted,
            restored: restored.subscribed,
            not_restored: restored.refused,
            replaced: self.hub.apps().replaced().to_vec(),
        };
        tracing::info!("{reconnected}");
        self.hub.counters.reconnected();
        self.hub.set_state(ConnectionState::Connected { since: SystemTime::now() });
        self.hub.report(Event::Reconnected(Box::new(reconnected)));
    }

    /// Tries until there is a connection; ends without an error if the program closes it.
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
                    tracing::warn!(attempt = gap.attempts, "cannot reconnect: {}", error.with_causes());
                    self.set_disconnected(gap, &error.with_causes());
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
            tracing::error!("no more events: {}", error.with_causes());
        }
        self.ended = true;
        if let Some(rest) = &self.rest {
            rest.close();
        }
        self.hub.end(error);
    }
}

/// The runtime may end before the connection does.
impl Drop for Supervisor {
    fn drop(&mut self) {
        if !self.ended {
            let reason = DisconnectReason::lost("the Tokio runtime that read the events has ended");
            self.end(Some(&Error::Disconnected { reason }));
        }
    }
}

/// The output of `work`, or `None` if the program closes the connection before.
async fn unless_closed<T>(hub: &Hub, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let either = poll_fn(|cx| match hub.poll_close(cx) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(cx).map(Some),
    });
    either.await
}

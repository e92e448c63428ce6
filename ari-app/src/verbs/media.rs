//! The sound of a call in the program.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use ari_media::{Media, MediaConfig, MediaError, MediaWatch, Transport};
use futures_util::future::select_all;

use super::connected::Connected;
use super::leg::{Leg, Legs, Unclaimed};
use super::snoop::Snoop;
use crate::Call;
use crate::error::CallError;
use crate::room::Room;
use crate::session::Session;
use crate::telemetry::verb;

/// Opens the sound of a call; see [`Call::media`]. Awaiting it returns the medium.
#[must_use = "nothing is opened until it is awaited"]
pub struct OpenMedia<'call> {
    call: &'call Call,
    wanted: Wanted,
}

/// Opens the sound that a [`Snoop`] receives; see [`Snoop::media`]. Awaiting it returns the medium, or `None` if the
/// channel does not exist any more.
#[must_use = "nothing is opened until it is awaited"]
pub struct SnoopMedia<'call> {
    snoop: Snoop<'call>,
    wanted: Wanted,
}

/// Opens the sound of a room; see [`Room::media`]. Awaiting it returns the medium, or `None` if the room is empty.
#[must_use = "nothing is opened until it is awaited"]
pub struct RoomMedia<'room> {
    room: &'room Room<'room>,
    wanted: Wanted,
}

/// How a medium is to be opened.
struct Wanted {
    config: MediaConfig,
    transport: Option<Transport>,
}

impl Wanted {
    fn new(config: MediaConfig) -> Self {
        Self { config, transport: None }
    }

    /// Opens a medium, and waits until its channel is in the application.
    async fn open(self, session: &Arc<Session>) -> Result<(Media, Leg), CallError> {
        session.check()?;
        let context = &session.context;
        let mut legs = Legs::new(session, 1);
        let token = legs.token(0);
        let mut open = context.media.open(&context.ari, &*context.app, self.config).channel_id(&*token);
        if let Some(transport) = self.transport {
            open = open.transport(transport);
        }
        let opened = tokio::select! {
            opened = open.into_future() => opened,
            Err(ended) = session.wait(|_| None::<()>) => return Err(ended),
        };
        let media = match opened {
            Ok(opened) => opened.media,
            Err(MediaError::Ari(error)) => return Err(session.explain(error).await),
            Err(error) => return Err(CallError::Media(error)),
        };
        if !legs.started(0).await? {
            return Err(CallError::Media(MediaError::Ended));
        }
        Ok((media, legs.take(0)))
    }
}

impl<'call> OpenMedia<'call> {
    pub(crate) fn new(call: &'call Call, config: MediaConfig) -> Self {
        Self { call, wanted: Wanted::new(config) }
    }

    /// The transport. By default, the best that the server and the format have.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.wanted.transport = Some(transport);
        self
    }

    async fn run(self) -> Result<Media, CallError> {
        let session = &self.call.session;
        let (media, leg) = self.wanted.open(session).await?;
        connect(session, true, media, leg, None).await
    }
}

impl SnoopMedia<'_> {
    /// The transport. By default, the best that the server and the format have.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.wanted.transport = Some(transport);
        self
    }

    async fn run(self) -> Result<Option<Media>, CallError> {
        let session = Arc::clone(self.snoop.session());
        let Some(ear) = self.snoop.run().await? else { return Ok(None) };
        let ear = Unclaimed::new(ear);
        let (media, leg) = self.wanted.open(&session).await?;
        connect(&session, false, media, leg, ear.claim()).await.map(Some)
    }
}

impl RoomMedia<'_> {
    /// The transport. By default, the best that the server and the format have.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.wanted.transport = Some(transport);
        self
    }

    async fn run(self) -> Result<Option<Media>, CallError> {
        let session = self.room.session();
        if self.room.count() == 0 {
            return Ok(None);
        }
        let (media, leg) = self.wanted.open(session).await?;
        if !self.room.add(leg.channel().channel_id()).await? {
            leg.hang_up();
            return Ok(None);
        }
        let (watch, context) = (media.watch(), &session.context);
        context.spawn(async move {
            until_over(&watch, std::slice::from_ref(&leg)).await;
            leg.hang_up();
        });
        Ok(Some(media))
    }
}

impl<'call> Snoop<'call> {
    /// Opens the sound that it receives as a medium, so that a program hears one party alone: the caller by
    /// [`Spy::In`](ari_bindings::values::Spy::In) of the caller's channel.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// use ari_bindings::values::Spy;
    /// use ari_media::MediaConfig;
    ///
    /// let caller = call.snoop(call.channel().channel_id()).spy(Spy::In).media(MediaConfig::at_rate(16_000)).await?;
    /// # drop(caller);
    /// # Ok(())
    /// # }
    /// ```
    pub fn media(self, config: impl Into<MediaConfig>) -> SnoopMedia<'call> {
        SnoopMedia { snoop: self, wanted: Wanted::new(config.into()) }
    }
}

impl Room<'_> {
    /// Opens the sound of everybody in the room as a medium. What is played into it is heard by all.
    ///
    /// It belongs to the call that opens it, whether or not that is in the room. When the room is empty, it hears
    /// nothing more.
    pub fn media(&self, config: impl Into<MediaConfig>) -> RoomMedia<'_> {
        RoomMedia { room: self, wanted: Wanted::new(config.into()) }
    }
}

/// Connects the caller, or the ear of a snoop, with the channel of a medium, until one of them ends.
async fn connect(
    session: &Arc<Session>,
    has_caller: bool,
    media: Media,
    leg: Leg,
    ear: Option<Leg>,
) -> Result<Media, CallError> {
    let token = leg.held.token.clone();
    let legs: Vec<_> = std::iter::once(leg).chain(ear).collect();
    let connected = Connected::create(session, has_caller, legs.clone(), None, false).await?;
    if connected.join().await?.is_some() {
        return Err(CallError::Media(MediaError::Ended));
    }
    let (watch, session) = (media.watch(), Arc::clone(session));
    if has_caller {
        session.change(|state| state.connected_media.push((token.clone(), watch.clone())));
    }
    let context = Arc::clone(&session.context);
    context.spawn(async move {
        until_over(&watch, &legs).await;
        connected.end().await;
        session.change(|state| state.connected_media.retain(|(known, _)| *known != token));
    });
    Ok(media)
}

/// Waits until the program has closed a medium, Asterisk has hung up its channel or another leg, or the call has ended.
async fn until_over(media: &MediaWatch, legs: &[Leg]) {
    tokio::select! {
        () = media.closed() => {}
        _ = select_all(legs.iter().map(|leg| Box::pin(leg.ended()))) => {}
    }
    media.end();
}

impl<'call> IntoFuture for OpenMedia<'call> {
    type Output = Result<Media, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.media", self.run())
    }
}

impl<'call> IntoFuture for SnoopMedia<'call> {
    type Output = Result<Option<Media>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'call>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.snoop_media", self.run())
    }
}

impl<'room> IntoFuture for RoomMedia<'room> {
    type Output = Result<Option<Media>, CallError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'room>>;

    fn into_future(self) -> Self::IntoFuture {
        verb("call.room_media", self.run())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::arrival::Arrival;
    use crate::context::tests::context_of;
    use crate::error::{End, EndReason};

    #[tokio::test]
    async fn opening_a_medium_ends_with_the_call() {
        // It accepts connections, and never replies.
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let session = Session::new(context_of(server.local_addr().unwrap()), "1", true);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        let hanging_up = async {
            let connection = server.accept().await.unwrap();
            call.session.end(End::new(EndReason::HungUp, Some(16)));
            connection
        };
        let (opened, _connection) = tokio::join!(call.media(MediaConfig::at_rate(16_000)).into_future(), hanging_up);
        assert!(opened.unwrap_err().is_ended());
    }
}

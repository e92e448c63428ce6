use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use ari_bindings::ids::ChannelId;
use ari_bindings::{Client, Event, IntoList};
use tokio::sync::broadcast;

use crate::arrival::Arrival;
use crate::error::{CallError, End, EndReason};
use crate::queue::Queue;
use crate::room::Room;
use crate::session::{CAUSE, Session};
use crate::telemetry::verb;
use crate::verbs::ask::Ask;
use crate::verbs::bridge::Bridge;
use crate::verbs::conference::Conference;
use crate::verbs::dial::Dial;
use crate::verbs::leg::Leg;
use crate::verbs::menu::Menu;
use crate::verbs::queue::Enqueue;
use crate::verbs::record::Record;
use crate::verbs::say::Say;
use crate::verbs::snoop::Snoop;
use crate::verbs::transfer::Transfer;

/// A call in the application: what a handler gets.
///
/// It is the call rather than a channel: when the caller's phone transfers the call or somebody picks it up, another
/// channel takes the place of the first, and the verbs go on with that one. Every verb fails with
/// [`CallError::Ended`] once the call has ended. Clones are of the same call.
#[derive(Clone)]
pub struct Call {
    pub(crate) session: Arc<Session>,
    pub(crate) arrival: Arc<Arrival>,
}

impl Call {
    /// The id of the call: that of its first channel.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.session.id
    }

    /// The caller's channel, for requests that have no verb here.
    #[must_use]
    pub fn channel(&self) -> ChannelHandle {
        self.session.channel()
    }

    /// The client of the application.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.session.context.ari
    }

    /// The arguments of `Stasis(app,…)` in the dialplan, or of [`Place::args`](crate::Place::args).
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.arrival.args
    }

    /// The caller's number; empty if unknown.
    #[must_use]
    pub fn caller_number(&self) -> &str {
        &self.arrival.caller_number
    }

    /// The caller's name; empty if unknown.
    #[must_use]
    pub fn caller_name(&self) -> &str {
        &self.arrival.caller_name
    }

    /// The extension that the caller dialled; the endpoint, if this program has dialled it.
    #[must_use]
    pub fn dialed(&self) -> &str {
        &self.arrival.dialed
    }

    /// Whether the call was in the application before this program started, because an earlier run of it ended without
    /// its calls.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.arrival.resumed
    }

    /// Whether it was started by [`Outgoing::dial`](crate::Outgoing::dial).
    #[must_use]
    pub fn is_outgoing(&self) -> bool {
        self.arrival.outgoing
    }

    /// The events of the call, its legs, playbacks and recordings, from now on.
    ///
    /// A receiver that lags more than 256 events behind loses the oldest, which its `recv` reports. The last event is the
    /// one that ends the call; then `recv` fails.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.session.subscribe()
    }

    /// How the call ended, if it has. The cause may come a moment after the end.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.session.read(|state| state.end.clone())
    }

    /// Waits until the call has ended.
    pub async fn ended(&self) -> End {
        let end = match self.session.wait(|state| state.end.clone()).await {
            Ok(end) | Err(CallError::Ended(end)) => end,
            Err(_) => End::new(EndReason::Gone, None),
        };
        let settled = self.session.wait_for(CAUSE, |state| state.end.as_ref().and_then(End::settled)).await;
        settled.unwrap_or(end)
    }

    /// Answers. Answering a call that is up does nothing.
    pub async fn answer(&self) -> Result<(), CallError> {
        let work = async {
            self.session.check()?;
            let answered = self.channel().answer().await;
            self.done(answered).await?;
            self.session.change(|state| state.answered.get_or_insert_with(std::time::Instant::now).elapsed());
            Ok(())
        };
        verb("call.answer", work).await
    }

    /// Lets the caller hear ringing, before the call is answered.
    pub async fn ring(&self) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().ring().await;
        self.done(done).await
    }

    /// Plays media to the caller.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// call.say(["sound:you-entered", "digits:42"]).await?;
    /// call.say("sound:demo-congrats").until("#").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn say(&self, media: impl IntoList<String>) -> Say<'_> {
        Say::new(self, media.into_list())
    }

    /// Plays a prompt and collects digits.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// use std::time::Duration;
    ///
    /// let account = call.ask("sound:vm-enter-num-to-call").between_digits(4, 10).tries(3).await?;
    /// match call.ask(["sound:vm-press", "digits:1"]).digits(1).timeout(Duration::from_secs(4)).await?.as_deref() {
    ///     Some("1") => println!("account {account:?}"),
    ///     _ => call.say("sound:vm-goodbye").await.map(drop)?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn ask(&self, prompt: impl IntoList<String>) -> Ask<'_> {
        Ask::new(self, prompt.into_list())
    }

    /// Plays a prompt and lets the caller choose.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// #[derive(Debug)]
    /// enum Choice {
    ///     Sales,
    ///     Support,
    /// }
    ///
    /// let menu = call.menu("sound:menu").choice("1", Choice::Sales).choice("2", Choice::Support);
    /// match menu.tries(3).invalid("sound:option-is-invalid").await? {
    ///     Some(choice) => println!("{choice:?}"),
    ///     None => call.say("sound:vm-goodbye").await.map(drop)?,
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn menu<T>(&self, prompt: impl IntoList<String>) -> Menu<'_, T> {
        Menu::new(self.ask(prompt))
    }

    /// Records the caller into a file of this name.
    pub fn record(&self, name: impl Into<String>) -> Record<'_> {
        Record::new(self, name.into())
    }

    /// Dials endpoints such as `"PJSIP/alice"`; the first that answers wins, and the others are cancelled.
    ///
    /// The legs are cancelled, too, when the caller hangs up or the future is dropped.
    pub fn dial(&self, endpoints: impl IntoList<String>) -> Dial<'_> {
        Dial::new(self, endpoints.into_list())
    }

    /// Connects the caller and a leg.
    pub fn bridge(&self, leg: Leg) -> Bridge<'_> {
        Bridge::new(self, leg)
    }

    /// Waits in a queue with music on hold until an agent answers, or an agent's call has served the caller.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ari_app::{App, Call, CallError, Queue, Queued};
    /// async fn serve(app: App) -> Result<(), ari_app::ServeError> {
    ///     let queue = Queue::new(["PJSIP/alice", "PJSIP/bob"]).ring(Duration::from_secs(20));
    ///     app.serve(move |call| wait(call, queue.clone())).await
    /// }
    ///
    /// async fn wait(call: Call, queue: Queue) -> Result<(), CallError> {
    ///     call.answer().await?;
    ///     let position = |position| vec!["sound:queue-thereare".to_owned(), format!("number:{position}")];
    ///     match call.queue(&queue).announce(Duration::from_secs(60), position).await? {
    ///         Queued::Agent(agent) => call.bridge(agent).until_hangup().await.map(drop),
    ///         _ => call.say("sound:vm-goodbye").await.map(drop),
    ///     }
    /// }
    /// ```
    pub fn queue(&self, queue: &Queue) -> Enqueue<'_> {
        Enqueue::new(self, queue.clone())
    }

    /// Lets a leg hand the caller over, as an attended transfer: the endpoint is dialled while the caller hears music on
    /// hold, then the two talk, and the leg hangs up to give the caller away. If it hangs up before the endpoint has
    /// answered, the endpoint goes on ringing.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call, mut agent: ari_app::Leg) -> Result<(), ari_app::CallError> {
    /// use ari_app::{Talked, Transferred};
    ///
    /// while let Talked::Key(_, leg) = call.bridge(agent).until_key("*").await? {
    ///     agent = match call.transfer(leg, "PJSIP/expert").await? {
    ///         Transferred::To(leg) | Transferred::Back(leg) => leg,
    ///         _ => break,
    ///     };
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// When the caller hangs up meanwhile, or the future is dropped, both legs are hung up.
    pub fn transfer(&self, from: Leg, endpoints: impl IntoList<String>) -> Transfer<'_> {
        Transfer::new(self, from, self.dial(endpoints))
    }

    /// Connects the caller with all others of this application who are in the room of this name, until the caller leaves
    /// it. It exists from the first who joins to the last who leaves.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// let conference = call.conference("sales").announce("sound:beep").music_while_alone();
    /// match conference.until("#").await? {
    ///     ari_app::Departure::Key(_) => call.say("sound:vm-goodbye").await.map(drop)?,
    ///     _ => println!("removed"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn conference(&self, room: impl Into<String>) -> Conference<'_> {
        Conference::new(self, room.into())
    }

    /// The room of this name: who is in it, and announcements to all of them.
    #[must_use]
    pub fn room(&self, name: impl Into<String>) -> Room<'_> {
        Room::new(self, name.into())
    }

    /// Listens to another channel, or to the caller's own, by a leg of this call: a supervisor listens to an agent, a
    /// program to both parties of its call.
    ///
    /// ```no_run
    /// # async fn example(supervisor: ari_app::Call, agent: ari_app::Leg) -> Result<(), ari_app::CallError> {
    /// if let Some(ear) = supervisor.snoop(agent.channel().channel_id()).await? {
    ///     supervisor.bridge(ear).until_hangup().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn snoop(&self, channel: impl Into<ChannelId>) -> Snoop<'_> {
        Snoop::new(self, channel.into())
    }

    /// Opens the sound of the call: the program hears the caller, and the caller hears what the program plays.
    ///
    /// A channel is created that carries it, and a bridge that connects the two. They end with the medium, which ends
    /// when it is dropped, and with the call. A verb that connects the caller with others meanwhile, such as
    /// [`Call::bridge`], takes the caller out of this bridge. The transport is the best that the server has.
    ///
    /// ```no_run
    /// # async fn example(call: ari_app::Call) -> Result<(), ari_app::CallError> {
    /// use ari_media::{Audio, MediaConfig};
    ///
    /// call.answer().await?;
    /// let mut media = call.media(MediaConfig::at_rate(16_000)).await?;
    /// media.play(Audio::wav("welcome.wav")?).await?;
    /// while let Some(frame) = media.recv().await? {
    ///     println!("{} samples", frame.samples().len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "media")]
    pub fn media(&self, config: impl Into<ari_media::MediaConfig>) -> crate::OpenMedia<'_> {
        crate::OpenMedia::new(self, config.into())
    }

    /// Sends DTMF digits to the caller.
    pub async fn dtmf(&self, digits: impl Into<String>) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().send_dtmf().dtmf(digits).await;
        self.done(done).await
    }

    /// Reads a channel variable or dialplan function; `None` if it is not set.
    pub async fn variable(&self, name: impl Into<String>) -> Result<Option<String>, CallError> {
        self.session.check()?;
        match self.channel().get_channel_var(name).await {
            Ok(variable) => Ok(Some(variable.value)),
            Err(error) if error.is_not_found() && self.end().is_none() => Ok(None),
            Err(error) => Err(self.session.explain(error).await),
        }
    }

    /// Sets a channel variable.
    pub async fn set_variable(&self, name: impl Into<String>, value: impl Into<String>) -> Result<(), CallError> {
        self.session.check()?;
        let done = self.channel().set_channel_var(name).value(value).await;
        self.done(done).await
    }

    /// Waits, unless the call ends first.
    pub async fn sleep(&self, duration: Duration) -> Result<(), CallError> {
        match tokio::time::timeout(duration, self.session.wait(|_| None::<()>)).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        }
    }

    /// Hangs up.
    pub async fn hangup(&self) -> Result<(), CallError> {
        match self.channel().hangup().await {
            Err(error) if !error.is_not_found() => Err(CallError::Ari(error)),
            _ => Ok(()),
        }
    }

    /// Leaves everything as it is when the handler ends: the call, its legs, bridges, playbacks and recordings.
    ///
    /// Verbs that are dropped afterwards stop nothing either. The program looks after the channels from then on; what is
    /// left when the application starts the next time counts as left by an earlier run.
    pub fn detach(&self) {
        self.session.change(|state| state.detached = true);
    }

    pub(crate) async fn done(&self, result: Result<(), ari_bindings::Error>) -> Result<(), CallError> {
        match result {
            Ok(()) => Ok(()),
            Err(error) => Err(self.session.explain(error).await),
        }
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("id", &self.id()).field("end", &self.end()).finish_non_exhaustive()
    }
}

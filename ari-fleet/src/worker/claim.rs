//! How a worker comes by a lane: JetStream pins it to the lane's consumer.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::pull::MessagesErrorKind;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, PriorityPolicy, pull};
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt as _;
use tokio::time::{MissedTickBehavior, interval};

use crate::wire::{EventSubject, Lane, headers};
use crate::{Error, Fleet};

/// The priority group of the owner.
const GROUP: &str = "owner";

/// How long JetStream keeps an owner pinned that has stopped pulling.
const OWNER_SILENCE: Duration = Duration::from_secs(2);

/// How long a request for messages is good for. It is made again before the owner counts as silent.
const PULL: Duration = Duration::from_millis(800);

/// How often JetStream says that such a request is still there. One that is lost with a server is made again after twice
/// that time.
const HEARTBEAT: Duration = Duration::from_millis(350);

/// How long an event may stay unacknowledged before JetStream delivers it again.
const ACK_WAIT: Duration = Duration::from_secs(5);

/// How long a consumer is kept that nobody uses.
const UNUSED: Duration = Duration::from_secs(60 * 60);

/// How often a worker asks to be pinned.
const AGAIN: Duration = Duration::from_millis(250);

/// A lane that JetStream has just pinned this worker to.
pub(super) struct Claimed {
    pub(super) lane: Lane,
    pub(super) token: String,
    pub(super) messages: pull::Stream,
    /// The message that said so.
    pub(super) first: Message,
}

/// Tries to become the owner of a lane, for as long as `is_wanted` says so.
pub(super) async fn claim(
    fleet: &Fleet,
    lane: Lane,
    worker: &str,
    is_wanted: impl Fn(Instant) -> bool,
) -> Result<Option<Claimed>, Error> {
    let mut messages = open(fleet, &lane).await?;
    let mut again = interval(AGAIN);
    again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let cannot = || format!("cannot read the events of lane {lane}");
    loop {
        tokio::select! {
            message = messages.next() => {
                let Some(message) = message else { return Ok(None) };
                // Another worker may still be pinned.
                if message.as_ref().is_err_and(|error| error.kind() == MessagesErrorKind::MissingHeartbeat) {
                    continue;
                }
                let message = message.map_err(|source| Error::jetstream(cannot(), source))?;
                if let Some(token) = pin(&message).map(str::to_owned) {
                    return Ok(Some(Claimed { lane, token, messages, first: message }));
                }
            }
            _ = again.tick() => {
                if !is_wanted(Instant::now()) {
                    return Ok(None);
                }
                publish(fleet, &lane, worker).await?;
            }
        }
    }
}

/// The pin that a message was delivered to.
pub(super) fn pin(message: &Message) -> Option<&str> {
    // The last one is the server's.
    message.headers.as_ref()?.get_last(headers::PIN).map(async_nats::HeaderValue::as_str)
}

/// The pin of a lane; `None` while it has none.
pub(super) async fn pinned(fleet: &Fleet, lane: &Lane) -> Result<Option<String>, Error> {
    let cannot = || format!("cannot ask for the owner of lane {lane}");
    let stream = fleet.jetstream.get_stream_no_info(fleet.subjects().stream()).await;
    let stream = stream.map_err(|source| Error::jetstream(cannot(), source))?;
    let info = stream.consumer_info(lane.consumer()).await;
    let info = info.map_err(|source| Error::jetstream(cannot(), source))?;
    Ok(info.priority_groups.into_iter().find(|group| group.group == GROUP).and_then(|group| group.pinned_client_id))
}

/// Lets JetStream pin another worker at once.
pub(super) async fn unpin(fleet: &Fleet, lane: &Lane) -> Result<(), Error> {
    let cannot = || format!("cannot give up lane {lane}");
    let stream = fleet.jetstream.get_stream_no_info(fleet.subjects().stream()).await;
    let stream = stream.map_err(|source| Error::jetstream(cannot(), source))?;
    stream.unpin_consumer(&lane.consumer(), GROUP).await.map_err(|source| Error::jetstream(cannot(), source))
}

/// Publishes a message to a lane, because JetStream pins an owner when there is something to deliver.
pub(super) async fn publish(fleet: &Fleet, lane: &Lane, worker: &str) -> Result<(), Error> {
    let subject = EventSubject { lane: Some(lane.clone()), node: None, call: None, kind: "Claim".to_owned() };
    let body = serde_json::json!({ "worker": worker }).to_string();
    let published = fleet.nats.publish(fleet.subjects().event(&subject), body.into()).await;
    published.map_err(|source| Error::jetstream(format!("cannot publish to lane {lane}"), source))
}

/// Asks for the messages of a lane. They come if nobody else has it.
pub(super) async fn open(fleet: &Fleet, lane: &Lane) -> Result<pull::Stream, Error> {
    let cannot = || format!("cannot pull the events of lane {lane}");
    let messages = consumer(fleet, lane).await?;
    let messages =
        messages.stream().group(GROUP).expires(PULL).heartbeat(HEARTBEAT).max_messages_per_batch(super::MOST_PENDING);
    messages.messages().await.map_err(|source| Error::jetstream(cannot(), source))
}

async fn consumer(fleet: &Fleet, lane: &Lane) -> Result<Consumer<pull::Config>, Error> {
    let config = pull::Config {
        durable_name: Some(lane.consumer()),
        description: Some("A lane of a fleet".to_owned()),
        filter_subject: fleet.subjects().lane_events(lane),
        // A lane without a consumer has no calls.
        deliver_policy: DeliverPolicy::New,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_ack_pending: i64::try_from(super::MOST_PENDING).unwrap_or(i64::MAX),
        inactive_threshold: UNUSED,
        priority_policy: PriorityPolicy::PinnedClient,
        priority_groups: vec![GROUP.to_owned()],
        priority_timeout: OWNER_SILENCE,
        ..Default::default()
    };
    let cannot = || format!("cannot create the consumer of lane {lane}");
    let stream = fleet.jetstream.get_stream_no_info(fleet.subjects().stream()).await;
    let stream: jetstream::stream::Stream<()> = stream.map_err(|source| Error::jetstream(cannot(), source))?;
    let created = stream.get_or_create_consumer(&lane.consumer(), config).await;
    created.map_err(|source| Error::jetstream(cannot(), source))
}

//! `asterisk-ari-client-rs`: 13 types of event and a dozen requests.

use std::hint::black_box;
use std::sync::Arc;

use asterisk_ari_client_rs::client::AriClient;
use asterisk_ari_client_rs::models::events::AriEvent;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::Target;
use crate::Failure;
use crate::corpus::END;
use crate::socket::Tally;

pub(super) fn decode(text: &str) -> bool {
    black_box(serde_json::from_str::<AriEvent>(text)).is_ok()
}

/// What its users write: a channel and a task for each type of event.
macro_rules! count {
    ($client:ident, $tasks:ident, $tally:ident: $($set:ident)+) => {
        $({
            let (sender, mut receiver) = mpsc::channel(1024);
            $client.$set(Some(sender));
            let tally = Arc::clone(&$tally);
            $tasks.spawn(async move {
                while let Some(event) = receiver.recv().await {
                    black_box(event);
                    tally.event().await;
                }
            });
        })+
    };
}

pub(super) async fn receive(target: Target, tally: Arc<Tally>) -> Result<(), Failure> {
    let mut client = AriClient::new(target.url(), target.user.clone(), target.password.clone());
    let mut tasks = JoinSet::new();
    count!(
        client, tasks, tally:
        set_stasis_start_sender
        set_channel_dtmf_received_sender
        set_channel_hangup_request_sender
        set_channel_talking_finished_sender
        set_channel_talking_started_sender
        set_channel_destroyed_sender
        set_playback_started_sender
        set_playback_finished_sender
        set_channel_state_change_sender
        set_channel_var_set_sender
        set_recording_started_sender
        set_recording_finished_sender
    );
    let end = Arc::new(Notify::new());
    let (sender, mut receiver) = mpsc::channel(1024);
    client.set_stasis_end_sender(Some(sender));
    let (ends, counts) = (Arc::clone(&end), Arc::clone(&tally));
    tasks.spawn(async move {
        while let Some(event) = receiver.recv().await {
            if black_box(event).channel.id == END {
                ends.notify_one();
            } else {
                counts.event().await;
            }
        }
    });
    // Its loop ends with the connection; an error is one of the connection.
    tokio::select! {
        result = client.ari_processing_loop(vec!["x".to_owned()]) => {
            tally.lost(if result.is_ok() { "end of its loop" } else { "an error of its loop" });
        }
        () = end.notified() => {}
    }
    drop(client);
    tasks.join_all().await;
    Ok(())
}

//! A SIP phone at the other end of the call.

use ari_e2e::{PhoneCall, Server, on_each_server};
use ari_media::Transport;
use tokio::task::JoinSet;

/// 4 s of sound.
const FRAMES: u32 = 200;

/// How many frames a busy machine may lose; `sound phone` allows none.
const LOST: u32 = FRAMES / 10;

#[tokio::test]
async fn phone_returns_what_it_hears_over_every_transport() {
    on_each_server(|server: Server| async move {
        let transports: &[Transport] = if server.release() == "16" { &[Transport::Rtp] } else { &Transport::ALL };
        let mut calls = JoinSet::new();
        for transport in transports {
            let server = server.clone();
            calls.spawn(async move { (transport, PhoneCall::open(&server, *transport).await.returns(FRAMES).await) });
        }
        for (transport, mut sequence) in calls.join_all().await {
            let is_whole = sequence.is_whole(FRAMES);
            assert!(is_whole || (sequence.lost <= LOST && sequence.doubled == 0), "{transport}: {sequence:?}");
        }
    })
    .await;
}

//! Whether every frame that is sent to a SIP phone comes back, once.

use std::time::Duration;

use ari_e2e::{PhoneCall, Server};
use ari_media::{FRAME, Transport};
use tokio::task::JoinSet;

use crate::Failure;

pub(crate) async fn run(server: &Server, duration: Duration) -> Result<(), Failure> {
    let frames = u32::try_from(duration.as_millis() / FRAME.as_millis())?;
    let mut calls = JoinSet::new();
    for transport in Transport::ALL {
        let server = server.clone();
        calls.spawn(async move { (transport, PhoneCall::open(&server, transport).await.returns(frames).await) });
    }
    let mut is_whole = true;
    for (transport, mut sequence) in calls.join_all().await {
        is_whole &= sequence.is_whole(frames);
        println!("{transport}, {frames} frames to the phone and back: {sequence:?}");
    }
    if is_whole { Ok(()) } else { Err("sound was lost".into()) }
}

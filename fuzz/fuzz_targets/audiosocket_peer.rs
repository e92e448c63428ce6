//! Receives anything over AudioSocket while it plays: frames are whole and in the order of time, and the end of the
//! connection is the end of the medium.
#![no_main]

use std::time::Duration;

use ari_media::{Audio, FRAME, Format, Media, MediaConfig};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncWriteExt as _, duplex};

/// The size of the buffer for each direction, in place of the operating system's.
const WIRE: usize = 64 << 10;

fuzz_target!(|input: &[u8]| ari_fuzz::run(run(input.to_vec())));

/// What the peer sends, in two pieces: the first byte says how long the first one is.
async fn run(input: Vec<u8>) {
    let Some((&first, sent)) = input.split_first() else { return };
    let (ours, mut theirs) = duplex(WIRE);
    let config = MediaConfig::new(Format::SLIN).fill_silence(false);
    let mut media = ari_media::fuzzing::audiosocket(ours, &config).expect("the settings are right");
    let sender = media.sender().clone();
    let playing = tokio::spawn(async move { while sender.play(Audio::samples(8_000, vec![1; 800])).await.is_ok() {} });
    let (head, tail) = sent.split_at(usize::from(first).min(sent.len()));
    // The program may have closed the connection.
    if theirs.write_all(head).await.is_ok() {
        tokio::task::yield_now().await;
        let _ = theirs.write_all(tail).await;
    }
    drop(theirs);
    receive(&mut media).await;
    assert!(media.write(&[0]).await.is_err());
    playing.await.expect("playing ends");
}

async fn receive(media: &mut Media) {
    let mut next = Duration::ZERO;
    while let Ok(Some(frame)) = media.recv().await {
        assert_eq!(frame.samples().len(), 160);
        assert!(frame.timestamp() >= next, "{:?} before {next:?}", frame.timestamp());
        next = frame.timestamp() + FRAME;
    }
}

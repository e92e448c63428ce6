//! Receives any messages of `chan_websocket` while it plays and cuts sound: frames are whole and in the order of time, what
//! was played never decreases, and the end of the connection is the end of the medium.
#![no_main]

use std::time::Duration;

use ari_fuzz::{binary_frame, text_frame};
use ari_media::{Audio, Format, Media, MediaConfig};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

/// The size of the buffer for each direction, in place of the operating system's.
const WIRE: usize = 64 << 10;

fuzz_target!(|input: &[u8]| ari_fuzz::run(run(input)));

/// The first line is a digit: with its lowest bit, the rest is raw bytes. Otherwise each line is a text message, or a binary
/// one after `=`, or after `!` a cut.
async fn run(input: &[u8]) {
    let mut parts = input.splitn(2, |byte| *byte == b'\n');
    let (Some(&[choice]), Some(script)) = (parts.next(), parts.next()) else { return };
    let (ours, theirs) = duplex(WIRE);
    let (cuts, mut cut) = tokio::sync::mpsc::unbounded_channel();
    let channel = tokio::spawn(serve(theirs, choice & 1 > 0, script.to_vec(), cuts));
    let config = MediaConfig::new(Format::SLIN).fill_silence(false);
    if let Ok((_, mut media)) = ari_media::fuzzing::websocket(ours, &config).await {
        let sender = media.sender().clone();
        let playing =
            tokio::spawn(async move { while sender.play(Audio::samples(8_000, vec![1; 40_000])).await.is_ok() {} });
        let sender = media.sender().clone();
        let cutting = tokio::spawn(async move {
            while cut.recv().await.is_some() {
                let (played, _) = (sender.played(), sender.cut());
                assert!(sender.played() >= played, "{:?} after {played:?}", sender.played());
            }
        });
        receive(&mut media).await;
        assert!(media.write(&[0]).await.is_err());
        playing.await.expect("playing ends");
        cutting.abort();
    }
    channel.await.expect("the channel does not panic");
}

async fn receive(media: &mut Media) {
    let mut next = Duration::ZERO;
    while let Ok(Some(frame)) = media.recv().await {
        assert_eq!(frame.samples().len(), 160);
        assert!(frame.timestamp() >= next, "{:?} before {next:?}", frame.timestamp());
        next = frame.timestamp() + ari_media::FRAME;
        assert!(media.sender().queued() <= Duration::from_secs(31));
    }
}

/// Sends everything, reads what comes back, and closes.
async fn serve(stream: DuplexStream, is_raw: bool, script: Vec<u8>, cuts: tokio::sync::mpsc::UnboundedSender<()>) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    let messages: Vec<&[u8]> = if is_raw { vec![&script] } else { script.split(|byte| *byte == b'\n').collect() };
    for message in messages {
        let message = match message {
            raw if is_raw => raw.to_vec(),
            [b'=', sound @ ..] => binary_frame(sound),
            [b'!', ..] => {
                let _ = cuts.send(());
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            text => text_frame(text),
        };
        if writer.write_all(&message).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    // The program may have closed the connection.
    let _ = writer.shutdown().await;
    let _ = reading.await;
}

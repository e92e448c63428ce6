//! Receives any datagrams at any time over RTP: the program gets whole frames in the order of time, no more of them than
//! the datagrams account for, and every datagram is counted once.
#![no_main]

use std::time::Duration;

use ari_media::fuzzing::Rtp;
use ari_media::{FRAME, Format};
use libfuzzer_sys::fuzz_target;

/// The most frames that one datagram may become: its own, and those that conceal the ones before it.
const MOST_FRAMES: u64 = 130;

/// An upper bound of the time in the largest script: 819 steps of 65 s.
const LONGEST: Duration = Duration::from_hours(20);

fuzz_target!(|script: &[u8]| ari_fuzz::run_for(LONGEST, run(script)));

/// A script begins with the format. Each step of it is a kind, a time, and a length or the fields of a header.
async fn run(script: &[u8]) {
    let Some((format, mut script)) = script.split_first() else { return };
    let format = [Format::ULAW, Format::SLIN, Format::SLIN16, Format::G722][usize::from(*format % 4)];
    let (mut media, mut rtp) = Rtp::new(format);
    let (mut datagrams, mut kept) = (0, 0);
    while let [kind, time, a, b, c, rest @ ..] = script {
        tokio::time::advance(Duration::from_millis(u64::from(*time) * u64::from(*time))).await;
        let datagram;
        (datagram, script) = match kind % 4 {
            0 => rest.split_at(rest.len().min(usize::from(*a))),
            _ => (&[][..], rest),
        };
        let from = ([192, 0, 2, kind >> 7], 10_000).into();
        let is_kept = match kind % 4 {
            0 => rtp.packet(datagram, from),
            kind => rtp.packet(&header(format, kind, [*a, *b, *c]), from),
        };
        datagrams += 1;
        kept += u64::from(is_kept);
    }
    rtp.finish();
    let stats = media.stats();
    assert_eq!((stats.received, stats.received + stats.discarded), (kept, datagrams));
    let mut next = Duration::ZERO;
    let mut frames = 0;
    while let Ok(Ok(Some(frame))) = tokio::time::timeout(FRAME, media.recv()).await {
        assert_eq!(frame.samples().len(), format.frame_samples());
        assert!(frame.timestamp() >= next, "{:?} before {next:?}", frame.timestamp());
        next = frame.timestamp() + FRAME;
        frames += 1;
    }
    frames += stats.dropped;
    assert!(frames <= kept * MOST_FRAMES, "{frames} frames of {kept} packets");
}

/// A proper packet near the others: of two sources, with steps of the sequence and of the timestamp.
fn header(format: Format, kind: u8, [sequence, timestamp, payload]: [u8; 3]) -> Vec<u8> {
    let payload_type = [0, 10, 118, 9, 101, 13][usize::from(payload % 6)];
    let mut packet = vec![0x80, payload_type, kind >> 1, sequence];
    packet.extend((u32::from(timestamp) * 160 + (u32::from(kind) << 28)).to_be_bytes());
    packet.extend([0, 0, 0, kind & 1]);
    packet.resize(packet.len() + format.frame_bytes().unwrap_or(1) * usize::from(payload % 3), payload);
    packet
}

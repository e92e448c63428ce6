//! What the program receives over a network that loses, delays, reorders and doubles packets.

use std::collections::BTreeMap;

use futures_util::FutureExt;

use super::*;
use crate::MediaStats;

/// Each sentence of 4 s is followed by a pause of a second.
const SENTENCE: u32 = 200;
const PAUSE: u32 = 50;

/// A network, from a seed.
struct Network {
    seed: u64,
    /// In ten thousands.
    loss: u64,
    doubled: u64,
    jitter: Duration,
}

/// What half a minute over a network came to.
struct Outcome {
    sent: u64,
    dropped: u64,
    doubled: u64,
    stats: MediaStats,
    /// The longest time from sending to receiving in each second.
    latencies: Vec<Duration>,
}

impl Network {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    /// After which times a packet arrives: never, once, or twice.
    fn carry(&mut self) -> Vec<Duration> {
        if self.random(10_000) < self.loss {
            return Vec::new();
        }
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap();
        let copies = if self.random(10_000) < self.doubled { 2 } else { 1 };
        (0..copies).map(|_| Duration::from_micros(self.random(jitter + 1))).collect()
    }
}

/// Sends frames for half a minute, each of which consists of its own number, and checks that all that arrives is in its place.
async fn half_a_minute(mut network: Network) -> Outcome {
    let (mut media, mut receiver) = bare(&Format::SLIN.into());
    let from = "192.0.2.1:10000".parse().unwrap();
    let start = Instant::now();
    let (mut wire, mut sent, mut dropped, mut doubled) = (BTreeMap::new(), 0, 0, 0);
    for number in 0..1_500_u32 {
        if number % (SENTENCE + PAUSE) >= SENTENCE {
            continue;
        }
        let payload = u16::try_from(number + 1).unwrap().to_be_bytes().repeat(160);
        let sequence = u16::try_from(60_000 + sent).unwrap_or_else(|_| u16::try_from(sent - 5_536).unwrap());
        let bytes = packet(7, 10, sequence, 0xffff_0000_u32.wrapping_add(number * 160), &payload);
        let arrivals = network.carry();
        sent += 1;
        dropped += u64::from(arrivals.is_empty());
        doubled += u64::from(arrivals.len() == 2);
        for (copy, delay) in arrivals.into_iter().enumerate() {
            wire.insert((start + FRAME * number + delay, number, copy), bytes.clone());
        }
    }
    let mut latencies = vec![Duration::ZERO; 31];
    let (mut first, mut expected) = (None, None);
    while start.elapsed() < Duration::from_secs(31) {
        tokio::time::advance(Duration::from_millis(2)).await;
        while let Some(entry) = wire.first_entry().filter(|entry| entry.key().0 <= Instant::now()) {
            receiver.packet(&entry.remove(), from, Instant::now());
        }
        receiver.play(Some(Instant::now()));
        while let Some(frame) = media.recv().now_or_never() {
            let frame = frame.unwrap().unwrap();
            assert_eq!((frame.gap(), frame.timestamp()), (Duration::ZERO, expected.unwrap_or(Duration::ZERO)));
            expected = Some(frame.timestamp() + FRAME);
            if frame.kind() == FrameKind::Sound {
                let number = u32::try_from(frame.samples()[0]).unwrap() - 1;
                let first = *first.get_or_insert(number);
                assert_eq!(frame.timestamp(), FRAME * (number - first), "frame {number}");
                assert_eq!(frame.samples(), [frame.samples()[0]; 160]);
                let latency = start.elapsed().saturating_sub(FRAME * number);
                let longest = &mut latencies[number as usize / 50];
                *longest = latency.max(*longest);
            }
        }
    }
    Outcome { sent, dropped, doubled, stats: media.stats(), latencies }
}

fn check(name: &str, outcome: &Outcome) {
    let Outcome { sent, dropped, doubled, stats, latencies } = outcome;
    let longest = latencies.iter().max().unwrap();
    println!("{name}: {sent} sent, {dropped} dropped, {doubled} doubled, {stats:?}, at most {longest:?}");
    let too_late = stats.discarded - doubled;
    assert!(too_late <= sent / 400, "{name}: {too_late} packets came too late");
    assert_eq!(stats.received + stats.discarded, sent - dropped + doubled, "{name}");
    assert_eq!(stats.lost, dropped + too_late, "{name}");
    assert!(stats.concealed <= stats.lost && stats.concealed + 5 >= stats.lost, "{name}");
    let (early, late) = (latencies[2..15].iter().max().unwrap(), latencies[15..].iter().max().unwrap());
    assert!(*late <= *early + FRAME, "{name}: {early:?} in the first half, {late:?} in the second");
    assert!(*longest <= Duration::from_millis(100), "{name}: {latencies:?}");
}

#[tokio::test(start_paused = true)]
async fn timeline_and_latency_stay_right_over_a_bad_network() {
    for seed in 1..=3 {
        let ms = Duration::from_millis;
        let perfect = Network { seed, loss: 0, doubled: 0, jitter: ms(0) };
        let outcome = half_a_minute(perfect).await;
        check("perfect", &outcome);
        assert!(outcome.latencies.iter().all(|latency| *latency <= ms(22)), "{:?}", outcome.latencies);
        assert_eq!((outcome.stats.lost, outcome.stats.discarded), (0, 0));
        check("1 % loss", &half_a_minute(Network { seed, loss: 100, doubled: 100, jitter: ms(60) }).await);
        check("10 % loss", &half_a_minute(Network { seed, loss: 1_000, doubled: 300, jitter: ms(60) }).await);
    }
}

#[tokio::test(start_paused = true)]
async fn lost_frames_are_concealed_by_the_last_one_that_fades_to_silence() {
    let (mut media, mut receiver) = bare(&Format::SLIN.into());
    let from = "192.0.2.1:10000".parse().unwrap();
    for sequence in [1_u16, 6] {
        let payload = 3_000_i16.to_be_bytes().repeat(160);
        receiver.packet(&packet(7, 10, sequence, u32::from(sequence) * 160, &payload), from, Instant::now());
    }
    receiver.play(None);
    let mut ends = Vec::new();
    while let Some(frame) = media.recv().now_or_never() {
        let frame = frame.unwrap().unwrap();
        ends.push((frame.kind(), frame.samples()[0], frame.samples()[159]));
    }
    let concealed = |first, last| (FrameKind::Concealed, first, last);
    let sound = (FrameKind::Sound, 3_000, 3_000);
    let fade = [concealed(3_000, 2_006), concealed(2_000, 1_006), concealed(1_000, 6), concealed(0, 0)];
    assert_eq!(ends, [&[sound][..], &fade, &[sound]].concat());
    assert_eq!((media.stats().lost, media.stats().concealed), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn anything_from_the_network_is_bounded() {
    let (mut media, mut receiver) = bare(&Format::SLIN.into());
    let mut network = Network { seed: 1, loss: 0, doubled: 0, jitter: Duration::ZERO };
    let from = "192.0.2.1:10000".parse().unwrap();
    for i in 0..20_000_u64 {
        let length = usize::try_from(network.random(400)).unwrap();
        let payload: Vec<u8> = (0..length).map(|_| network.random(256).to_le_bytes()[0]).collect();
        let sequence = network.random(65_536).to_le_bytes();
        let sequence = u16::from_le_bytes([sequence[0], sequence[1]]);
        let timestamp = u32::try_from(network.random(1 << 32)).unwrap();
        let payload_type = [10, 10, 10, 13, 101][usize::try_from(i % 5).unwrap()];
        let ssrc = u32::try_from(network.random(3)).unwrap();
        let mut bytes = packet(ssrc, payload_type, sequence, timestamp, &payload);
        if i % 3 == 0 {
            bytes[0] = network.random(256).to_le_bytes()[0];
            bytes.truncate(length);
        }
        receiver.packet(&bytes, from, Instant::now());
        receiver.play(Some(Instant::now()));
        if i % 7 == 0 {
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let _ = media.recv().now_or_never();
    }
    receiver.play(None);
}

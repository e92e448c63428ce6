//! The jitter buffer, packet by packet.

use super::super::jitter::{Due, Inserted, JitterBuffer, Packet};
use super::super::profile::Profile;
use super::*;

/// A jitter buffer whose packets are one byte for each frame of 160 ticks, in a time of its own.
struct Bench {
    buffer: JitterBuffer,
    start: Instant,
    now: Instant,
}

/// What comes out: payloads, `gap` in frames, and holes.
#[derive(Debug, PartialEq, Eq)]
enum Out {
    Sound(u8),
    After(i64, u8),
    Lost,
}
use Out::{After, Lost, Sound};

impl Bench {
    fn new() -> Self {
        let profile = Profile::new(Format::ULAW, None);
        let limits = Duration::from_millis(20)..=Duration::from_millis(200);
        let now = Instant::now();
        Self { buffer: JitterBuffer::new(&profile, limits), start: now, now }
    }

    fn at(&mut self, millis: u64) -> &mut Self {
        self.now = self.start + Duration::from_millis(millis);
        self
    }

    fn insert_as(&mut self, ssrc: u32, sequence: u16, frame: u32, payload: &[u8]) -> Inserted {
        let timestamp = frame.wrapping_mul(160);
        let ticks = if payload.is_empty() { 0 } else { 160 };
        let packet = Packet { ssrc, sequence, timestamp, marker: false, ticks, payload };
        self.buffer.insert(&packet, self.now)
    }

    fn insert(&mut self, number: u8) -> Inserted {
        self.insert_as(1, number.into(), number.into(), &[number])
    }

    fn drain(&mut self, now: Option<Instant>) -> Vec<Out> {
        let mut out = Vec::new();
        while let Some(due) = self.buffer.pop(now) {
            out.push(match due {
                Due::Sound { payload, gap: 0 } => Sound(payload[0]),
                Due::Sound { payload, gap } => After(gap / 160, payload[0]),
                Due::Lost { ticks } => {
                    assert_eq!(ticks, 160);
                    Lost
                }
            });
        }
        out
    }

    fn due(&mut self) -> Vec<Out> {
        self.drain(Some(self.now))
    }

    fn rest(&mut self) -> Vec<Out> {
        self.drain(None)
    }
}

#[test]
fn packets_wait_for_the_delay_and_come_out_in_order() {
    let mut bench = Bench::new();
    for (millis, number) in [(0, 1), (25, 3), (30, 2), (60, 4)] {
        assert_eq!(bench.at(millis).insert(number), Inserted::Kept);
    }
    assert_eq!(Bench::new().due(), []);
    assert_eq!(bench.rest(), [1, 2, 3, 4].map(Sound));
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    assert_eq!(bench.at(19).due(), []);
    assert_eq!(bench.at(20).due(), [Sound(1)]);
}

#[test]
fn first_packet_may_have_overtaken_another() {
    let mut bench = Bench::new();
    bench.at(0).insert(2);
    assert_eq!(bench.at(1).insert(1), Inserted::Kept);
    assert_eq!(bench.rest(), [Sound(1), Sound(2)]);
}

#[test]
fn doubled_and_late_packets_are_discarded() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    assert_eq!(bench.insert(1), Inserted::Discarded);
    bench.at(40).insert(3);
    assert_eq!(bench.at(200).due(), [Sound(1), Lost, Sound(3)]);
    assert_eq!(bench.insert(2), Inserted::Discarded);
    assert_eq!(bench.insert(3), Inserted::Discarded);
    assert_eq!(bench.buffer.take_lost(), 1);
    assert_eq!(bench.buffer.take_lost(), 0);
}

#[test]
fn packet_that_comes_late_is_no_loss_while_nothing_has_overtaken_it() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    assert_eq!(bench.at(300).due(), [Sound(1)]);
    assert_eq!(bench.buffer.due(), None);
    bench.insert(2);
    assert_eq!(bench.due(), [Sound(2)]);
    assert_eq!(bench.buffer.take_lost(), 0);
    // The next one is on time again: nothing has been put off.
    bench.at(301).insert(3);
    assert_eq!(bench.due(), [Sound(3)]);
}

#[test]
fn pause_is_a_gap_and_no_loss() {
    let mut bench = Bench::new();
    bench.at(0).insert_as(1, 1, 0, &[1]);
    bench.at(5_000).insert_as(1, 2, 250, &[2]);
    bench.insert_as(1, 4, 252, &[4]);
    assert_eq!(bench.rest(), [Sound(1), After(249, 2), Lost, Sound(4)]);
    assert_eq!(bench.buffer.take_lost(), 1);
}

#[test]
fn loss_before_a_pause_is_both() {
    let mut bench = Bench::new();
    bench.at(0).insert_as(1, 1, 0, &[1]);
    bench.at(1_000).insert_as(1, 3, 50, &[3]);
    assert_eq!(bench.rest(), [Sound(1), Lost, After(48, 3)]);
}

#[test]
fn numbers_wrap() {
    let mut bench = Bench::new();
    let last = u32::MAX / 160;
    for i in 0..200_u32 {
        let frame = (last - 100).wrapping_add(i);
        let packet = Packet {
            ssrc: 1,
            sequence: 65_500_u16.wrapping_add(u16::try_from(i).unwrap()),
            timestamp: frame.wrapping_mul(160),
            marker: false,
            ticks: 160,
            payload: &[1],
        };
        assert_eq!(bench.buffer.insert(&packet, bench.start + FRAME * i), Inserted::Kept);
        bench.now = bench.start + FRAME * (i + 1);
        assert_eq!(bench.due(), [Sound(1)], "{i}");
    }
    assert_eq!(bench.buffer.take_lost(), 0);
}

#[test]
fn another_source_is_another_stream() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    bench.at(20).insert(2);
    assert_eq!(bench.at(1_040).insert_as(2, 9_000, 77, &[9]), Inserted::Restart);
    assert_eq!(bench.rest(), [Sound(1), Sound(2)]);
    bench.buffer.restart(bench.now);
    assert_eq!(bench.insert_as(2, 9_000, 77, &[9]), Inserted::Kept);
    assert_eq!(bench.rest(), [After(50, 9)]);
}

#[test]
fn stray_sequence_number_is_discarded_and_two_in_a_row_are_a_new_beginning() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    assert_eq!(bench.at(20).insert_as(1, 30_000, 5_000, &[9]), Inserted::Discarded);
    assert_eq!(bench.at(20).insert(2), Inserted::Kept);
    assert_eq!(bench.insert_as(1, 30_000, 5_000, &[9]), Inserted::Discarded);
    assert_eq!(bench.at(40).insert_as(1, 30_001, 5_001, &[10]), Inserted::Restart);
    assert_eq!(bench.rest(), [Sound(1), Sound(2)]);
    bench.buffer.restart(bench.now);
    bench.insert_as(1, 30_001, 5_001, &[10]);
    assert_eq!(bench.rest(), [Sound(10)]);
    assert_eq!(bench.buffer.take_lost(), 0);
}

#[test]
fn outage_is_loss_and_a_gap_as_long_as_it_took() {
    let mut bench = Bench::new();
    bench.at(0).insert_as(1, 1, 1, &[1]);
    assert_eq!(bench.at(20).due(), [Sound(1)]);
    assert_eq!(bench.at(2_000).insert_as(1, 101, 101, &[101]), Inserted::Discarded);
    assert_eq!(bench.at(2_020).insert_as(1, 102, 102, &[102]), Inserted::Restart);
    bench.buffer.restart(bench.now);
    bench.insert_as(1, 102, 102, &[102]);
    assert_eq!(bench.rest(), [After(100, 102)]);
    assert_eq!(bench.buffer.take_lost(), 100);
}

#[test]
fn timestamp_that_jumps_without_a_pause_is_no_gap() {
    for frame in [1_000_000, 0] {
        let mut bench = Bench::new();
        bench.at(0).insert_as(1, 1, 10_000, &[1]);
        assert_eq!(bench.at(20).insert_as(1, 2, frame, &[2]), Inserted::Restart);
        assert_eq!(bench.rest(), [Sound(1)]);
        bench.buffer.restart(bench.now);
        bench.insert_as(1, 2, frame, &[2]);
        assert_eq!(bench.rest(), [Sound(2)]);
    }
}

#[test]
fn packet_without_sound_holds_its_place() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    bench.at(20).insert_as(1, 2, 0, &[]);
    bench.at(40).insert_as(1, 3, 2, &[3]);
    assert_eq!(bench.rest(), [Sound(1), Sound(3)]);
    assert_eq!(bench.buffer.take_lost(), 0);
}

#[test]
fn sender_whose_timestamp_stands_still_in_a_pause_goes_on() {
    let mut bench = Bench::new();
    bench.at(0).insert(1);
    assert_eq!(bench.at(10_000).due(), [Sound(1)]);
    bench.insert(2);
    assert_eq!(bench.due(), []);
    assert_eq!(bench.at(10_020).due(), [Sound(2)]);
}

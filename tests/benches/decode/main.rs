//! How fast events decode: ours beside what one would write without this crate, on the recorded events in their
//! natural mix, in turns, so that the machine's moods fall on all alike.
//!
//! `cargo bench --package ari-tests --bench decode`

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ari_bindings::Event;

mod by_hand;
mod tagged;

const ROUNDS: usize = 400;

/// Counts what is allocated.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise about `pointer` and `layout` is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// One way to decode an event; tells whether it could.
type Decode = fn(&str) -> bool;

const CONTENDERS: [(&str, Decode); 4] = [
    ("this crate", |text| !matches!(black_box(Event::from_text(text)), Event::Unknown(_) | Event::Undecodable(_))),
    ("its types in an enum with #[serde(tag)]", |text| black_box(serde_json::from_str::<tagged::Event>(text)).is_ok()),
    ("structs by hand behind a match", |text| black_box(by_hand::decode::<by_hand::SerdeJson>(text)).is_some()),
    ("serde_json::Value", |text| black_box(serde_json::from_str::<serde_json::Value>(text)).is_ok()),
];

fn main() {
    let corpus = corpus();
    let mut times = vec![Vec::with_capacity(ROUNDS); CONTENDERS.len()];
    for _ in 0..ROUNDS {
        for ((_, decode), times) in CONTENDERS.iter().zip(&mut times) {
            times.push(time(&corpus, *decode));
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    println!("{} events, median of {ROUNDS} rounds in turns\n", corpus.len());
    println!("{:<42} {:>9} {:>12} {:>14}", "", "ns/event", "times ours", "allocations");
    for ((name, decode), median) in CONTENDERS.iter().zip(&medians) {
        let per_event = median.as_secs_f64() * 1e9 / count(corpus.len());
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:<42} {per_event:>9.0} {ratio:>12.2} {:>14.1}", allocations(&corpus, *decode));
    }
}

fn corpus() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/recorded/events.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let events = text.lines().filter(|line| line.contains("\"type\":")).map(str::to_owned);
    events.collect()
}

fn time(corpus: &[String], decode: Decode) -> Duration {
    let started = Instant::now();
    for text in corpus {
        assert!(decode(text), "not decoded: {text}");
    }
    started.elapsed()
}

fn allocations(corpus: &[String], decode: Decode) -> f64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for text in corpus {
        assert!(decode(text));
    }
    count(ALLOCATIONS.load(Ordering::Relaxed) - before) / count(corpus.len())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[allow(clippy::cast_precision_loss, reason = "small numbers")]
fn count(number: usize) -> f64 {
    number as f64
}

//! From the text of a frame to an event, in this process.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Instant;

use crate::contenders::{DECODER_REFERENCE, DECODERS};
use crate::options::Options;
use crate::statistics::{median, number};
use crate::table::Table;
use crate::{Failure, corpus};

/// One way to decode an event; whether it became one whose type is known.
pub(crate) type Decode = fn(&str) -> bool;

/// Counts what each thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise about `layout` is handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise about `pointer` and `layout` is handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How fast events decode.
pub(crate) fn run(options: &Options) -> Result<Table, Failure> {
    let corpus = corpus::events()?;
    // A round is so short that it takes many.
    let rounds = options.rounds() * 40;
    let mut times = vec![Vec::with_capacity(rounds); DECODERS.len()];
    for _ in 0..rounds {
        for ((_, decode), times) in DECODERS.iter().zip(&mut times) {
            times.push(nanoseconds(&corpus, *decode));
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let reference = DECODERS.iter().position(|(name, _)| *name == DECODER_REFERENCE).unwrap_or(0);

    let title = format!("Decoding {} recorded events, in their natural mix", corpus.len());
    let mut table = Table::new(title, &["", "ns/event", "ratio", "allocations/event", "rejected"]);
    table.bars("decode", "ns/event");
    for ((name, decode), median) in DECODERS.iter().zip(&medians) {
        table.row(vec![
            (*name).to_owned(),
            format!("{median:.0}"),
            format!("{:.2}", median / medians[reference]),
            format!("{:.1}", allocations(&corpus, *decode)),
            corpus.iter().filter(|text| !decode(text)).count().to_string(),
        ]);
    }
    table.note(format!("Ratio of the time to: {DECODER_REFERENCE}."));
    table.note(
        "The one struct has every recorded member and leaves dates and states as text; the `Value`s leave everything to \
         the program. Rejected are events that fail to decode or come out as unknown.",
    );
    Ok(table)
}

fn nanoseconds(corpus: &[String], decode: Decode) -> f64 {
    let started = Instant::now();
    for text in corpus {
        decode(text);
    }
    started.elapsed().as_secs_f64() * 1e9 / number(corpus.len())
}

fn allocations(corpus: &[String], decode: Decode) -> f64 {
    let before = ALLOCATIONS.get();
    for text in corpus {
        decode(text);
    }
    number(ALLOCATIONS.get() - before) / number(corpus.len())
}

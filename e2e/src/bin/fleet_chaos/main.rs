//! Chaos for a fleet: calls at a steady rate while processes are killed, stalled and cut off, and an account of each call.
//!
//! `cargo run --release --package ari-e2e --features live --bin fleet_chaos -- --minutes 7 --calls-per-second 20`, with the
//! servers of `cargo xtask asterisk --tests up all` and the program of `cargo xtask nats install`. `--only FAULT` (`worker`,
//! `gateway`, `asterisk`, `nats`, `network`, `stall`, `churn`) leaves out the others. It prints a row for each fault, and
//! ends with 1 if a call was lost, was handled by two workers at once, or has left something behind on Asterisk.

mod books;
mod faults;
mod field;

use std::process::ExitCode;
use std::time::Duration;

use self::books::Row;
use self::faults::Fault;
use self::field::Field;

type Failure = Box<dyn std::error::Error>;

struct Options {
    minutes: f64,
    rate: u32,
    only: Option<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let options = parse()?;
    let faults: Vec<Fault> =
        Fault::ALL.into_iter().filter(|fault| options.only.as_ref().is_none_or(|only| only == fault.name())).collect();
    if faults.is_empty() {
        return Err("--only: worker, gateway, asterisk, nats, network, stall or churn".into());
    }
    let each = Duration::from_secs_f64(options.minutes * 60.0) / u32::try_from(faults.len())?;
    println!("{}", Row::HEAD);
    let mut violations = 0;
    for fault in faults {
        // Each fault begins with a fleet of its own, so that what one has left behind does not count for the next.
        let mut field = Field::start().await;
        let row = books::run(&mut field, fault, each, options.rate).await;
        println!("{row}");
        if !row.violations.is_empty() {
            let kept = field.keep();
            row.violations.iter().for_each(|what| eprintln!("{}: {what}", fault.name()));
            eprintln!("{}: journals and logs in {kept}", fault.name());
        }
        violations += row.violations.len();
    }
    Ok(if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn parse() -> Result<Options, Failure> {
    let mut options = Options { minutes: 7.0, rate: 20, only: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--minutes" => options.minutes = value.parse()?,
            "--calls-per-second" => options.rate = value.parse()?,
            "--only" => options.only = Some(value),
            other => return Err(format!("{other}: no such option").into()),
        }
    }
    Ok(options)
}

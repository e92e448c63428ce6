//! Faults that were planted into a program are found: each by one of fifty seeds, while the program without the
//! fault passes on all of them.

mod reception;

use std::time::Duration;

use ari_test::{Fake, Person};
use reception::{Fault, Reception};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const SEEDS: u64 = 50;

/// The first seed on which a scene fails, with or without the fault in the program.
async fn first_failure<Scene>(fault: Fault, scene: impl Fn(Fake) -> Scene) -> Option<u64>
where
    Scene: Future<Output = ()> + Send + 'static,
{
    for seed in 0..SEEDS {
        let fake = Fake::builder().seed(seed).patience(60 * SECOND).start();
        let program = tokio::spawn(Reception::run(fake.client(), fault));
        let scene = tokio::spawn(scene(fake));
        if scene.await.is_err() || program.is_finished() {
            return Some(seed);
        }
        program.abort();
    }
    None
}

/// Asserts that a fault is found, and returns the seed.
async fn is_found<Scene>(fault: Fault, scene: impl Fn(Fake) -> Scene) -> u64
where
    Scene: Future<Output = ()> + Send + 'static,
{
    assert_eq!(first_failure(Fault::Nothing, &scene).await, None, "the program without the fault fails");
    let seed = first_failure(fault, &scene).await.expect("a seed finds the fault");
    println!("{fault:?} is found by seed {seed}");
    seed
}

/// A caller who has chosen to talk to Alice.
async fn caller(fake: &Fake) -> Person {
    let mut caller = fake.call("reception").from("100").await;
    caller.waits_for("sound:vm-press").await;
    caller.stays_silent(3 * SECOND).await;
    caller.presses("1").await;
    caller
}

/// A caller who talks to Alice.
async fn talking(fake: &Fake) -> (Person, Person) {
    let mut alice = fake.phone("PJSIP/alice").answers_after(SECOND);
    let caller = caller(fake).await;
    let mut alice = alice.rung().await;
    alice.is_answered().await;
    sleep(SECOND).await;
    (caller, alice)
}

async fn hangs_up_while_it_rings(fake: Fake) {
    fake.phone("PJSIP/alice").answers_after(5 * SECOND);
    let mut caller = caller(&fake).await;
    sleep(SECOND).await;
    caller.hangs_up().await;
    fake.assert_clean().await;
}

async fn answers_at_once(fake: Fake) {
    let mut alice = fake.phone("PJSIP/alice").answers_after(Duration::ZERO);
    let mut caller = caller(&fake).await;
    alice.rung().await.is_answered().await;
    sleep(SECOND).await;
    assert_eq!(fake.requests().of("channels.play").len(), 1, "Alice was greeted");
    caller.hangs_up().await;
    fake.assert_clean().await;
}

async fn rings_without_end(fake: Fake) {
    fake.phone("PJSIP/alice").rings_only();
    caller(&fake).await.ended().await;
    fake.assert_clean().await;
}

async fn is_busy(fake: Fake) {
    fake.phone("PJSIP/alice").busy();
    caller(&fake).await.ended().await;
    fake.assert_clean().await;
}

async fn alice_transfers(fake: Fake) {
    let (mut caller, mut alice) = talking(&fake).await;
    assert!(alice.transfers_blind_to("wait"));
    alice.ended().await;
    sleep(5 * SECOND).await;
    assert!(caller.is_up(), "the caller was released");
    assert_eq!(fake.requests().of("channels.play").len(), 1, "somebody else was greeted");
    caller.hangs_up().await;
    fake.assert_clean().await;
}

async fn hangs_up_in_a_gap(fake: Fake) {
    let (mut caller, _alice) = talking(&fake).await;
    let outage = fake.faults().refuse();
    fake.faults().cut_events();
    caller.hangs_up().await;
    drop(outage);
    fake.assert_clean().await;
}

async fn hangs_up_at_once(fake: Fake) {
    // Requests take a while, as in a network.
    let _slow = fake.faults().slow(Duration::from_millis(3));
    for millis in 0..8 {
        let mut caller = fake.call("reception").from("100").await;
        sleep(Duration::from_millis(millis)).await;
        caller.hangs_up().await;
    }
    fake.assert_clean().await;
}

async fn reply_is_lost(fake: Fake) {
    fake.faults().lose_reply("POST /channels?");
    let (mut caller, _alice) = talking(&fake).await;
    caller.hangs_up().await;
    fake.assert_clean().await;
}

#[tokio::test(start_paused = true)]
async fn missed_hangup() {
    is_found(Fault::MissesHangup, hangs_up_while_it_rings).await;
}

#[tokio::test(start_paused = true)]
async fn race_on_stasis_start() {
    // The guide shows this seed.
    assert_eq!(is_found(Fault::LearnsIdFromReply, answers_at_once).await, 1);
}

#[tokio::test(start_paused = true)]
async fn race_on_playback_finished() {
    is_found(Fault::LearnsPlaybackFromReply, is_busy).await;
}

#[tokio::test(start_paused = true)]
async fn no_timeout() {
    is_found(Fault::HasNoTimeout, rings_without_end).await;
}

#[tokio::test(start_paused = true)]
async fn double_bridge() {
    is_found(Fault::BridgesTwice, answers_at_once).await;
}

#[tokio::test(start_paused = true)]
async fn transfer_taken_for_a_call() {
    is_found(Fault::GreetsTransfers, alice_transfers).await;
}

#[tokio::test(start_paused = true)]
async fn event_lost_at_reconnect() {
    is_found(Fault::IgnoresGaps, hangs_up_in_a_gap).await;
}

#[tokio::test(start_paused = true)]
async fn busy_forgotten() {
    is_found(Fault::ForgetsBusy, is_busy).await;
}

#[tokio::test(start_paused = true)]
async fn refusal_unwrapped() {
    is_found(Fault::UnwrapsRefusals, hangs_up_at_once).await;
}

#[tokio::test(start_paused = true)]
async fn call_made_twice() {
    is_found(Fault::DialsAgain, reply_is_lost).await;
}

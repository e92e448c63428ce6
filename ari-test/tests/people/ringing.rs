//! People who are called.

use std::time::Duration;

use ari_bindings::{Client, Event};
use ari_test::Fake;
use tokio::time::Instant;

use crate::next_of;

const SECOND: Duration = Duration::from_secs(1);

async fn originate(ari: &Client, endpoint: &str) -> Result<String, ari_bindings::Error> {
    Ok(ari.channels().originate(endpoint).app("app").await?.id.to_string())
}

#[tokio::test(start_paused = true)]
async fn phone_answers_and_does_what_its_script_says() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    fake.phone("PJSIP/alice").answers_after(2 * SECOND).waits(SECOND).presses("12").hangs_up_after(SECOND);
    let begin = Instant::now();
    let id = originate(&ari, "PJSIP/alice").await.unwrap();
    next_of(&mut events, "StasisStart").await;
    assert!((2 * SECOND..3 * SECOND).contains(&begin.elapsed()));
    for digit in ["1", "2"] {
        let Event::ChannelDtmfReceived(dtmf) = next_of(&mut events, "ChannelDtmfReceived").await else {
            unreachable!()
        };
        assert_eq!((dtmf.channel.id.as_str(), dtmf.digit.as_str()), (&*id, digit));
    }
    let Event::ChannelDestroyed(destroyed) = next_of(&mut events, "ChannelDestroyed").await else { unreachable!() };
    assert_eq!(destroyed.cause, 16);
}

#[tokio::test(start_paused = true)]
async fn phone_answers_by_default() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    fake.phone("PJSIP/alice");
    originate(&ari, "PJSIP/alice").await.unwrap();
    next_of(&mut events, "StasisStart").await;
}

#[tokio::test(start_paused = true)]
async fn phones_refuse_with_the_cause_of_the_reason() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    fake.phone("PJSIP/busy").busy();
    fake.phone("PJSIP/declines").declines();
    fake.phone("PJSIP/rings").rings_only();
    for (endpoint, status, cause) in
        [("PJSIP/busy", "BUSY", 17), ("PJSIP/declines", "CONGESTION", 21), ("PJSIP/rings", "RINGING", 19)]
    {
        ari.channels().originate(endpoint).app("app").timeout(5).await.unwrap();
        let mut last = String::new();
        let destroyed = loop {
            match events.next().await.unwrap().unwrap() {
                Event::Dial(dial) => last = dial.dialstatus,
                Event::ChannelDestroyed(destroyed) => break destroyed,
                _ => {}
            }
        };
        assert_eq!((last.as_str(), destroyed.cause), (status, cause), "{endpoint}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_to_absent_phones_are_refused() {
    let fake = Fake::new();
    let ari = fake.client();
    let _events = ari.events("app").await.unwrap();
    fake.phone("PJSIP/alice").unreachable();
    for endpoint in ["PJSIP/alice", "PJSIP/nobody"] {
        assert_eq!(originate(&ari, endpoint).await.unwrap_err().status().unwrap(), 500);
    }
}

#[tokio::test(start_paused = true)]
async fn test_answers_itself() {
    let fake = Fake::new();
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    let mut alice = fake.phone("PJSIP/alice").rings_only();
    for answers in [true, false] {
        let id = originate(&ari, "PJSIP/alice").await.unwrap();
        let mut call = alice.rung().await;
        assert_eq!((call.id(), call.is_up()), (&*id, false));
        if answers {
            call.answers().await;
            next_of(&mut events, "StasisStart").await;
            call.holds();
            next_of(&mut events, "ChannelHold").await;
            call.resumes();
            next_of(&mut events, "ChannelUnhold").await;
            call.hangs_up().await;
        } else {
            call.declines().await;
        }
    }
}

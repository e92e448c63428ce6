//! Requests, leftovers, ladders and records.

use std::time::Duration;

use ari_bindings::Event;
use ari_test::Fake;
use serde_json::Value;
use tokio::time::Instant;

use crate::next_of;

/// A call that is answered, with one refused request.
async fn run(fake: &Fake) -> String {
    let ari = fake.client();
    let mut events = ari.events("app").await.unwrap();
    let mut caller = fake.call("app").from("100").await;
    let channel = ari.channel(caller.id());
    channel.answer().await.unwrap();
    channel.play("sound:beep").await.unwrap();
    assert!(channel.dial().await.is_err());
    caller.presses("1").await;
    caller.hangs_up().await;
    next_of(&mut events, "StasisEnd").await;
    caller.id().to_owned()
}

#[tokio::test(start_paused = true)]
async fn requests_are_kept_in_order_with_their_replies() {
    let fake = Fake::new();
    let id = run(&fake).await;
    let requests = fake.requests().on(&id);
    assert_eq!(requests.operations(), ["channels.answer", "channels.play", "channels.dial"]);
    assert_eq!(requests.of("channels.answer").lines(), [format!("POST /channels/{id}/answer 204")]);
    assert_eq!(requests.of("channels.play")[0].query, "media=sound%3Abeep");
    assert_eq!(requests.refused().operations(), ["channels.dial"]);
    assert!(requests.of("chan").is_empty());
    assert_eq!(requests.of("channels"), requests);
}

#[tokio::test(start_paused = true)]
async fn on_finds_ids_that_are_encoded_in_the_path() {
    let fake = Fake::new();
    assert!(fake.client().bridge("a/b").get().await.is_err());
    assert_eq!(fake.requests().on("a/b").lines(), ["GET /bridges/a%2Fb 404"]);
    assert!(fake.requests().on("a").is_empty());
}

#[tokio::test(start_paused = true)]
async fn ladder_shows_who_sent_what() {
    let fake = Fake::builder().seed(7).start();
    let id = run(&fake).await;
    let ladder = fake.ladder();
    let expected = [
        format!("Asterisk {}, seed 7", fake.release()),
        "PJSIP/100 calls stasis-app ──▶".to_owned(),
        format!("│ ──▶ StasisStart {id} Ring"),
        format!("│ ◀── POST /channels/{id}/answer"),
        "│ ──▶ 204".to_owned(),
        "PJSIP/100 ◀── sound:beep".to_owned(),
        "│ ──▶ 409".to_owned(),
        "PJSIP/100 presses 1 ──▶".to_owned(),
        format!("│ ──▶ ChannelDtmfReceived {id} 1"),
        "PJSIP/100 hangs up ──▶".to_owned(),
        format!("│ ──▶ StasisEnd {id}"),
    ];
    let mut rest = ladder.as_str();
    for line in expected {
        let Some((_, after)) = rest.split_once(&line) else { panic!("{line} is not in\n{ladder}") };
        rest = after;
    }
}

#[tokio::test(start_paused = true)]
async fn assert_clean_waits_for_the_program() {
    let fake = Fake::new();
    let ari = fake.client();
    let _events = ari.events("app").await.unwrap();
    let mut caller = fake.call("app").from("100").await;
    let bridge = ari.bridges().create().await.unwrap().id;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        ari.bridge(&bridge).destroy().await.unwrap();
    });
    caller.hangs_up().await;
    let begin = Instant::now();
    fake.assert_clean().await;
    assert!(begin.elapsed() > Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "bridge lost of []")]
async fn assert_clean_names_what_is_left() {
    let fake = Fake::new();
    fake.client().bridges().create().bridge_id("lost").await.unwrap();
    fake.assert_clean().await;
}

#[tokio::test(start_paused = true)]
async fn record_can_be_replayed() {
    let file = std::env::temp_dir().join(format!("ari-test-record-{}.jsonl", std::process::id()));
    let fake = Fake::new();
    let id = run(&fake).await;
    fake.record(&file).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for member in [r#""act":"presses 1""#, r#""heard":"sound:beep""#, r#""status":409"#, r#""path":"/channels/"#] {
        assert!(text.contains(member), "{member} is not in\n{text}");
    }
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let connected = lines.iter().find_map(|line| line["connected"].as_u64()).unwrap();
    let sent: Vec<_> = lines.iter().filter(|line| line["event"].is_object()).collect();
    assert!(sent.iter().all(|line| line["session"] == connected), "{text}");

    let fake = Fake::new();
    let mut events = fake.client().events("app").await.unwrap();
    let begin = Instant::now();
    assert_eq!(fake.replay(&text).await, sent.len());
    assert!(begin.elapsed() >= Duration::from_millis(200));
    let Event::StasisStart(start) = next_of(&mut events, "StasisStart").await else { unreachable!() };
    assert_eq!(start.channel.id, id);
    next_of(&mut events, "StasisEnd").await;
}

/// As `cargo xtask record` writes it.
const RECORDING: &str = r#"
{"application":"app","asterisk_id":"00:00:5e:00:53:01","timestamp":"2026-11-23T17:14:08.232+0000","type":"New"}
{"application":"app","asterisk_id":"00:00:5e:00:53:01","timestamp":"2026-11-23T17:14:09.732+0000","type":"Newer"}
{"asterisk_id":"00:00:5e:00:53:01","timestamp":"2026-11-23T17:14:10.000+0000","type":"WithoutApplication"}
{"application":"app","asterisk_id":"00:00:5e:00:53:01","type":"WithoutTime"}
"#;

#[tokio::test(start_paused = true)]
async fn replay_sends_the_recording_of_a_real_server() {
    let fake = Fake::new();
    let mut events = fake.client().events("app").await.unwrap();
    let begin = Instant::now();
    assert_eq!(fake.replay(RECORDING).await, 2);
    assert_eq!(begin.elapsed(), Duration::from_millis(1500));
    for kind in ["New", "Newer"] {
        assert_eq!(events.next().await.unwrap().unwrap().kind(), kind);
    }
}

//! The examples of `ari-app`.

use std::time::Duration;

use ari_app::App;
use ari_test::Fake;
use tokio::time::sleep;

#[expect(dead_code, unreachable_pub, reason = "a program")]
#[path = "../../../ari-app/examples/ivr.rs"]
mod ivr;
#[expect(dead_code, unreachable_pub, reason = "a program")]
#[path = "../../../ari-app/examples/voicemail.rs"]
mod voicemail;

#[tokio::test(start_paused = true)]
async fn ivr_greets_and_says_goodbye() {
    for seed in 0..20 {
        let fake = Fake::builder().seed(seed).start();
        let app = tokio::spawn(App::new(fake.client(), "ivr").serve(ivr::menu));
        let mut caller = fake.call("ivr").from("100").await;
        caller.waits_for("sound:digits/1").await;
        caller.presses("1").await;
        caller.waits_for("sound:hello-world").await;
        caller.waits_for("sound:vm-press").await;
        caller.presses("9").await;
        caller.ended().await;
        assert_eq!(caller.heard().last().unwrap(), "sound:vm-goodbye");
        app.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn ivr_asks_twice_and_gives_up() {
    let fake = Fake::new();
    let _app = tokio::spawn(App::new(fake.client(), "ivr").serve(ivr::menu));
    let mut caller = fake.call("ivr").from("100").await;
    caller.ended().await;
    let menu = ["sound:vm-press", "sound:digits/1", "sound:digits/2", "sound:digits/9"];
    let twice: Vec<_> = menu.iter().chain(&menu).chain(&["sound:vm-goodbye"]).copied().collect();
    assert_eq!(caller.heard(), twice);
}

#[tokio::test(start_paused = true)]
async fn voicemail_keeps_a_message() {
    for seed in 0..20 {
        let fake = Fake::builder().seed(seed).start();
        let app = tokio::spawn(App::new(fake.client(), "voicemail").serve(voicemail::leave_message));
        let mut caller = fake.call("voicemail").from("100").await;
        caller.waits_for("sound:vm-intro").await;
        caller.talks(Duration::from_secs(8)).await;
        caller.presses("#").await;
        caller.waits_for("sound:vm-review").await;
        caller.presses("1").await;
        caller.ended().await;
        assert!(caller.heard().iter().any(|heard| heard == "sound:vm-msgsaved"), "{seed}: {:?}", caller.heard());
        let stored = fake.client().recordings().list_stored().await.unwrap();
        assert_eq!(stored.len(), 1, "{stored:?}");
        app.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn voicemail_survives_a_caller_who_hangs_up_at_any_time() {
    for millis in (0..14_000).step_by(700) {
        let fake = Fake::builder().seed(millis).start();
        let app = tokio::spawn(App::new(fake.client(), "voicemail").serve(voicemail::leave_message));
        let mut caller = fake.call("voicemail").from("100").await;
        sleep(Duration::from_millis(millis)).await;
        caller.hangs_up().await;
        fake.assert_clean().await;
        assert!(!app.is_finished());
        app.abort();
    }
}

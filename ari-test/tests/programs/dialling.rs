//! The examples `click_to_dial` and `dialer`.

use ari_app::Placed;
use ari_test::Fake;

use crate::{Running, SECOND, on_seeds};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/click_to_dial.rs"]
mod click_to_dial;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/dialer.rs"]
mod dialer;

#[tokio::test(start_paused = true)]
async fn click_to_dial_connects_two_phones() {
    on_seeds(async |fake: Fake| {
        let app = Running::start(&fake, "click-to-dial", click_to_dial::connect).await;
        let mut alice = fake.phone("PJSIP/alice").answers_after(SECOND);
        fake.phone("PJSIP/bob").answers_after(2 * SECOND).hangs_up_after(10 * SECOND);
        let placed = app.outgoing.dial("PJSIP/alice").args("PJSIP/bob").await.unwrap();
        assert!(matches!(placed, Placed::Answered(_)), "{placed:?}");
        drop(placed);
        let mut alice = alice.rung().await;
        alice.waits_for("moh").await;
        assert_eq!(alice.ended().await, 16);
        app.ended_well(1).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn click_to_dial_gives_the_reason_as_the_cause() {
    on_seeds(async |fake: Fake| {
        let app = Running::start(&fake, "click-to-dial", click_to_dial::connect).await;
        fake.phone("PJSIP/busy").busy();
        fake.phone("PJSIP/rings").rings_only();
        for (second, cause) in [("PJSIP/busy", 17), ("PJSIP/rings", 19), ("PJSIP/nobody", 1)] {
            let mut alice = fake.phone("PJSIP/alice").answers_after(SECOND);
            let placed = app.outgoing.dial("PJSIP/alice").args(second).await.unwrap();
            drop(placed);
            assert_eq!(alice.rung().await.ended().await, cause, "{second}");
        }
        app.ended_well(3).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dialer_reports_each_outcome() {
    on_seeds(async |fake: Fake| {
        let app = Running::start(&fake, "dialer", dialer::play).await;
        fake.phone("PJSIP/busy").busy();
        fake.phone("PJSIP/rings").rings_only();
        let mut alice = fake.phone("PJSIP/alice").answers_after(3 * SECOND);
        let endpoints = ["PJSIP/busy", "PJSIP/alice", "PJSIP/rings", "PJSIP/nobody"].map(str::to_owned);
        let outcomes = dialer::dial_all(&app.outgoing, &endpoints, 5 * SECOND).await.unwrap();
        let outcomes: Vec<_> = outcomes.iter().map(|(_, outcome)| *outcome).collect();
        assert_eq!(outcomes, ["busy", "answered", "no answer", "not reached"]);
        assert_eq!(alice.rung().await.heard(), ["sound:hello-world"]);
        app.ended_well(1).await;
    })
    .await;
}

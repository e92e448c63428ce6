//! A load keeps account of everything.

use std::time::Duration;

use ari_bindings::Client;
use ari_tests::{Answer, Load, Loopback, Wire};

const HOLD: Duration = Duration::from_millis(1);

#[tokio::test]
async fn calls_that_are_refused_are_in_the_ledger_and_are_not_hung_up() {
    let server = Loopback::replaying(500, [].into_iter(), r#"{"message":"no"}"#).await;
    let wire = Wire::to_url(server.client().base_url());
    let client = Client::builder(wire.url(server.client().base_url())).build().unwrap();
    let load = Load::start(&client, "app", 1000, HOLD);
    wire.until(|counts| counts.made >= 5).await;
    let ledger = load.stop().await;
    assert!(ledger.calls.len() >= 5);
    assert!(ledger.calls.is_sorted_by_key(|call| call.asked));
    for call in &ledger.calls {
        assert_eq!(call.made.error().and_then(ari_bindings::Error::status), Some(500), "{call:?}");
        assert!(call.hangup.is_none());
    }
    assert_eq!((ledger.made().count(), ledger.left().count()), (0, 0));
}

#[tokio::test]
async fn what_is_not_known_may_be_left() {
    let wire = Wire::to_url("http://127.0.0.1:9");
    wire.black_hole().await;
    let client = Client::builder(wire.url("http://127.0.0.1:9/ari")).build().unwrap();
    let load = Load::start(&client, "app", 1000, HOLD);
    wire.until(|counts| counts.open >= 5).await;
    // In this order, or a new connection may be neither cut nor refused.
    wire.refuse().await;
    wire.cut().await;
    let ledger = load.stop().await;
    let unknown = ledger.calls.iter().filter(|call| matches!(call.made, Answer::Unknown(_))).count();
    assert!(unknown >= 5, "{ledger:?}");
    assert_eq!(ledger.left().count(), unknown);
}

//! The example `click_to_dial`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "an example is a separate program")]
#[path = "../../../../ari-bindings/examples/click_to_dial.rs"]
mod example;

use ari_bindings::values::HangupReason;
use ari_bindings::{Client, Error, Event};
use ari_e2e::{Recorder, Server, on_each_server, unique};
use tokio::task::JoinHandle;

use self::example::{Outcome, Wish};
use super::listen;

/// Runs the example.
fn dial(ari: &Client, first: &str, second: &str, ring_seconds: i64) -> JoinHandle<Result<Outcome, Error>> {
    let ari = ari.clone();
    let endpoint = |named: &str| if named.contains('/') { named.to_owned() } else { format!("Local/{named}@default") };
    let wish = Wish { app: unique("dial"), first: endpoint(first), second: endpoint(second), ring_seconds };
    tokio::spawn(async move {
        let mut events = ari.events([&wish.app]).resync(true).await?;
        let outcome = example::connect(&ari, &mut events, wish).await;
        events.close().await;
        outcome
    })
}

/// The first party's phone, controlled by the test.
struct Phone {
    ari: Client,
    watch: Recorder,
    id: String,
    dialling: JoinHandle<Result<Outcome, Error>>,
}

impl Phone {
    /// Waits until the phone rings, and answers.
    async fn answered(server: &Server, second: &str, ring_seconds: i64) -> Self {
        let (ari, app) = (server.client(), unique("phone"));
        let mut watch = Recorder::open(&ari, &app).await;
        let dialling = dial(&ari, &format!("stasis-{app}"), second, ring_seconds);
        let Event::StasisStart(start) = watch.until_kind("StasisStart").await else { unreachable!() };
        let phone = ari.channel(&start.channel);
        listen(phone.clone()).await;
        phone.answer().await.unwrap();
        Self { ari, watch, id: start.channel.id.into_string(), dialling }
    }

    async fn until_audio(&mut self) {
        self.watch.until_channel("ChannelTalkingStarted", &self.id).await;
    }

    /// Hangs up, and returns the example's outcome.
    async fn hang_up(self) -> Outcome {
        self.ari.channel(&self.id).hangup().await.unwrap();
        self.end().await
    }

    async fn end(mut self) -> Outcome {
        self.watch.until_channel("StasisEnd", &self.id).await;
        self.watch.close().await;
        self.dialling.await.unwrap().unwrap()
    }

    /// The cause with which the example hung up the first party.
    async fn cause(&mut self) -> Option<i64> {
        let Event::ChannelHangupRequest(hangup) = self.watch.until_channel("ChannelHangupRequest", &self.id).await
        else {
            unreachable!()
        };
        hangup.cause
    }
}

#[tokio::test]
async fn both_parties_are_connected() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "talk", 10).await;
        first.until_audio().await;
        assert_eq!(first.hang_up().await, Outcome::Talked);
    })
    .await;
}

#[tokio::test]
async fn first_party_receives_ringing() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "ring", 10).await;
        first.until_audio().await;
        assert_eq!(first.hang_up().await, Outcome::GivenUp);
    })
    .await;
}

#[tokio::test]
async fn first_party_receives_early_media() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "early", 10).await;
        first.until_audio().await;
        assert_eq!(first.hang_up().await, Outcome::GivenUp);
    })
    .await;
}

#[tokio::test]
async fn second_party_is_busy() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "busy", 10).await;
        assert_eq!(first.cause().await, Some(17));
        assert_eq!(first.end().await, Outcome::SecondUnreachable(HangupReason::Busy));
    })
    .await;
}

#[tokio::test]
async fn missing_second_party_is_reported() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "fail", 10).await;
        assert_eq!(first.cause().await, Some(1));
        assert_eq!(first.end().await, Outcome::SecondUnreachable(HangupReason::Unallocated));
    })
    .await;
}

#[tokio::test]
async fn unknown_second_endpoint_is_reported() {
    on_each_server(|server: Server| async move {
        for nobody in ["NoTech/nobody", "/"] {
            let mut first = Phone::answered(&server, nobody, 10).await;
            assert_eq!(first.cause().await, Some(1));
            assert_eq!(first.end().await, Outcome::SecondUnreachable(HangupReason::Unallocated));
        }
    })
    .await;
}

#[tokio::test]
async fn second_party_does_not_answer() {
    on_each_server(|server: Server| async move {
        let mut first = Phone::answered(&server, "ring", 1).await;
        assert_eq!(first.cause().await, Some(19));
        assert_eq!(first.end().await, Outcome::SecondUnreachable(HangupReason::NoAnswer));
    })
    .await;
}

#[tokio::test]
async fn first_party_does_not_answer() {
    on_each_server(|server: Server| async move {
        let ari = server.client();
        let dialling = [dial(&ari, "busy", "talk", 10), dial(&ari, "ring", "talk", 1), dial(&ari, "fail", "talk", 10)];
        let mut outcomes = Vec::new();
        for dialling in dialling {
            outcomes.push(dialling.await.unwrap().unwrap());
        }
        assert_eq!(
            outcomes,
            [
                Outcome::FirstUnreachable(HangupReason::Busy),
                Outcome::FirstUnreachable(HangupReason::NoAnswer),
                Outcome::FirstUnreachable(HangupReason::Unallocated),
            ]
        );
    })
    .await;
}

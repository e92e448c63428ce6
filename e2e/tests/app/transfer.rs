//! Channels that take the place of others: a transfer by the phone, and a pickup.

use ari_app::{Call, CallError, Dialed};
use ari_bindings::Event;
use ari_e2e::{Phone, Server, on_each_server};

use crate::caller::{Caller, Running, notes};

/// Dials somebody who answers, and connects both.
async fn connect(call: &Call, endpoint: &str, on_answer: impl FnOnce(String)) -> Result<(), CallError> {
    call.answer().await?;
    let Dialed::Answered(leg) = call.dial(endpoint).await? else { panic!("it answers") };
    on_answer(leg.channel().channel_id().to_string());
    call.bridge(leg).until_hangup().await?;
    Ok(())
}

#[tokio::test]
async fn blind_transfer_by_the_phone_keeps_the_call() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                let mut events = call.events();
                let replaced = async {
                    while !matches!(&*events.recv().await.unwrap(), Event::StasisStart(start) if start.replace_channel.is_some()) {}
                    notes.add("transferred");
                };
                let (connected, ()) = tokio::join!(connect(&call, "Local/wait@default", |leg| notes.add(leg)), replaced);
                connected?;
                notes.add(call.channel().channel_id().as_str() == call.id());
                notes.add(call.end());
                Ok(())
            }
        })
        .await;
        let phone = tokio::spawn(Phone::calling(&server, "refer", &format!("stasis-{}", app.name)).call());
        let leg: String = report.next().await.trim_matches('"').to_owned();
        assert_eq!(report.next().await, r#""transferred""#);
        phone.await.unwrap();
        app.ari.channel(&*leg).hangup().await.unwrap();
        assert_eq!(report.next().await, "false");
        assert_eq!(report.next().await, "None");
        assert_eq!(app.summary().await.failure, None);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn pickup_answers_the_dialled_leg() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                let mut events = call.events();
                let ringing = async {
                    while !matches!(&*events.recv().await.unwrap(), Event::Dial(dial) if dial.dialstatus == "RINGING") {
                    }
                    notes.add("ringing");
                };
                let connect = connect(&call, "Local/picked-up@default", |leg| notes.add(leg));
                tokio::join!(connect, ringing).0
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#""ringing""#);
        let picker = Caller::through(&server, "pickup", 102).await;
        let leg: String = report.next().await.trim_matches('"').to_owned();
        assert!(!leg.starts_with(&app.prefix), "{leg}: that of the one who picked up");
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 1));
        picker.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

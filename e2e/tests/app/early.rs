//! `dial(…).early_media()`.

use std::future::{IntoFuture as _, pending};
use std::time::{Duration, Instant};

use ari_app::{Call, CallError, Dialed};
use ari_bindings::Event;
use ari_bindings::values::Spy;
use ari_e2e::{Phone, Route, Server, eventually};

use crate::running::{Running, serve_over_http};

const SECOND: Duration = Duration::from_secs(1);

/// Waits until speech is sent to the caller.
async fn hears_speech(call: &Call) -> Result<(), CallError> {
    let mut events = call.events();
    let ear = call.snoop(call.channel().channel_id()).spy(Spy::Out).await?.expect("the channel is up");
    ear.channel().set_channel_var("TALK_DETECT(set)").value("").await.unwrap();
    while !matches!(*events.recv().await.unwrap(), Event::ChannelTalkingStarted(_)) {}
    Ok(())
}

/// A phone that hears an announcement, is not answered, and gives up.
#[tokio::test]
async fn caller_hears_early_media_before_the_answer() {
    serve_over_http(
        |call: Call, notes| async move {
            let heard = async {
                hears_speech(&call).await?;
                notes.add("heard");
                pending().await
            };
            let dial = call.dial("Local/early@default").early_media().into_future();
            tokio::select! {
                dialed = dial => dialed.map(drop),
                heard = heard => heard,
            }
        },
        |app| async move {
            let phone = Phone::calling(&app.server, "early", &format!("stasis-{}", app.name)).call();
            let ((), heard) = tokio::join!(phone, app.note());
            assert_eq!(heard, r#""heard""#);
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.talked, summary.legs), (None, None, 1));
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn early_media_reports_each_outcome() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            let name = |dialed| match dialed {
                Dialed::Answered(_) => "answered".to_owned(),
                Dialed::Busy => "busy".to_owned(),
                Dialed::NoAnswer => "no answer".to_owned(),
                // Whether Asterisk 16 gives the cause of the endpoint is a matter of luck.
                Dialed::Failed { .. } => "failed".to_owned(),
                _ => "unknown".to_owned(),
            };
            let begun = Instant::now();
            notes.add(name(call.dial("Local/busy@default").early_media().await?));
            notes.add(begun.elapsed() < Duration::from_secs(10));
            notes.add(name(call.dial("Local/fail@default").early_media().await?));
            notes.add(name(call.dial("PJSIP/nobody").early_media().await?));
            notes.add(name(call.dial("Local/early@default").timeout(SECOND).early_media().await?));
            let hunt = ["Local/busy@default", "Local/wait@default"];
            notes.add(name(call.dial(hunt).one_by_one().early_media().await?));
            notes.add(call.dial(hunt).early_media().await.unwrap_err().to_string());
            let both = call.dial("Local/wait@default").early_media().music_on_hold();
            notes.add(both.await.unwrap_err().to_string());
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            for expected in ["busy", "true", "failed", "failed", "no answer", "answered"] {
                assert_eq!(app.note().await.trim_matches('"'), expected);
            }
            assert!(app.note().await.contains("one_by_one"));
            assert!(app.note().await.contains("music"));
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn leg_with_early_media_shows_the_caller_id_and_talks() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            for caller_id in ["", "Bob <555>"] {
                let mut dial = call.dial("Local/wait@default").early_media().variable("COLOUR", "blue");
                if !caller_id.is_empty() {
                    dial = dial.caller_id(caller_id);
                }
                let Dialed::Answered(leg) = dial.await? else { panic!("it answers") };
                let far = call.client().channel(format!("{};2", leg.channel().channel_id()));
                notes.add(far.get().await.unwrap().caller.number);
                notes.add(leg.channel().get_channel_var("COLOUR").await.unwrap().value);
                notes.add(leg.channel().channel_id());
                notes.add(call.bridge(leg).until_hangup().await?.reason);
            }
            Ok(())
        },
        |app| async move {
            let caller = app.numbered(107).await;
            for number in ["107", "555"] {
                assert_eq!(app.note().await, format!("{number:?}"));
                assert_eq!(app.note().await, r#""blue""#);
                let leg = app.noted_id().await;
                eventually(|| async {
                    let bridges = app.ari.bridges().list().await.unwrap();
                    let own = bridges.iter().filter(|bridge| bridge.id.as_str().starts_with(&app.prefix));
                    let joined = own.map(|bridge| bridge.channels.len()).collect::<Vec<_>>();
                    joined == [2]
                })
                .await;
                app.ari.channel(&*leg).hangup().await.unwrap();
                assert_eq!(app.note().await, "HungUp");
            }
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

/// Callers whose handlers give up after a moment, each after another.
#[tokio::test]
async fn dropped_early_media_leaves_nothing() {
    // Asterisk 16 sometimes never removes a bridge that is destroyed while channels are being added.
    let server = Server::of("22");
    let app = Running::start(&server, Route::Http, |call: Call, _| async move {
        call.answer().await?;
        let moment = Duration::from_millis(call.caller_number().parse().unwrap());
        let dial = call.dial("Local/early@default").early_media().into_future();
        drop(tokio::time::timeout(moment, dial).await);
        call.ask("sound:beep").timeout(20 * SECOND).await.map(drop)
    })
    .await;
    let mut callers = Vec::new();
    for milliseconds in [1, 2, 5, 10, 20, 50, 100, 500] {
        callers.push(app.numbered(milliseconds).await);
    }
    app.until_legs(0).await;
    eventually(|| async {
        let bridges = app.ari.bridges().list().await.unwrap();
        !bridges.iter().any(|bridge| bridge.id.as_str().starts_with(&app.prefix))
    })
    .await;
    for caller in callers {
        caller.presses("1").await;
        caller.waits_for_hangup().await;
    }
    app.end().await;
}

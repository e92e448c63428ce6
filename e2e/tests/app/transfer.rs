//! Channels that take the place of others: a transfer by the phone, and a pickup.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::{Call, CallError, Dialed, Placed, Talked, Transferred};
use ari_bindings::Event;
use ari_e2e::{Phone, Route, Server, eventually, on_each_server};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::caller::Caller;
use crate::examples::{click_to_dial, transfer};
use crate::phone_transfer::until_talking;
use crate::running::{Running, serve};

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
    serve(
        |call, notes| async move {
            let mut events = call.events();
            let replaced = async {
                let is_transfer = |event: &Event| match event {
                    Event::StasisStart(start) => start.replace_channel.is_some(),
                    _ => false,
                };
                while !is_transfer(&events.recv().await.unwrap()) {}
                notes.add("transferred");
            };
            let (connected, ()) = tokio::join!(connect(&call, "Local/wait@default", |leg| notes.add(leg)), replaced);
            connected?;
            notes.add(call.channel().channel_id().as_str() == call.id());
            notes.add(call.end());
            Ok(())
        },
        |app| async move {
            let phone = tokio::spawn(Phone::calling(&app.server, "refer", &format!("stasis-{}", app.name)).call());
            let leg = app.noted_id().await;
            assert_eq!(app.note().await, r#""transferred""#);
            phone.await.unwrap();
            app.ari.channel(&*leg).hangup().await.unwrap();
            assert_eq!(app.note().await, "false");
            assert_eq!(app.note().await, "None");
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

/// Held while `picked-up` rings: the extension `pickup` takes any call to it.
static PICKUP: Mutex<()> = Mutex::const_new(());

#[tokio::test]
async fn pickup_answers_the_dialled_leg() {
    serve(
        |call, notes| async move {
            let mut events = call.events();
            let ringing = async {
                while !matches!(&*events.recv().await.unwrap(), Event::Dial(dial) if dial.dialstatus == "RINGING") {}
                notes.add("ringing");
            };
            let connect = connect(&call, "Local/picked-up@default", |leg| notes.add(leg));
            tokio::join!(connect, ringing).0
        },
        |app| async move {
            let _alone = PICKUP.lock().await;
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""ringing""#);
            let picker = Caller::through(&app.server, "pickup", 102).await;
            let leg = app.noted_id().await;
            assert!(!leg.starts_with(&app.prefix), "{leg}: that of the one who picked up");
            caller.hangs_up().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.legs), (None, 1));
            picker.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

/// Waits for the conversation of an agent with another leg; returns that.
async fn consultation(app: &Running, agent: &str) -> String {
    let is_leg = |id: &str| id.starts_with(&app.prefix) && id != agent;
    let other = || async {
        let bridges = app.bridges().await.into_iter().map(|(_, channels)| channels);
        let mut talks = bridges.filter(|ids| ids.len() == 2 && ids.iter().any(|id| id == agent));
        talks.next()?.into_iter().find(|id| is_leg(id))
    };
    eventually(|| async { other().await.is_some() }).await;
    other().await.unwrap()
}

#[tokio::test]
async fn leg_transfers_the_caller_after_a_consultation() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            // It presses keys a second after the answer.
            let Dialed::Answered(agent) = call.dial("Local/dtmf@default").await? else { panic!("it answers") };
            notes.add(agent.channel().channel_id());
            let Talked::Key(key, agent) = call.bridge(agent).until_key("#*").await? else { panic!("it presses") };
            notes.add(key);
            let busy = call.transfer(agent, "Local/busy@default").await?;
            let Transferred::Back(agent) = busy else { panic!("{busy:?}") };
            let declined = call.transfer(agent, "Local/wait@default").await?;
            let Transferred::Back(agent) = declined else { panic!("{declined:?}") };
            notes.add("back");
            let given = call.transfer(agent, "Local/wait@default").await?;
            let Transferred::To(expert) = given else { panic!("{given:?}") };
            notes.add(expert.channel().channel_id());
            call.bridge(expert).until_hangup().await?;
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            let agent = app.noted_id().await;
            assert_eq!(app.note().await, "'#'");
            let declining = consultation(&app, &agent).await;
            app.ari.channel(&*declining).hangup().await.unwrap();
            assert_eq!(app.note().await, r#""back""#);
            let expert = consultation(&app, &agent).await;
            app.ari.channel(&*agent).hangup().await.unwrap();
            assert_eq!(app.noted_id().await, expert);
            app.until_legs(1).await;
            caller.hangs_up().await;
            let summary = app.summary().await;
            assert_eq!((summary.failure, summary.legs), (None, 4));
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn transfer_goes_on_without_the_leg_and_ends_with_the_caller() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            for endpoint in ["Local/wait@default", "Local/ring@default"] {
                let Dialed::Answered(agent) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                agent.hangup().await?;
                let transferred = call.transfer(agent, endpoint).timeout(Duration::from_secs(1)).await?;
                notes.add(match transferred {
                    Transferred::To(leg) => {
                        leg.hangup().await?;
                        "to"
                    }
                    Transferred::Back(_) => "back",
                    _ => "nobody",
                });
            }
            let Dialed::Answered(agent) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            notes.add(agent.channel().channel_id());
            call.transfer(agent, "Local/wait@default").await?;
            unreachable!("the caller hangs up")
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""to""#);
            assert_eq!(app.note().await, r#""nobody""#);
            let agent = app.noted_id().await;
            consultation(&app, &agent).await;
            caller.hangs_up().await;
            app.ended_well(1).await;
            app.until_legs(0).await;
            app.end().await;
        },
    )
    .await;
}

/// The caller or the leg hangs up after the first, the second, … event of a transfer, or its future is dropped then.
#[tokio::test]
async fn a_hangup_after_any_event_of_a_transfer_leaves_nothing() {
    const MOST: usize = 36;
    const QUIET: Duration = Duration::from_secs(2);
    serve(
        |call, _| async move {
            let nth: usize = call.caller_number().parse().unwrap_or(MOST);
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            let mut events = call.events();
            let counted = async {
                for _ in 0..nth / 3 {
                    if !matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {
                        break;
                    }
                }
            };
            let transfer = call.transfer(leg.clone(), ["Local/wait@default", "Local/ring@default"]).into_future();
            if nth % 3 == 2 {
                tokio::select! {
                    biased;
                    transferred = transfer => drop(transferred?),
                    () = counted => {}
                }
                // What was dropped ends without the end of the call, which would end it, too.
                leg.ended().await?;
                call.detach();
                return call.hangup().await;
            }
            let hangup = async {
                counted.await;
                if nth % 3 == 0 { call.hangup().await } else { leg.hangup().await }
            };
            let (transferred, hung_up) = tokio::join!(transfer, hangup);
            hung_up?;
            match transferred? {
                Transferred::To(_) | Transferred::Nobody => Ok(()),
                other => panic!("{other:?}"),
            }
        },
        |app| async move {
            let mut callers = Vec::new();
            for nth in 0..MOST {
                callers.push(app.dialling(nth).await);
            }
            for caller in callers {
                caller.waits_for_hangup().await;
                app.ended_well(1).await;
            }
            app.assert_clean().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn picked_up_calls_go_on_with_the_one_who_picked_up() {
    on_each_server(|server: Server| async move {
        let _alone = PICKUP.lock().await;
        let is_ringing = |app: &Running| {
            let (ari, prefix) = (app.ari.clone(), app.prefix.clone());
            async move {
                let channels = ari.channels().list().await.unwrap();
                channels.iter().any(|one| one.id.as_str().starts_with(&prefix) && one.state.as_str() == "Ringing")
            }
        };
        // The agent of `transfer`.
        let app =
            Running::start(&server, Route::Http, |call, _| async { transfer::connect(call, "picked-up").await }).await;
        let mut caller = app.dialling(100).await;
        eventually(|| is_ringing(&app)).await;
        let picker = Caller::through(&server, "pickup", 102).await;
        caller.is_answered().await;
        until_talking(&app, |pair| !pair.iter().any(|id| id.starts_with(&app.prefix))).await;
        caller.hangs_up().await;
        picker.waits_for_hangup().await;
        app.ended_well(1).await;
        app.end().await;
        // The first party of `click_to_dial`: an outgoing call.
        let app = Running::start(&server, Route::Http, |call, _| click_to_dial::connect(call)).await;
        let outgoing = app.outgoing.clone();
        let placed = tokio::spawn(async move {
            outgoing.dial("Local/picked-up@default").args("Local/wait@default").timeout(Duration::from_secs(10)).await
        });
        eventually(|| is_ringing(&app)).await;
        let picker = Caller::through(&server, "pickup", 102).await;
        let placed = placed.await.unwrap();
        let Ok(Placed::Answered(call)) = placed else { panic!("{placed:?}") };
        assert!(!call.id().starts_with(&app.prefix), "{call:?}");
        assert!(call.is_outgoing());
        until_talking(&app, |pair| pair.contains(&call.id().to_owned())).await;
        picker.hangs_up().await;
        app.ended_well(1).await;
        app.end().await;
    })
    .await;
}

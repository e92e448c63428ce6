//! Channels that take the place of others: a transfer by the phone, and a pickup.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::{Call, CallError, Dialed, Talked, Transferred};
use ari_bindings::Event;
use ari_bindings::ids::ChannelId;
use ari_e2e::{Phone, Server, eventually, on_each_server};
use tokio::time::timeout;

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

/// Waits for the conversation of an agent with another leg; returns that.
async fn consultation(app: &Running, agent: &str) -> String {
    let is_leg = |id: &str| id.starts_with(&app.prefix) && id != agent;
    let other = || async {
        let bridges = app.ari.bridges().list().await.unwrap();
        let mut ids = bridges.iter().map(|bridge| bridge.channels.iter().map(ChannelId::as_str).collect::<Vec<_>>());
        let parties = ids.find(|ids| ids.len() == 2 && ids.contains(&agent))?;
        parties.into_iter().find(|id| is_leg(id)).map(str::to_owned)
    };
    eventually(|| async { other().await.is_some() }).await;
    other().await.unwrap()
}

#[tokio::test]
async fn leg_transfers_the_caller_after_a_consultation() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
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
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        let id = |note: String| note.split('"').nth(1).unwrap().to_owned();
        let agent = id(report.next().await);
        assert_eq!(report.next().await, "'#'");
        let declining = consultation(&app, &agent).await;
        app.ari.channel(&*declining).hangup().await.unwrap();
        assert_eq!(report.next().await, r#""back""#);
        let expert = consultation(&app, &agent).await;
        app.ari.channel(&*agent).hangup().await.unwrap();
        assert_eq!(id(report.next().await), expert);
        app.until_legs(1).await;
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 4));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn transfer_goes_on_without_the_leg_and_ends_with_the_caller() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
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
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#""to""#);
        assert_eq!(report.next().await, r#""nobody""#);
        let agent = report.next().await.split('"').nth(1).unwrap().to_owned();
        consultation(&app, &agent).await;
        caller.hangs_up().await;
        assert_eq!(app.summary().await.failure, None);
        app.until_legs(0).await;
        app.end().await;
    })
    .await;
}

/// The caller or the leg hangs up after the first, the second, … event of a transfer, or its future is dropped then.
#[tokio::test]
async fn a_hangup_after_any_event_of_a_transfer_leaves_nothing() {
    const MOST: usize = 36;
    const QUIET: Duration = Duration::from_secs(2);
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
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
                // What was dropped ends although the call goes on.
                leg.ended().await?;
                return call.sleep(Duration::from_secs(1)).await;
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
        })
        .await;
        let mut callers = Vec::new();
        for nth in 0..MOST {
            callers.push(Caller::dialling(&server, &app.name, nth).await);
        }
        for caller in callers {
            caller.waits_for_hangup().await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None, "{summary:?}");
        }
        app.assert_clean().await;
        app.end().await;
    })
    .await;
}

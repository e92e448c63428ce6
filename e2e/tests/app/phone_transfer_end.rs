//! Parties who hang up in the middle of a transfer that a phone has asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ari_app::{Call, CallError, Dialed, Leg, Talked};
use ari_bindings::Event;
use ari_e2e::{Route, Server, SipPhone, on_each_route};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::phone_transfer::{pair, perform, programs_transfer, transfers_away, until_talking, where_programs_transfer};
use crate::running::Running;

const MOST: usize = 45;
const QUIET: Duration = Duration::from_secs(2);

/// Talks to a leg, and performs its transfer.
async fn talk(call: &Call, leg: Leg) -> Result<(), CallError> {
    if let Talked::Transfer(transfer) = call.bridge(leg).until_transfer().await? {
        let next = perform(call, transfer).await?;
        call.bridge(next).until_hangup().await?;
    }
    Ok(())
}

/// Has the phone ask for a transfer as soon as the two talk.
async fn once_connected(call: &Call, ask: Arc<Notify>) {
    let mut events = call.events();
    for _ in 0..2 {
        while !matches!(events.recv().await.as_deref(), Ok(Event::ChannelEnteredBridge(_)) | Err(_)) {}
    }
    ask.notify_one();
}

/// The caller or the phone hangs up after the first, the second, … event, or the future is dropped then.
async fn disturb(call: Call, endpoint: String, ask: Arc<Notify>) -> Result<(), CallError> {
    let nth: usize = call.caller_number().parse().unwrap_or(MOST);
    call.answer().await?;
    let Dialed::Answered(leg) = call.dial(endpoint).await? else { panic!("it answers") };
    let mut events = call.events();
    let counted = async {
        for _ in 0..nth / 3 {
            if !matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {
                break;
            }
        }
    };
    let work = async { tokio::join!(talk(&call, leg.clone()), once_connected(&call, ask)).0 };
    if nth % 3 == 2 {
        tokio::select! {
            biased;
            talked = work => talked?,
            () = counted => {}
        }
        // The transfer is refused, and the leg is there unless it was being connected.
        return call.say("sound:beep").await.map(drop);
    }
    let hangup = async {
        counted.await;
        if nth % 3 == 1 {
            leg.hangup().await?;
            drop(timeout(QUIET, leg.ended()).await);
        }
        call.hangup().await
    };
    let (talked, hung_up) = tokio::join!(work, hangup);
    talked.and(hung_up)
}

/// Answers, and transfers its party when it is asked to; counts the transfers that were accepted.
async fn phone(phone: SipPhone, ask: Arc<Notify>, accepted: Arc<AtomicUsize>) {
    let mut dialog = phone.answer().await.unwrap();
    phone.answering(ask.notified()).await;
    // It may have been hung up already.
    if let Ok(202) = phone.refer(&mut dialog, &phone.address("wait")).await {
        accepted.fetch_add(1, Ordering::Relaxed);
    }
    phone.answering(std::future::pending::<()>()).await;
}

#[tokio::test]
async fn a_hangup_after_any_event_of_a_phone_transfer_leaves_nothing() {
    on_each_route(|server: Server, route: Route| async move {
        if !programs_transfer(&server) {
            return;
        }
        let (mut phones, mut tasks) = (Vec::new(), tokio::task::JoinSet::new());
        let accepted = Arc::new(AtomicUsize::new(0));
        for _ in 0..MOST {
            let one = SipPhone::open("phone-a", server.get("SIP_PORT")).await.unwrap();
            let ask = Arc::new(Notify::new());
            phones.push((one.endpoint(), Arc::clone(&ask)));
            tasks.spawn(phone(one, ask, Arc::clone(&accepted)));
        }
        let app = Running::start(&server, route, move |call: Call, _| {
            let nth: usize = call.caller_number().parse().unwrap();
            let (endpoint, ask) = phones[nth].clone();
            disturb(call, endpoint, ask)
        })
        .await;
        let mut callers = Vec::new();
        for nth in 0..MOST {
            callers.push(app.dialling(nth).await);
        }
        for caller in callers {
            caller.waits_for_hangup().await;
        }
        app.ended_well(MOST).await;
        app.assert_clean().await;
        app.end().await;
        let accepted = accepted.load(Ordering::Relaxed);
        assert!(accepted >= MOST / 3, "{accepted} transfers of {MOST}");
    })
    .await;
}

#[tokio::test]
async fn asterisk_transfers_again_after_until_transfer_was_dropped() {
    where_programs_transfer(|server: Server| async move {
        let (phone, stop) = (SipPhone::open("phone-a", server.get("SIP_PORT")).await.unwrap(), Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop);
        let app = Running::start(&server, Route::Http, move |call, notes| {
            let stopped = Arc::clone(&stopped);
            async move {
                call.answer().await?;
                let dial = || async { call.dial("Local/wait@default").await };
                let Dialed::Answered(first) = dial().await? else { panic!("it answers") };
                tokio::select! {
                    talked = call.bridge(first).until_transfer() => panic!("{talked:?}"),
                    () = stopped.notified() => {}
                }
                let Dialed::Answered(second) = dial().await? else { panic!("it answers") };
                notes.add(second.channel().channel_id());
                call.bridge(second).until_hangup().await.map(drop)
            }
        })
        .await;
        let dialog = phone.call(&format!("stasis-{}", app.name)).await.unwrap();
        phone.answering(until_talking(&app, |_| true)).await;
        stop.notify_one();
        let leg = phone.answering(app.noted_id()).await;
        phone.answering(until_talking(&app, |pair| pair.contains(&leg))).await;
        let own = pair(&app).await.unwrap().into_iter().find(|id| *id != leg).unwrap();
        transfers_away(&app, &phone, dialog, |pair| pair.contains(&leg) && !pair.contains(&own)).await;
        app.ari.channel(&*leg).hangup().await.unwrap();
        app.ended_well(1).await;
        phone.answering(app.end()).await;
    })
    .await;
}

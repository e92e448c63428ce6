//! Transfers that a SIP phone asks for: performed by Asterisk, and by the program.

use std::future::Future;

use ari_app::{Call, CallError, Dialed, PhoneTransfer, Placed, Talked};
use ari_e2e::{Dialog, Route, Server, SipPhone, eventually, on_each_server};

use crate::caller::Caller;
use crate::examples::{click_to_dial, transfer};
use crate::running::{Notes, Running};

/// The first release that leaves transfers to the program.
const SINCE: u32 = 20;

/// Whether a server leaves transfers to the program.
pub(crate) fn programs_transfer(server: &Server) -> bool {
    server.major() >= SINCE
}

/// Runs a test on the servers that leave transfers to the program.
pub(crate) async fn where_programs_transfer<T, Run>(test: T)
where
    T: Fn(Server) -> Run,
    Run: Future<Output = ()> + Send + 'static,
{
    on_each_server(|server: Server| {
        let run = programs_transfer(&server).then(|| test(server));
        async move {
            if let Some(run) = run {
                run.await;
            }
        }
    })
    .await;
}

async fn phone(server: &Server) -> SipPhone {
    SipPhone::open("phone-a", server.get("SIP_PORT")).await.unwrap()
}

/// The channels of the application's bridge of two; `None` if there is none.
pub(crate) async fn pair(app: &Running) -> Option<Vec<String>> {
    app.bridges().await.into_iter().map(|(_, channels)| channels).find(|channels| channels.len() == 2)
}

/// Waits until two channels of this kind talk.
pub(crate) async fn until_talking(app: &Running, is_meant: impl Fn(&[String]) -> bool) {
    eventually(|| async { pair(app).await.is_some_and(|pair| is_meant(&pair)) }).await;
}

/// Waits until the last report to the phone is this one.
pub(crate) async fn until_reported(phone: &SipPhone, status: u16) {
    eventually(|| async { phone.progress().last() == Some(&status) }).await;
}

/// The phone transfers its party to the echo, which Asterisk performs, and hangs up; a conversation of this kind is left.
pub(crate) async fn transfers_away(
    app: &Running,
    phone: &SipPhone,
    mut dialog: Dialog,
    is_meant: impl Fn(&[String]) -> bool,
) {
    assert_eq!(phone.refer(&mut dialog, &phone.address("echo")).await.unwrap(), 202);
    phone.answering(until_reported(phone, 200)).await;
    phone.answering(until_talking(app, is_meant)).await;
    phone.bye(&mut dialog).await.unwrap();
}

/// Dials a party, and performs the transfers that either phone asks for.
async fn forward(call: Call, party: String, notes: Notes) -> Result<(), CallError> {
    call.answer().await?;
    let Dialed::Answered(mut leg) = call.dial(party).await? else { panic!("it answers") };
    notes.add(leg.channel().channel_id());
    loop {
        let transfer = match call.bridge(leg).until_transfer().await? {
            Talked::Transfer(transfer) => transfer,
            Talked::Ended(end) => break notes.add(end.reason),
            Talked::Key(..) | _ => unreachable!("there are no keys"),
        };
        notes.add((transfer.is_by_caller(), transfer.is_attended(), transfer.destination()));
        leg = perform(&call, transfer).await?;
        notes.add(leg.channel().channel_id());
    }
    notes.add(call.channel().channel_id());
    Ok(())
}

pub(crate) async fn perform(call: &Call, transfer: PhoneTransfer) -> Result<ari_app::Leg, CallError> {
    let target = if transfer.is_attended() {
        transfer.consulted().await?
    } else {
        transfer.progress().await?;
        match call.dial(format!("Local/{}@default", transfer.destination())).await? {
            Dialed::Answered(target) => Some(target),
            _ => None,
        }
    };
    match target {
        Some(target) => transfer.complete(target).await,
        None => transfer.refuse().await,
    }
}

/// Somebody who calls the application and talks to the phone, the channel of which is returned, too.
async fn talk(app: &Running, phone: &SipPhone) -> (Caller, Dialog) {
    let (caller, dialog) = tokio::join!(app.caller(), phone.answer());
    phone.answering(until_talking(app, |_| true)).await;
    (caller, dialog.unwrap())
}

#[tokio::test]
async fn program_performs_the_blind_transfer_of_a_leg() {
    where_programs_transfer(|server: Server| async move {
        let phone = phone(&server).await;
        let endpoint = phone.endpoint();
        let app = Running::start(&server, Route::Http, move |call, notes| forward(call, endpoint.clone(), notes)).await;
        let (caller, mut dialog) = talk(&app, &phone).await;
        let leg = app.noted_id().await;
        // A target that does not answer: the phone has the caller back.
        assert_eq!(phone.refer(&mut dialog, &phone.address("busy")).await.unwrap(), 202);
        assert_eq!(phone.answering(app.note()).await, r#"(false, false, "busy")"#);
        assert_eq!(phone.answering(app.noted_id()).await, leg);
        phone.answering(until_reported(&phone, 603)).await;
        phone.answering(until_talking(&app, |pair| pair.contains(&leg))).await;
        assert_eq!(phone.refer(&mut dialog, &phone.address("wait")).await.unwrap(), 202);
        assert_eq!(phone.answering(app.note()).await, r#"(false, false, "wait")"#);
        let target = phone.answering(app.noted_id()).await;
        phone.answering(until_reported(&phone, 200)).await;
        phone.answering(until_talking(&app, |pair| pair.contains(&target) && !pair.contains(&leg))).await;
        phone.answering(app.until_legs(1)).await;
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 3));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn program_performs_the_blind_transfer_of_the_caller() {
    where_programs_transfer(|server: Server| async move {
        let phone = phone(&server).await;
        let party = "Local/wait@default".to_owned();
        let app = Running::start(&server, Route::Http, move |call, notes| forward(call, party.clone(), notes)).await;
        let mut dialog = phone.call(&format!("stasis-{}", app.name)).await.unwrap();
        let leg = phone.answering(app.noted_id()).await;
        phone.answering(until_talking(&app, |_| true)).await;
        assert_eq!(phone.refer(&mut dialog, &phone.address("echo")).await.unwrap(), 202);
        assert_eq!(phone.answering(app.note()).await, r#"(true, false, "echo")"#);
        assert_eq!(phone.answering(app.noted_id()).await, leg);
        phone.answering(until_reported(&phone, 200)).await;
        phone.answering(app.until_legs(2)).await;
        until_talking(&app, |pair| pair.iter().all(|id| id.starts_with(&app.prefix))).await;
        let caller = pair(&app).await.unwrap().into_iter().find(|id| *id != leg).unwrap();
        app.ari.channel(&*leg).hangup().await.unwrap();
        assert_eq!(app.note().await, "HungUp");
        assert_eq!(app.noted_id().await, caller);
        let summary = app.summary().await;
        assert!(!summary.id.starts_with(&app.prefix), "the call keeps its id: {summary:?}");
        assert_eq!((summary.failure, summary.legs), (None, 2));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn program_performs_an_attended_transfer() {
    where_programs_transfer(|server: Server| async move {
        let phone = phone(&server).await;
        let endpoint = phone.endpoint();
        let app = Running::start(&server, Route::Http, move |call, notes| {
            // The consultation enters with arguments.
            let party = if call.args().is_empty() { endpoint.clone() } else { "Local/wait@default".to_owned() };
            forward(call, party, notes)
        })
        .await;
        let (caller, mut dialog) = talk(&app, &phone).await;
        let leg = app.noted_id().await;
        let consultation = phone.call(&format!("args-{}", app.name)).await.unwrap();
        let expert = phone.answering(app.noted_id()).await;
        let is_expert = |channels: &[String]| channels.len() == 2 && channels.contains(&expert);
        let is_there = || async { app.bridges().await.iter().any(|(_, channels)| is_expert(channels)) };
        phone.answering(eventually(is_there)).await;
        let target = format!("{}?{}", phone.address("any"), consultation.replaces());
        assert_eq!(phone.refer(&mut dialog, &target).await.unwrap(), 202);
        assert_eq!(phone.answering(app.note()).await, r#"(false, true, "any")"#);
        // The consultation ends for its own handler, in either order.
        let mut ends = Vec::new();
        for _ in 0..3 {
            ends.push(phone.answering(app.note()).await);
        }
        assert!(ends.contains(&"Left".to_owned()), "{ends:?}");
        assert!(ends.iter().any(|note| note.contains(&expert)), "{ends:?}");
        phone.answering(until_reported(&phone, 200)).await;
        phone.answering(until_talking(&app, |pair| pair.contains(&expert) && !pair.contains(&leg))).await;
        phone.answering(app.ended_well(1)).await;
        phone.answering(app.until_legs(1)).await;
        caller.hangs_up().await;
        app.ended_well(1).await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dropped_and_late_transfers_are_refused() {
    where_programs_transfer(|server: Server| async move {
        let phone = phone(&server).await;
        let endpoint = phone.endpoint();
        let app = Running::start(&server, Route::Http, move |call, notes| {
            let endpoint = endpoint.clone();
            async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial(endpoint).await? else { panic!("it answers") };
                let channel = leg.channel();
                let talked = call.bridge(leg.clone()).until_transfer().await?;
                notes.add(&talked);
                drop(talked);
                // As if the request had been on its way.
                channel.set_channel_var("PJSIP_TRANSFER_HANDLING()").value("ari-only").await.map_err(CallError::Ari)?;
                call.bridge(leg).until_hangup().await.map(drop)
            }
        })
        .await;
        let (caller, mut dialog) = talk(&app, &phone).await;
        assert_eq!(phone.refer(&mut dialog, &phone.address("wait")).await.unwrap(), 202);
        let transfer = phone.answering(app.note()).await;
        assert!(transfer.contains(r#"destination: "wait""#), "{transfer}");
        phone.answering(until_reported(&phone, 603)).await;
        phone.answering(until_talking(&app, |_| true)).await;
        let reports = phone.progress().len();
        assert_eq!(phone.refer(&mut dialog, &phone.address("wait")).await.unwrap(), 202);
        phone.answering(eventually(|| async { phone.progress().len() > reports })).await;
        phone.answering(until_reported(&phone, 603)).await;
        phone.answering(caller.hangs_up()).await;
        phone.answering(app.end()).await;
    })
    .await;
}

#[tokio::test]
async fn releases_that_transfer_by_themselves_say_so_before_anything_is_sent() {
    on_each_server(|server: Server| async move {
        if programs_transfer(&server) {
            return;
        }
        let app = Running::start(&server, Route::Http, |call, notes| async move {
            call.answer().await?;
            let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
            let refused = call.bridge(leg.clone()).until_transfer().await.unwrap_err();
            notes.add(matches!(refused, CallError::Unsupported { .. }));
            notes.add(refused.to_string());
            call.bridge(leg).until_hangup().await.map(drop)
        })
        .await;
        let caller = app.caller().await;
        assert_eq!(app.note().await, "true");
        let text = app.note().await;
        assert!(text.contains("16.28") && text.contains("22.3.0"), "{text}");
        until_talking(&app, |_| true).await;
        caller.hangs_up().await;
        app.end().await;
    })
    .await;
}

/// Dials a party, and leaves transfers to Asterisk.
async fn connect(call: Call, party: String) -> Result<(), CallError> {
    call.answer().await?;
    let Dialed::Answered(leg) = call.dial(party).await? else { panic!("it answers") };
    call.bridge(leg).until_hangup().await.map(drop)
}

#[tokio::test]
async fn transfer_to_a_dead_extension_leaves_the_call_as_it_is() {
    on_each_server(|server: Server| async move {
        let phone = phone(&server).await;
        let endpoint = phone.endpoint();
        let app = Running::start(&server, Route::Http, move |call, _| connect(call, endpoint.clone())).await;
        let (caller, mut dialog) = talk(&app, &phone).await;
        let before = pair(&app).await;
        let refused = phone.refer(&mut dialog, &phone.address("nowhere")).await.unwrap();
        if refused == 202 {
            phone.answering(until_reported(&phone, 404)).await;
        } else {
            assert_eq!(refused, 404);
        }
        assert_eq!(pair(&app).await, before);
        // And then to one that exists.
        assert_eq!(phone.refer(&mut dialog, &phone.address("wait")).await.unwrap(), 202);
        phone.answering(until_reported(&phone, 200)).await;
        let transferred = before.unwrap();
        phone.answering(until_talking(&app, |pair| pair.iter().any(|id| !transferred.contains(id)))).await;
        // This phone does not hang up.
        phone.answering(caller.hangs_up()).await;
        app.ended_well(1).await;
        phone.answering(app.end()).await;
    })
    .await;
}

#[tokio::test]
async fn attended_transfer_by_asterisk_keeps_both_calls() {
    on_each_server(|server: Server| async move {
        let phone = phone(&server).await;
        let endpoint = phone.endpoint();
        let app = Running::start(&server, Route::Http, move |call, _| {
            let party = if call.args().is_empty() { endpoint.clone() } else { "Local/wait@default".to_owned() };
            connect(call, party)
        })
        .await;
        let (caller, mut dialog) = talk(&app, &phone).await;
        let consultation = phone.call(&format!("args-{}", app.name)).await.unwrap();
        phone.answering(app.until_talks(2)).await;
        let target = format!("{}?{}", phone.address("any"), consultation.replaces());
        assert_eq!(phone.refer(&mut dialog, &target).await.unwrap(), 202);
        phone.answering(until_reported(&phone, 200)).await;
        for mut dialog in [dialog, consultation] {
            phone.bye(&mut dialog).await.unwrap();
        }
        // The two calls are joined by a Local channel that Asterisk has put in the place of the phone.
        phone.answering(app.until_talks(2)).await;
        phone.answering(caller.hangs_up()).await;
        phone.answering(app.ended_well(2)).await;
        phone.answering(app.end()).await;
    })
    .await;
}

#[tokio::test]
async fn examples_survive_the_transfer_of_a_phone() {
    on_each_server(|server: Server| async move {
        // The caller of `transfer` transfers the agent.
        let phone = phone(&server).await;
        let app = Running::start(&server, Route::Http, |call, _| async { transfer::connect(call, "1001").await }).await;
        let dialog = phone.call(&format!("stasis-{}", app.name)).await.unwrap();
        phone.answering(until_talking(&app, |_| true)).await;
        let agent = pair(&app).await.unwrap().into_iter().find(|id| id.starts_with(&app.prefix)).unwrap();
        let phone_id = pair(&app).await.unwrap().into_iter().find(|id| *id != agent).unwrap();
        let is_meant = |pair: &[String]| pair.contains(&agent) && !pair.contains(&phone_id);
        transfers_away(&app, &phone, dialog, is_meant).await;
        app.ari.channel(&*agent).hangup().await.unwrap();
        app.ended_well(1).await;
        phone.answering(app.end()).await;
        // The first party of `click_to_dial` transfers the second.
        let app = Running::start(&server, Route::Http, |call, _| click_to_dial::connect(call)).await;
        let endpoint = phone.endpoint();
        let placed = app.outgoing.dial(&*endpoint).args("Local/wait@default");
        let (placed, dialog) = tokio::join!(async { placed.await }, phone.answer());
        let Ok(Placed::Answered(call)) = placed else { panic!("{placed:?}") };
        let dialog = dialog.unwrap();
        phone.answering(until_talking(&app, |pair| pair.contains(&call.id().to_owned()))).await;
        transfers_away(&app, &phone, dialog, |pair| !pair.contains(&call.id().to_owned())).await;
        assert_eq!(call.end(), None);
        call.channel().hangup().await.unwrap();
        app.ended_well(1).await;
        phone.answering(app.end()).await;
    })
    .await;
}

//! Events that are lost because the connection is.

use std::time::Duration;

use ari_app::{Call, CallError, Dialed, EndReason, Talked};
use ari_bindings::{Client, Event, Events};
use ari_e2e::{Dialog, FaultProxy, Server, SipPhone, eventually, on_each_server, unique};

use crate::phone_transfer::{pair, perform, until_reported, until_talking, where_programs_transfer};
use crate::running::Running;

const SHORT: Duration = Duration::from_millis(500);

/// A client behind a proxy, and its events for an application, whose connection notices a gap soon.
async fn connect(server: &Server, name: &str) -> (FaultProxy, Client, Events) {
    let proxy = FaultProxy::to_url(server.url());
    let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
    let ari = Client::builder(proxy.url(server.url())).credentials(user.0, user.1).build().unwrap();
    let events = ari.events([name]).ping_interval(SHORT).ping_timeout(SHORT).await.unwrap();
    (proxy, ari, events)
}

#[tokio::test]
async fn calls_of_a_gap_are_served_and_ended_ones_noticed() {
    on_each_server(|server: Server| async move {
        let name = unique("app");
        let (proxy, ari, events) = connect(&server, &name).await;
        let (connection, options) = ((ari, events), |app| app);
        let app = Running::over(&server, connection, name, options, |call, notes| async move {
            call.answer().await?;
            notes.add(call.is_resumed());
            call.ended().await;
            Ok(())
        });
        let stays = app.numbered(1).await;
        let goes = app.numbered(2).await;
        for _ in 0..2 {
            assert_eq!(app.note().await, "false");
        }
        // Asterisk takes the connection for a living one, and the application for an active one.
        proxy.half_open().await;
        goes.hangs_up().await;
        let mut comes = app.dialling(3).await;
        eventually(|| async {
            let members = app.ari.application(&*app.name).get().await.unwrap().channel_ids;
            members.iter().any(|id| id.as_str() == format!("{};2", comes.id))
        })
        .await;
        proxy.heal().await;
        let summary = app.summary().await;
        assert_eq!((summary.caller.as_str(), summary.end.unwrap().reason), ("2", EndReason::Gone));
        assert_eq!(app.note().await, "false");
        comes.is_answered().await;
        stays.hangs_up().await;
        comes.hangs_up().await;
        for _ in 0..2 {
            assert_eq!(app.summary().await.end.unwrap().reason, EndReason::HungUp);
        }
        app.end().await;
    })
    .await;
}

/// The id of the playback or the name of the recording that begins next.
async fn begun(call: &Call) -> String {
    let mut events = call.events();
    loop {
        match &*events.recv().await.unwrap() {
            Event::PlaybackStarted(started) => return started.playback.id.to_string(),
            Event::RecordingStarted(started) => return started.recording.name.to_string(),
            _ => {}
        }
    }
}

#[tokio::test]
async fn what_ends_in_a_gap_has_an_unknown_outcome() {
    on_each_server(|server: Server| async move {
        let name = unique("app");
        let (proxy, ari, events) = connect(&server, &name).await;
        let (connection, options) = ((ari, events), |app| app);
        let app = Running::over(&server, connection, name, options, |call: Call, notes| async move {
            call.answer().await?;
            let begun = async { notes.add(begun(&call).await) };
            let outcome = async {
                match call.caller_number() {
                    "1" => Ok::<_, CallError>(format!("{:?}", call.say("sound:demo-congrats").await?)),
                    "2" => Ok(format!("{:?}", call.record(unique("recording")).await?.stopped)),
                    _ => Ok(call.record(unique("recording")).await.unwrap_err().to_string()),
                }
            };
            let (outcome, ()) = tokio::join!(outcome, begun);
            notes.add(outcome?);
            call.ended().await;
            Ok(())
        });
        let direct = server.client();
        let (mut callers, mut names) = (Vec::new(), Vec::new());
        for number in 1..=3 {
            callers.push(app.numbered(number).await);
            names.push(app.note().await.trim_matches('"').to_owned());
        }
        let (playback, stopped) = (direct.playback(&*names[0]), direct.live_recording(&*names[1]));
        let cancelled = direct.live_recording(&*names[2]);
        proxy.half_open().await;
        playback.stop().await.unwrap();
        stopped.stop().await.unwrap();
        cancelled.cancel().await.unwrap();
        eventually(|| async {
            let gone = [
                playback.get().await.err().map(|error| error.is_not_found()),
                stopped.get_live().await.err().map(|error| error.is_not_found()),
                cancelled.get_live().await.err().map(|error| error.is_not_found()),
            ];
            gone == [Some(true); 3]
        })
        .await;
        proxy.heal().await;
        let mut outcomes = vec![app.note().await, app.note().await, app.note().await];
        outcomes.sort();
        assert_eq!(outcomes[..2], [r#""Unknown""#, r#""Unknown""#]);
        assert!(outcomes[2].contains("nothing is stored"), "{outcomes:?}");
        direct.stored_recording(&*names[1]).delete_stored().await.unwrap();
        for caller in callers {
            caller.hangs_up().await;
        }
        app.end().await;
    })
    .await;
}

/// A phone that talks to a party in a call of an application behind a proxy, with the latter's channel.
async fn phone_talks(server: &Server, app: &Running) -> (SipPhone, Dialog, String) {
    let phone = SipPhone::open("phone-a", server.get("SIP_PORT")).await.unwrap();
    let dialog = phone.call(&format!("stasis-{}", app.name)).await.unwrap();
    phone.answering(until_talking(app, |_| true)).await;
    let party = pair(app).await.unwrap().into_iter().find(|id| id.starts_with(&app.prefix)).unwrap();
    (phone, dialog, party)
}

#[tokio::test]
async fn transfer_by_asterisk_in_a_gap_keeps_the_call() {
    on_each_server(|server: Server| async move {
        let name = unique("app");
        let (proxy, ari, events) = connect(&server, &name).await;
        let app = Running::over(
            &server,
            (ari, events),
            name,
            |app| app,
            |call: Call, notes| async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                let replaced = async {
                    eventually(|| async { call.channel().channel_id().as_str() != call.id() }).await;
                    notes.add("replaced");
                };
                let (talked, ()) = tokio::join!(call.bridge(leg).until_hangup(), replaced);
                notes.add((talked?.reason, call.is_resumed()));
                // The channel in the place of the phone hears it.
                notes.add(call.say("sound:beep").await?);
                Ok(())
            },
        );
        let (phone, mut dialog, party) = phone_talks(&server, &app).await;
        proxy.half_open().await;
        let before = pair(&app).await.unwrap();
        assert_eq!(phone.refer(&mut dialog, &phone.address("echo")).await.unwrap(), 202);
        phone.answering(until_reported(&phone, 200)).await;
        phone.bye(&mut dialog).await.unwrap();
        phone.answering(until_talking(&app, |pair| pair.iter().any(|id| !before.contains(id)))).await;
        proxy.heal().await;
        assert_eq!(app.note().await, r#""replaced""#);
        app.ari.channel(&*party).hangup().await.unwrap();
        assert_eq!(app.note().await, "(HungUp, false)");
        assert_eq!(app.note().await, "Finished");
        app.ended_well(1).await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn transfer_that_a_phone_asks_for_in_a_gap_is_refused() {
    where_programs_transfer(|server: Server| async move {
        let name = unique("app");
        let (proxy, ari, events) = connect(&server, &name).await;
        let app = Running::over(
            &server,
            (ari, events),
            name,
            |app| app,
            |call: Call, notes| async move {
                call.answer().await?;
                let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
                let Talked::Transfer(transfer) = call.bridge(leg).until_transfer().await? else { panic!("it asks") };
                notes.add(transfer.destination());
                let leg = perform(&call, transfer).await?;
                call.bridge(leg).until_hangup().await.map(drop)
            },
        );
        let (phone, mut dialog, party) = phone_talks(&server, &app).await;
        proxy.half_open().await;
        assert_eq!(phone.refer(&mut dialog, &phone.address("wait")).await.unwrap(), 202);
        proxy.heal().await;
        phone.answering(until_reported(&phone, 603)).await;
        // It asks again.
        assert_eq!(phone.refer(&mut dialog, &phone.address("echo")).await.unwrap(), 202);
        assert_eq!(phone.answering(app.note()).await, r#""echo""#);
        phone.answering(until_reported(&phone, 200)).await;
        phone.answering(until_talking(&app, |pair| pair.contains(&party))).await;
        app.ari.channel(&*party).hangup().await.unwrap();
        phone.answering(app.ended_well(1)).await;
        phone.answering(app.end()).await;
    })
    .await;
}

//! `conference` and `room`.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::Call;
use ari_e2e::{Server, eventually, on_each_server};
use tokio::time::timeout;

use crate::caller::{Caller, Running, notes};

#[tokio::test]
async fn conference_connects_announces_and_ends_for_each_alone() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let mut app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                match call.caller_number() {
                    "1" => notes.add((1, call.conference("sales").music_while_alone().await?)),
                    "2" => {
                        notes.add((2, call.conference("sales").announce("sound:beep").until("#").await?));
                        notes.add(call.say("sound:beep").await?);
                    }
                    _ => {
                        notes.add(call.conference("").await.unwrap_err().to_string());
                        notes.add(call.room("support").announce("sound:beep").await?);
                        let room = call.room("sales");
                        notes.add((room.count(), room.announce("sound:beep").await?));
                        let members = room.members();
                        room.remove(&members[0]).await?;
                        assert!(!room.remove(&call).await?);
                    }
                }
                Ok(())
            }
        })
        .await;
        let mut first = Caller::numbered(&server, &app.name, 1).await;
        first.channel().set_channel_var("TALK_DETECT(set)").value("").await.unwrap();
        first.watch.until_channel("ChannelTalkingStarted", &first.id).await;
        let second = Caller::numbered(&server, &app.name, 2).await;
        // Without any sound, the end of the music would not be noticed.
        second.channel().start_silence().await.unwrap();
        first.watch.until_channel("ChannelTalkingFinished", &first.id).await;
        let third = Caller::numbered(&server, &app.name, 3).await;
        assert!(report.next().await.contains("`room`"));
        assert_eq!(report.next().await, "None");
        assert_eq!(report.next().await, "(2, Some(Finished))");
        assert_eq!(report.next().await, "(1, Removed)");
        first.waits_for_hangup().await;
        third.waits_for_hangup().await;
        second.presses("5#").await;
        assert_eq!(report.next().await, "(2, Key('#'))");
        assert_eq!(report.next().await, "Finished");
        second.waits_for_hangup().await;
        for _ in 0..3 {
            assert_eq!(app.summary().await.failure, None);
        }
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn callers_who_join_at_once_share_one_bridge_that_ends_with_them() {
    const CALLERS: usize = 8;
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, |call: Call| async move {
            call.answer().await?;
            call.conference("all").music_while_alone().await?;
            Ok(())
        })
        .await;
        let own_bridges = || async {
            let bridges = app.ari.bridges().list().await.unwrap();
            bridges.into_iter().filter(|bridge| bridge.id.as_str().starts_with(&app.prefix)).collect::<Vec<_>>()
        };
        for _ in 0..2 {
            let dial = (0..CALLERS).map(|number| Caller::dialling(&server, &app.name, number));
            let mut callers = futures_util::future::join_all(dial).await;
            eventually(|| async { matches!(&*own_bridges().await, [one] if one.channels.len() == CALLERS) }).await;
            for mut caller in callers.drain(..) {
                caller.is_answered().await;
                caller.hangs_up().await;
            }
            eventually(|| async { own_bridges().await.is_empty() }).await;
        }
        for _ in 0..2 * CALLERS {
            assert_eq!(app.summary().await.failure, None);
        }
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dropped_conference_gives_the_caller_back() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                for millis in [1, 10, 300] {
                    let conference = call.conference("brief").into_future();
                    assert!(timeout(Duration::from_millis(millis), conference).await.is_err());
                }
                notes.add(call.room("brief").count());
                notes.add(call.ask("sound:beep").await?);
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, "0");
        eventually(|| async {
            let bridges = app.ari.bridges().list().await.unwrap();
            !bridges.iter().any(|bridge| bridge.id.as_str().starts_with(&app.prefix))
        })
        .await;
        caller.presses("4").await;
        assert_eq!(report.next().await, r#"Some("4")"#);
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

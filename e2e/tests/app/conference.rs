//! `conference` and `room`.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_e2e::eventually;
use tokio::time::timeout;

use crate::running::serve;

#[tokio::test]
async fn conference_connects_announces_and_ends_for_each_alone() {
    serve(
        |call, notes| async move {
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
        },
        |app| async move {
            let mut first = app.numbered(1).await;
            first.channel().set_channel_var("TALK_DETECT(set)").value("").await.unwrap();
            first.watch.until_channel("ChannelTalkingStarted", &first.id).await;
            let second = app.numbered(2).await;
            // Without any sound, the end of the music would not be noticed.
            second.channel().start_silence().await.unwrap();
            first.watch.until_channel("ChannelTalkingFinished", &first.id).await;
            let third = app.numbered(3).await;
            assert!(app.note().await.contains("`room`"));
            assert_eq!(app.note().await, "None");
            assert_eq!(app.note().await, "(2, Some(Finished))");
            assert_eq!(app.note().await, "(1, Removed)");
            first.waits_for_hangup().await;
            third.waits_for_hangup().await;
            second.presses("5#").await;
            assert_eq!(app.note().await, "(2, Key('#'))");
            assert_eq!(app.note().await, "Finished");
            second.waits_for_hangup().await;
            app.ended_well(3).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn callers_who_join_at_once_share_one_bridge_that_ends_with_them() {
    const CALLERS: usize = 8;
    serve(
        |call, _| async move {
            call.answer().await?;
            call.conference("all").music_while_alone().await?;
            Ok(())
        },
        |app| async move {
            for _ in 0..2 {
                let dial = (0..CALLERS).map(|number| app.dialling(number));
                let mut callers = futures_util::future::join_all(dial).await;
                eventually(|| async { matches!(&*app.bridges().await, [(_, channels)] if channels.len() == CALLERS) })
                    .await;
                for mut caller in callers.drain(..) {
                    caller.is_answered().await;
                    caller.hangs_up().await;
                }
                eventually(|| async { app.bridges().await.is_empty() }).await;
            }
            app.ended_well(2 * CALLERS).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn dropped_conference_gives_the_caller_back() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            for millis in [1, 10, 300] {
                let conference = call.conference("brief").into_future();
                assert!(timeout(Duration::from_millis(millis), conference).await.is_err());
            }
            notes.add(call.room("brief").count());
            notes.add(call.ask("sound:beep").await?);
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, "0");
            eventually(|| async { app.bridges().await.is_empty() }).await;
            caller.presses("4").await;
            assert_eq!(app.note().await, r#"Some("4")"#);
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

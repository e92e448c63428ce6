//! `record`.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::{Call, CallError, Record, Stopped};
use ari_bindings::Event;
use ari_e2e::unique;

use crate::running::{Notes, serve};

/// Records, and makes a note once the recording has started.
async fn noting_start(call: &Call, notes: &Notes, record: Record<'_>) -> Result<Stopped, CallError> {
    let mut events = call.events();
    let started = async {
        while !matches!(*events.recv().await.unwrap(), Event::RecordingStarted(_)) {}
        notes.add("now");
    };
    let (recorded, ()) = tokio::join!(record.into_future(), started);
    Ok(recorded?.stopped)
}

#[tokio::test]
async fn record_reports_why_it_ended() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let first = unique("recording");
            notes.add(noting_start(&call, &notes, call.record(&*first).until('#')).await?);
            notes.add(call.record(unique("recording")).max(Duration::from_secs(1)).await?.stopped);
            notes.add(call.record(&*first).await.unwrap_err().to_string());
            let name = unique("recording");
            let recording = call.record(&*name).max(Duration::from_secs(1)).into_future();
            let (kept, refused) = tokio::join!(recording, call.record(&*name).into_future());
            kept?;
            notes.add(refused.unwrap_err().to_string());
            notes.add(call.record("x").until('5').await.unwrap_err().to_string());
            notes.add(noting_start(&call, &notes, call.record(&*first).overwrite()).await?);
            call.client().stored_recording(&*first).delete_stored().await.unwrap();
            notes.add(call.answer().await.unwrap_err().is_ended());
            Ok(())
        },
        |app| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""now""#);
            caller.presses("#").await;
            assert_eq!(app.note().await, "Key('#')");
            assert_eq!(app.note().await, "Limit");
            assert!(app.note().await.contains("failed"));
            assert!(app.note().await.contains("under way"));
            assert!(app.note().await.contains("`until`"));
            assert_eq!(app.note().await, r#""now""#);
            caller.hangs_up().await;
            assert_eq!(app.note().await, "HungUp");
            assert_eq!(app.note().await, "true");
            app.end().await;
        },
    )
    .await;
}

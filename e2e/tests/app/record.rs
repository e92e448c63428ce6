//! `record`.

use std::future::IntoFuture as _;
use std::time::Duration;

use ari_app::{Call, CallError, Record, Stopped};
use ari_bindings::Event;
use ari_e2e::{Server, on_each_server, unique};

use crate::caller::{Caller, Notes, Running, notes};

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
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
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
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert_eq!(report.next().await, r#""now""#);
        caller.presses("#").await;
        assert_eq!(report.next().await, "Key('#')");
        assert_eq!(report.next().await, "Limit");
        assert!(report.next().await.contains("failed"));
        assert!(report.next().await.contains("under way"));
        assert!(report.next().await.contains("`until`"));
        assert_eq!(report.next().await, r#""now""#);
        caller.hangs_up().await;
        assert_eq!(report.next().await, "HungUp");
        assert_eq!(report.next().await, "true");
        app.end().await;
    })
    .await;
}

//! Asterisk is killed while programs have the sound of calls.

use std::collections::BTreeSet;
use std::time::Duration;

use ari_app::{Call, CallError, EndReason};
use ari_e2e::{Server, unique};
use ari_media::{Audio, MediaConfig, MediaError, Transport};

use crate::alone::alone_on_each_server;
use crate::app::running::{Notes, Running};

/// What the transport that a caller's number says reports of the end.
async fn talk(call: Call, notes: Notes) -> Result<(), CallError> {
    let transport = Transport::ALL[call.caller_number().parse::<usize>().unwrap_or(0)];
    call.answer().await?;
    let media = call.media(MediaConfig::at_rate(8_000)).transport(transport).await?;
    let (sender, mut receiver) = media.split();
    receiver.recv().await?;
    notes.add("talks");
    let hear = async {
        loop {
            match receiver.recv().await {
                Ok(Some(_)) => {}
                Ok(None) => break "the end".to_owned(),
                Err(MediaError::Io(error)) => break error.kind().to_string(),
                Err(error) => break error.to_string(),
            }
        }
    };
    let (played, heard) = tokio::join!(sender.play(Audio::silence(Duration::from_secs(3600))), hear);
    let played = played.is_err_and(|error| error.is_ended());
    notes.add(format!("{transport}: {heard}, playing has ended: {played}"));
    Ok(())
}

async fn killed_under_media(mut server: Server) {
    // Asterisk 16 has RTP alone.
    let (first, ends) = if server.major() >= 22 { (0, 3) } else { (2, 1) };
    let expected: BTreeSet<String> = ["WebSocket: connection reset", "AudioSocket: the end", "RTP: the end"][first..]
        .iter()
        .map(|end| format!("{:?}", format!("{end}, playing has ended: true")))
        .collect();
    let app = Running::with(&server, unique("app"), |app| app, talk).await;
    for number in first..Transport::ALL.len() {
        let request = server.client().channels().originate(format!("Local/stasis-{}@default", app.name));
        request.context("default").extension("tone").caller_id(number.to_string()).await.unwrap();
        assert_eq!(app.note().await, r#""talks""#);
    }
    server.kill().await;
    server.start().await;
    let mut notes = BTreeSet::new();
    for _ in 0..ends {
        let summary = app.summary().await;
        // A medium may end its handler before the restart is known.
        let reason = summary.end.map(|end| end.reason);
        let is_lost = matches!(reason, Some(EndReason::Restarted | EndReason::Disconnected));
        assert!(is_lost, "caller {}: {reason:?}", summary.caller);
        notes.insert(app.note().await);
    }
    assert_eq!(notes, expected, "Asterisk {}", server.release());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_ends_media_with_a_reason_and_leaves_nothing() {
    alone_on_each_server(killed_under_media).await;
}

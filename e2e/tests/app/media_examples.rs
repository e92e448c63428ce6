//! The examples of `ari-app` that carry sound, except for `echo` and `announce`.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/detect_answering_machine.rs"]
mod detect;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/transcribe.rs"]
mod transcribe;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/voice_agent.rs"]
mod voice_agent;

use std::path::PathBuf;
use std::time::Duration;

use ari_app::CallError;
use ari_e2e::{Route, Server, on_each_server, unique};
use ari_media::{Audio, Side, WavRecorder};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::media::{Phone, hears, loudness};
use crate::running::{Running, serve_with};

/// Noise as loud as speech.
fn speech(duration: Duration) -> Audio {
    let mut random = 1_u32;
    let samples = (0..duration.as_millis() * 16).map(|_| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::try_from(random >> 18).unwrap() - 8_192
    });
    Audio::samples(16_000, samples.collect::<Vec<_>>())
}

/// A speech service that answers every utterance with ten seconds of a tone, as fast as it can.
async fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
                let mut heard = 0;
                while let Some(Ok(message)) = socket.next().await {
                    match message {
                        Message::Binary(bytes) => heard += bytes.len(),
                        Message::Text(_) => {
                            let transcript = format!(r#"{{"type":"transcript","text":"{heard} bytes"}}"#);
                            socket.send(Message::text(transcript)).await.unwrap();
                            for _ in 0..100 {
                                let wave = (0..2_400)
                                    .flat_map(|at| (if at / 30 % 2 == 0 { 8_000_i16 } else { -8_000 }).to_le_bytes());
                                socket.send(Message::binary(wave.collect::<Vec<u8>>())).await.unwrap();
                            }
                            socket.send(Message::text(r#"{"type":"done"}"#)).await.unwrap();
                        }
                        _ => {}
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
async fn voice_agent_answers_and_is_interrupted() {
    let service = service().await;
    serve_with(
        move || service.clone(),
        |call, notes, service| async move {
            let ended = voice_agent::talk(call, service, |text| notes.add(text)).await;
            // The end of the call is all that ends it here.
            assert!(ended.is_err_and(|error| error.to_string().contains("ended")));
            Ok(())
        },
        |app, _| async move {
            let (phone, mouth, mut ears) = Phone::calls(&app).await;
            mouth.play(speech(Duration::from_secs(1))).await.unwrap();
            assert!(app.note().await.ends_with(r#" bytes""#));
            hears(&mut ears, true).await;
            // The answer takes ten seconds, unless it is interrupted.
            let interrupted = tokio::time::Instant::now();
            tokio::join!(async { mouth.play(speech(Duration::from_secs(1))).await.unwrap() }, hears(&mut ears, false));
            assert!(interrupted.elapsed() < Duration::from_secs(3), "{:?}", interrupted.elapsed());
            app.note().await;
            hears(&mut ears, true).await;
            phone.hangs_up().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

/// An application that runs the example `transcribe`, its speech service and its file.
async fn transcribing(server: &Server) -> (Running, TcpListener, PathBuf) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, file) = (listener.local_addr().unwrap().to_string(), std::env::temp_dir().join(unique("call")));
    let of_handler = file.clone();
    let app = Running::start(server, Route::Http, move |call, _| {
        let (address, file) = (address.clone(), of_handler.clone());
        async move {
            let done = transcribe::transcribe(call, "Local/talk@default".to_owned(), address, file).await;
            done.map_err(|error| *error.downcast::<CallError>().expect("the end of the call"))
        }
    })
    .await;
    (app, listener, file)
}

#[tokio::test]
async fn transcribe_ends_when_the_called_party_hangs_up() {
    on_each_server(|server: Server| async move {
        let (app, listener, file) = transcribing(&server).await;
        let (phone, _mouth, mut ears) = Phone::calls(&app).await;
        let (mut caller, mut other) = (listener.accept().await.unwrap().0, listener.accept().await.unwrap().0);
        hears(&mut ears, true).await;
        let channels = app.ari.channels().list().await.unwrap();
        let party = channels.iter().find(|channel| {
            let id = channel.id.as_str();
            channel.name.starts_with("Local/talk@") && id.starts_with(&app.prefix) && !id.ends_with(";2")
        });
        app.ari.channel(&party.expect("the called party").id).hangup().await.unwrap();
        for service in [&mut caller, &mut other] {
            service.read_to_end(&mut Vec::new()).await.unwrap();
        }
        app.ended_well(1).await;
        phone.waits_for_hangup().await;
        app.end().await;
        std::fs::remove_file(file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn transcribe_hears_both_parties_apart() {
    on_each_server(|server: Server| async move {
        let (app, listener, file) = transcribing(&server).await;
        let (phone, _mouth, mut ears) = Phone::calls(&app).await;
        let (mut caller, mut other) = (listener.accept().await.unwrap().0, listener.accept().await.unwrap().0);
        hears(&mut ears, true).await;
        let mut bytes = vec![0; 32_000];
        let samples = |bytes: &[u8]| -> Vec<i16> {
            bytes.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
        };
        let mut silence = vec![0; bytes.len()];
        while loudness(&samples(&bytes)) < 300.0 {
            // The caller says nothing, before and while the other party talks.
            tokio::try_join!(other.read_exact(&mut bytes), caller.read_exact(&mut silence)).unwrap();
            assert!(loudness(&samples(&silence)) < 100.0);
        }
        phone.hangs_up().await;
        let mut rest = Vec::new();
        other.read_to_end(&mut rest).await.unwrap();
        app.ended_well(1).await;
        app.end().await;
        assert!(std::fs::metadata(&file).unwrap().len() > 64_000, "a second of stereo");
        std::fs::remove_file(file).unwrap();
    })
    .await;
}

#[tokio::test]
async fn detector_tells_a_person_from_a_machine() {
    on_each_server(|server: Server| async move {
        let file = std::env::temp_dir().join(unique("reminder"));
        let mut recorder = WavRecorder::mono(&file, 8_000).unwrap();
        let samples: Vec<i16> = (0..8_000).map(|at| if at / 10 % 2 == 0 { 8_000 } else { -8_000 }).collect();
        recorder.write(Side::Left, Duration::ZERO, &samples).unwrap();
        recorder.finish().unwrap();
        let of_handler = file.clone();
        let app = Running::start(&server, Route::Http, move |call, notes| {
            let file = of_handler.clone();
            async move {
                notes.add(detect::remind(&call, file).await?);
                Ok(())
            }
        })
        .await;
        let (_person, mouth, mut ears) = Phone::calls(&app).await;
        mouth.play(speech(Duration::from_secs(1))).await.unwrap();
        hears(&mut ears, true).await;
        assert_eq!(app.note().await, "Person");
        let (_machine, mouth, mut ears) = Phone::calls(&app).await;
        mouth.play(speech(Duration::from_secs(4))).await.unwrap();
        mouth.play(Audio::silence(Duration::from_secs(1))).await.unwrap();
        mouth.play(Audio::tone(1_000.0, Duration::from_millis(500))).await.unwrap();
        hears(&mut ears, true).await;
        assert_eq!(app.note().await, "Machine");
        app.ended_well(2).await;
        app.end().await;
        std::fs::remove_file(file).unwrap();
    })
    .await;
}

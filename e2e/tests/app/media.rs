//! The sound of calls in the handler.

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/echo.rs"]
mod echo;

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/announce.rs"]
mod announce;

use std::time::Duration;

use ari_app::Call;
use ari_bindings::Client;
use ari_bindings::models::Channel;
use ari_bindings::values::Spy;
use ari_e2e::{Recorder, Route, Server, on_each_server, unique};
use ari_media::{Audio, Format, MediaConfig, MediaHost, MediaReceiver, MediaSender, Side, Transport, WavRecorder};
use tokio::task::JoinSet;

use crate::running::{Notes, Running, serve};

/// Quieter than any frame of `Audio::tone`.
const LOUD: f64 = 1_000.0;

/// How many silent frames are silence rather than an underrun.
const SILENT: usize = 10;

/// A caller whose sound the test sends and receives.
pub(crate) struct Phone {
    ari: Client,
    watch: Recorder,
    id: String,
    bridge: String,
}

impl Phone {
    /// Calls an application, and waits until it answers. Returns the mouth and the ears, too.
    pub(crate) async fn calls(app: &Running) -> (Self, MediaSender, MediaReceiver) {
        Self::dials(&app.server, &format!("stasis-{}", app.name)).await
    }

    /// As [`Phone::calls`], by an extension.
    async fn dials(server: &Server, extension: &str) -> (Self, MediaSender, MediaReceiver) {
        let (own, id, bridge) = (unique("phone"), unique("channel"), unique("bridge"));
        let ari = server.client();
        let mut watch = Recorder::open(&ari, &own).await;
        let endpoint = format!("Local/{extension}@default");
        ari.channels().originate_with_id(&*id, endpoint).app(&*own).caller_id("100").await.unwrap();
        watch.until_channel("StasisStart", &id).await;
        let opened = MediaHost::new().open(&ari, &*own, MediaConfig::at_rate(16_000)).await.unwrap();
        watch.until_channel("StasisStart", opened.channel.channel_id().as_str()).await;
        ari.bridge(&*bridge).create_with_id().r#type("mixing").await.unwrap();
        ari.bridge(&*bridge).add_channel([&*id, opened.channel.channel_id().as_str()]).await.unwrap();
        let (mouth, ears) = opened.media.split();
        (Self { ari, watch, id, bridge }, mouth, ears)
    }

    pub(crate) async fn hangs_up(self) {
        self.ari.channel(&*self.id).hangup().await.unwrap();
        self.waits_for_hangup().await;
    }

    /// Waits until the application has hung up.
    pub(crate) async fn waits_for_hangup(self) {
        let Self { ari, mut watch, id, bridge } = self;
        watch.until_channel("ChannelDestroyed", &id).await;
        ari.bridge(&*bridge).destroy().await.unwrap();
        watch.close().await;
    }
}

pub(crate) fn loudness(samples: &[i16]) -> f64 {
    let power: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (power / f64::from(u32::try_from(samples.len()).unwrap())).sqrt()
}

/// Waits for sound, or for silence.
pub(crate) async fn hears(media: &mut MediaReceiver, loud: bool) {
    let hears = async {
        let mut silent = 0;
        while let Some(frame) = media.recv().await.unwrap() {
            silent = if loudness(frame.samples()) > LOUD { 0 } else { silent + 1 };
            if if loud { silent == 0 } else { silent == SILENT } {
                return;
            }
        }
        panic!("the medium has ended");
    };
    tokio::time::timeout(Duration::from_secs(10), hears).await.unwrap_or_else(|_| panic!("loud: {loud}"));
}

fn tone(seconds: u64) -> Audio {
    Audio::tone(440.0, Duration::from_secs(seconds))
}

/// What the names of the channels of a transport begin with.
fn technology(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "WebSocket/",
        Transport::AudioSocket => "AudioSocket/",
        _ => "UnicastRTP/",
    }
}

/// The transports of each release's server.
fn transports(server: &Server) -> &'static [Transport] {
    if server.release() == "16" { &[Transport::Rtp] } else { &Transport::ALL }
}

#[tokio::test]
async fn caller_and_handler_hear_each_other_over_every_transport() {
    on_each_server(|server: Server| async move {
        let mut runs = JoinSet::new();
        for transport in transports(&server) {
            let server = server.clone();
            runs.spawn(async move {
                let app = Running::start(&server, Route::Http, move |call: Call, notes: Notes| async move {
                    call.answer().await?;
                    let media = call.media(MediaConfig::at_rate(16_000)).transport(*transport).await?;
                    let (sender, mut receiver) = media.split();
                    hears(&mut receiver, true).await;
                    let played = sender.play(tone(1)).await?;
                    notes.add((played.heard.as_millis(), played.was_cut));
                    while receiver.recv().await?.is_some() {}
                    notes.add("the medium has ended");
                    call.say("sound:beep").await?;
                    Ok(())
                })
                .await;
                let (phone, mouth, mut ears) = Phone::calls(&app).await;
                tokio::join!(async { mouth.play(tone(2)).await.unwrap() }, hears(&mut ears, true));
                let channels = app.ari.channels().list().await.unwrap();
                let is_it = |channel: &Channel| {
                    channel.id.as_str().starts_with(&app.prefix) && channel.name.starts_with(technology(*transport))
                };
                assert!(channels.iter().any(is_it), "{transport}: {channels:?}");
                assert_eq!(app.note().await, "(1000, false)");
                phone.hangs_up().await;
                assert_eq!(app.note().await, r#""the medium has ended""#);
                app.ended_well(1).await;
                app.end().await;
            });
        }
        runs.join_all().await;
    })
    .await;
}

#[tokio::test]
async fn echo_example_returns_what_the_caller_says() {
    serve(
        |call, _| echo::echo(call),
        |app| async move {
            let (phone, mouth, mut ears) = Phone::calls(&app).await;
            tokio::join!(async { mouth.play(tone(2)).await.unwrap() }, hears(&mut ears, true));
            hears(&mut ears, false).await;
            phone.hangs_up().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn dropped_medium_leaves_the_caller_with_the_handler() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let media = call.media(MediaConfig::at_rate(16_000)).await?;
            media.play(tone(1)).await?;
            drop(media);
            notes.add(call.say("sound:beep").await?);
            let (sender, mut receiver) = call.media(MediaConfig::at_rate(8_000)).await?.split();
            hears(&mut receiver, true).await;
            sender.play(tone(1)).await?;
            Ok(())
        },
        |app| async move {
            let (phone, mouth, mut ears) = Phone::calls(&app).await;
            hears(&mut ears, true).await;
            assert_eq!(app.note().await, "Finished");
            // What is left of the first medium.
            hears(&mut ears, false).await;
            tokio::join!(async { mouth.play(tone(2)).await.unwrap() }, hears(&mut ears, true));
            app.ended_well(1).await;
            phone.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn snoop_hears_the_caller_alone() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let media = call.media(MediaConfig::at_rate(8_000)).await?;
            let snoop = call.snoop(call.channel().channel_id()).spy(Spy::In);
            let Some(caller) = snoop.media(MediaConfig::at_rate(8_000)).await? else { return Ok(()) };
            let (_, mut caller) = caller.split();
            media.play(tone(1)).await?;
            let mut loudest = 0.0_f64;
            for _ in 0..50 {
                let Some(frame) = caller.recv().await? else { return Ok(()) };
                loudest = loudest.max(loudness(frame.samples()));
            }
            notes.add(if loudest < LOUD { "silence" } else { "itself" });
            hears(&mut caller, true).await;
            notes.add("the caller");
            Ok(())
        },
        |app| async move {
            let (phone, mouth, _ears) = Phone::calls(&app).await;
            assert_eq!(app.note().await, r#""silence""#);
            mouth.play(tone(2)).await.unwrap();
            assert_eq!(app.note().await, r#""the caller""#);
            app.ended_well(1).await;
            phone.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn announcement_is_heard_by_the_whole_room() {
    let file = std::env::temp_dir().join(unique("announcement")).with_extension("wav");
    let mut recorder = WavRecorder::mono(&file, 22_050).unwrap();
    let samples: Vec<i16> = (0..44_100).map(|at| if at / 25 % 2 == 0 { 8_000 } else { -8_000 }).collect();
    recorder.write(Side::Left, Duration::ZERO, &samples).unwrap();
    recorder.finish().unwrap();
    let of_handler = file.clone();
    serve(
        move |call, _| announce::conference(call, of_handler.clone()),
        |app| async move {
            let (first, _mouth, mut first_ears) = Phone::calls(&app).await;
            let (second, _mouth, mut second_ears) = Phone::calls(&app).await;
            let (host, _mouth, _ears) = Phone::dials(&app.server, &format!("args-{}", app.name)).await;
            tokio::join!(hears(&mut first_ears, true), hears(&mut second_ears, true));
            app.ended_well(1).await;
            first.hangs_up().await;
            second.hangs_up().await;
            host.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn unsupported_transport_or_format_leaves_no_channel() {
    serve(
        |call, notes| async move {
            call.answer().await?;
            let refused = call.media(Format::ULAW).transport(Transport::AudioSocket).await;
            let error: &dyn std::error::Error = &refused.map(drop).unwrap_err();
            notes.add(error.source().unwrap().to_string());
            call.ended().await;
            Ok(())
        },
        |app| async move {
            let (phone, _mouth, _ears) = Phone::calls(&app).await;
            let refusal = app.note().await;
            let is_old = app.server.release() == "16";
            assert!(
                refusal.contains(if is_old { "has no AudioSocket" } else { "AudioSocket carries slin" }),
                "{refusal}"
            );
            assert!(app.bridges().await.is_empty());
            app.until_legs(0).await;
            phone.hangs_up().await;
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

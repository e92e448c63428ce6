//! `UnicastRTP`, which both releases have.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use ari_e2e::signal::{compare, noise};
use ari_e2e::{Line, Server, on_each_server};
use ari_media::{Audio, Format, Media, MediaConfig, MediaReceiver, RtpPorts};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// What a test waits for before it fails.
const ARRIVAL: Duration = Duration::from_secs(10);

/// How much silence ends a sound.
const SILENCE: Duration = Duration::from_secs(1);

/// Adds a channel of RTP and its medium.
async fn connect(line: &mut Line, ports: &RtpPorts, format: Format) -> (ChannelHandle, Media) {
    let config = MediaConfig::new(format).fill_silence(false).receive_buffer(Duration::from_secs(30));
    line.rtp(ports, config, format).await
}

fn ports(ip: &str) -> RtpPorts {
    RtpPorts::new(ip.parse().unwrap())
}

/// Receives until a second of silence follows the sound, and returns all samples up to then.
async fn listen(receiver: &mut MediaReceiver) -> Vec<i16> {
    let (mut samples, mut sound) = (Vec::new(), None);
    loop {
        let silent = sound.map_or(ARRIVAL, |sound: Instant| SILENCE.saturating_sub(sound.elapsed()));
        let Ok(frame) = timeout(silent, receiver.recv()).await else { return samples };
        let frame = frame.unwrap().expect("no end");
        if frame.samples().iter().any(|sample| sample.abs() > 100) {
            sound = Some(Instant::now());
        }
        samples.extend_from_slice(frame.samples());
    }
}

/// Plays a signal from one channel to another, and a part of it back, and checks what arrives. Meanwhile nothing keeps the
/// processors from the sessions.
async fn exchange(server: Server, format: Format, ip: &'static str, signal: Arc<[i16]>) -> impl FnOnce() {
    let mut line = Line::open(&server).await;
    let (_, a) = connect(&mut line, &ports(ip), format).await;
    let (_, b) = connect(&mut line, &ports(ip), format).await;
    let back: Arc<[i16]> = signal[..signal.len() / 4].into();
    let ((a, mut from_b), (b, mut from_a)) = (a.split(), b.split());
    let (played, answered, received, returned) = tokio::join!(
        a.play(Audio::samples(format.rate(), &*signal)),
        b.play(Audio::samples(format.rate(), &*back)),
        listen(&mut from_a),
        listen(&mut from_b),
    );
    let what = format!("{format} on Asterisk {} over {ip}", server.release());
    println!("{what}: {:?} {:?}", a.stats(), b.stats());
    assert_eq!(played.unwrap().heard, Duration::from_secs(20));
    assert_eq!(answered.unwrap().heard, Duration::from_secs(5));
    for stats in [a.stats(), b.stats()] {
        assert_eq!((stats.lost, stats.dropped, stats.discarded), (0, 0, 0), "{what}");
    }
    line.hang_up().await;
    line.end().await;
    move || {
        compare(&what, format.frame_samples(), &signal, &received);
        compare(&format!("{what}, back"), format.frame_samples(), &back, &returned);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_of_each_format_arrives_whole() {
    let formats = || [Format::ULAW, Format::ALAW, Format::SLIN, Format::G722].into_iter();
    let signals: HashMap<u32, Arc<[i16]>> =
        formats().map(|format| (format.rate(), noise(format.rate(), format.rate() as usize * 20).into())).collect();
    let mut tests = JoinSet::new();
    for server in Server::all() {
        // Asterisk 16 sends µ-law instead.
        for format in formats().filter(|format| *format != Format::SLIN || server.major() > 16) {
            tests.spawn(exchange(server.clone(), format, "127.0.0.1", Arc::clone(&signals[&format.rate()])));
        }
        tests.spawn(exchange(server, Format::ULAW, "::1", Arc::clone(&signals[&8_000])));
    }
    for compare in tests.join_all().await {
        compare();
    }
}

/// Formats that Asterisk sends but does not take.
#[tokio::test(flavor = "multi_thread")]
async fn listener_receives_formats_that_asterisk_does_not_take() {
    on_each_server(|server| async move {
        let mut line = Line::open(&server).await;
        let (_, speaker) = connect(&mut line, &ports("127.0.0.1"), Format::G722).await;
        let mut listeners = Vec::new();
        // Not slin44, which comes out of Asterisk's mixing at a third of the level.
        for format in [Format::SLIN12, Format::SLIN16, Format::SLIN24, Format::SLIN32, Format::SLIN48] {
            listeners.push((format, connect(&mut line, &ports("127.0.0.1").listen_only(true), format).await.1));
        }
        speaker.play(Audio::samples(16_000, noise(16_000, 48_000))).await.unwrap();
        for (format, listener) in listeners {
            let samples = listen(&mut listener.split().1).await;
            let power = |frame: &[i16]| frame.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
            let level = |frame: &[i16]| (power(frame) / f64::from(format.rate() / 50)).sqrt();
            let mut levels: Vec<f64> = samples.chunks(format.frame_samples()).map(level).collect();
            levels.retain(|level| *level > 100.0);
            levels.sort_by(f64::total_cmp);
            let what = format!("{format} on Asterisk {}", server.release());
            assert!(levels.len() > 100, "{what}: {} frames of sound", levels.len());
            // Bytes in the wrong order are noise at four times this level.
            let median = levels[levels.len() / 2];
            assert!((3_000.0..6_000.0).contains(&median), "{what}: a level of {median}");
        }
        line.hang_up().await;
        line.end().await;
    })
    .await;
}

/// Two sockets, for RTP and for RTCP.
async fn sockets() -> (UdpSocket, UdpSocket) {
    for port in (23_000..24_000).step_by(2) {
        let rtp = UdpSocket::bind(("127.0.0.1", port)).await;
        if let (Ok(rtp), Ok(rtcp)) = (rtp, UdpSocket::bind(("127.0.0.1", port + 1)).await) {
            return (rtp, rtcp);
        }
    }
    panic!("no two ports in a row");
}

/// What the documentation of `RtpPorts` says of the protocol.
#[tokio::test(flavor = "multi_thread")]
async fn asterisk_sends_neither_rtcp_nor_digits() {
    on_each_server(|server| async move {
        let mut line = Line::open(&server).await;
        let (sound, control) = sockets().await;
        let (channel, _) = line.rtp_to(&sound.local_addr().unwrap().to_string(), Format::ALAW).await;
        let (_, speaker) = connect(&mut line, &ports("127.0.0.1"), Format::ULAW).await;
        let play = tokio::spawn(async move { speaker.play(Audio::samples(8_000, noise(8_000, 56_000))).await });
        channel.send_dtmf().dtmf("5#").between(50).duration(200).await.unwrap();
        let (mut bytes, mut packets) = ([0; 2_048], 0);
        while let Ok(received) = timeout(SILENCE, sound.recv_from(&mut bytes)).await {
            received.unwrap();
            assert_eq!(bytes[1] & 0x7f, 8, "nothing but sound");
            packets += 1;
        }
        assert!(packets > 300, "{packets} packets");
        assert!(control.try_recv_from(&mut bytes).is_err(), "RTCP on Asterisk {}", server.release());
        play.await.unwrap().unwrap();
        line.hang_up().await;
        line.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_is_silent_within_100_ms() {
    on_each_server(|server| async move {
        let mut line = Line::open(&server).await;
        let (_, speaker) = connect(&mut line, &ports("127.0.0.1"), Format::ULAW).await;
        let (_, mut listener) = connect(&mut line, &ports("127.0.0.1"), Format::ULAW).await;
        let sound = noise(8_000, 80_000);
        for _ in 0..10 {
            speaker.write(&sound).await.unwrap();
            for _ in 0..20 {
                listener.recv().await.unwrap();
            }
            let cut = Instant::now();
            assert!(speaker.cut() > Duration::from_secs(9));
            let mut last = Duration::ZERO;
            while let Ok(frame) = timeout(SILENCE, listener.recv()).await {
                frame.unwrap().expect("the medium goes on");
                last = cut.elapsed();
            }
            println!("Asterisk {}: silent after {last:?}", server.release());
            assert!(last < Duration::from_millis(100), "{last:?}");
        }
        line.hang_up().await;
        line.end().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn either_side_ends_the_session() {
    on_each_server(|server| async move {
        let mut line = Line::open(&server).await;
        let (channel, mut media) = connect(&mut line, &ports("127.0.0.1"), Format::ULAW).await;
        let id = media_id(&channel).await;
        channel.hangup().await.unwrap();
        line.watch.until_channel("ChannelDestroyed", &id).await;
        media.watch().end();
        assert!(matches!(timeout(ARRIVAL, media.recv()).await, Ok(Ok(None))));
        assert!(media.write(&[0; 160]).await.is_err_and(|error| error.is_ended()));

        let (channel, media) = connect(&mut line, &ports("127.0.0.1"), Format::ULAW).await;
        let watch = media.watch();
        media.close();
        timeout(ARRIVAL, watch.closed()).await.unwrap();
        let id = media_id(&channel).await;
        channel.hangup().await.unwrap();
        line.watch.until_channel("ChannelDestroyed", &id).await;
        line.hang_up().await;
        line.end().await;
    })
    .await;
}

async fn media_id(channel: &ChannelHandle) -> String {
    channel.get().await.unwrap().id.to_string()
}

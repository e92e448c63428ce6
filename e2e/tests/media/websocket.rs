//! `chan_websocket`, which Asterisk 16 lacks.

use std::sync::Arc;
use std::time::Duration;

use ari_e2e::signal::{compare, compare_roughly, noise};
use ari_e2e::{Line, Server, eventually, unique};
use ari_media::{Audio, Format, MediaConfig, MediaReceiver, MediaSender, WebSocketListener};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const CERTIFICATES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ari-bindings/tests/it/tls");

const TRANSPORT: &str = "websocket";

/// A section of `websocket_client.conf`, which is removed with the test.
struct Section(Server, String);

impl Section {
    async fn write(server: &Server, uri: &str, options: &str) -> Self {
        let section = Self(server.clone(), unique("media"));
        let text = format!(
            "[{}]\ntype = websocket_client\nconnection_type = per_call_config\nuri = {uri}\n\
             protocols = media\nusername = asterisk\npassword = secret\n{options}",
            section.1
        );
        let script = "mkdir -p \"$(dirname \"$1\")\" && printf %s \"$2\" > \"$1\"";
        section.0.run(&["sh", "-c", script, "sh", &section.path(), &text]).await;
        section.reload().await;
        section
    }

    async fn remove(self) {
        self.0.run(&["rm", "-f", &self.path()]).await;
        self.reload().await;
    }

    async fn reload(&self) {
        let client = self.0.client();
        // Refused while another reload runs.
        eventually(|| async { client.module("res_websocket_client.so").reload_module().await.is_ok() }).await;
    }

    fn path(&self) -> String {
        format!("/etc/ari-tests/websocket_client.d/{}.conf", self.1)
    }
}

fn server() -> Server {
    Server::of("22")
}

/// Receives this many samples. Asterisk sends nothing while there is silence.
async fn listen(receiver: &mut MediaReceiver, count: usize) -> Vec<i16> {
    let mut samples = Vec::new();
    while samples.len() < count {
        match timeout(Duration::from_secs(10), receiver.recv()).await {
            Ok(frame) => samples.extend_from_slice(frame.unwrap().expect("the call goes on").samples()),
            Err(_) => break,
        }
    }
    samples
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_of_each_format_arrives_whole() {
    let mut tests = JoinSet::new();
    for (index, format) in Format::ALL.iter().filter(|format| format.frame_bytes().is_some()).enumerate() {
        tests.spawn(async move {
            let mut line = Line::open(&server()).await;
            let options = if index % 2 == 0 { "f(json)" } else { "f(plain-text)" };
            let config = MediaConfig::new(*format).fill_silence(false).receive_buffer(Duration::from_secs(30));
            let (_, a) = line.websocket(*format, config.clone(), options).await;
            let (_, b) = line.websocket(*format, config.clone(), options).await;
            let signal = noise(format.rate(), format.rate() as usize * 20);
            let ((a, mut from_b), (b, mut from_a)) = (a.split(), b.split());
            // Both directions, one of them longer.
            let back = &signal[..signal.len() / 4];
            let (played, answered, received, returned) = tokio::join!(
                a.play(Audio::samples(format.rate(), signal.clone())),
                b.play(Audio::samples(format.rate(), back)),
                listen(&mut from_a, signal.len()),
                listen(&mut from_b, back.len()),
            );
            // Heavy work would delay the other formats.
            let comparing = tokio::task::spawn_blocking(move || {
                compare(&format!("{format}"), format.frame_samples(), &signal, &received);
                compare(&format!("{format} back"), format.frame_samples(), &signal[..signal.len() / 4], &returned);
            });
            comparing.await.unwrap();
            assert_eq!(played.unwrap().heard, Duration::from_secs(20));
            assert_eq!(answered.unwrap().heard, Duration::from_secs(5));
            drop((a, from_b, b, from_a));
            line.end().await;
        });
    }
    while let Some(test) = tests.join_next().await {
        test.unwrap();
    }
}

/// The time from the cut to the last frame that is no silence at the other end, with 10 s in Asterisk's queue.
#[tokio::test(flavor = "multi_thread")]
async fn cut_is_silent_within_100_ms() {
    let mut line = Line::open(&server()).await;
    let config = MediaConfig::new(Format::SLIN16).lead(Duration::from_secs(18));
    let (_, speaker) = line.websocket(Format::SLIN16, config.clone(), "f(json)").await;
    let (_, mut listener) = line.websocket(Format::SLIN16, config, "f(json)").await;
    let sound = noise(16_000, 10 * 16_000);
    let (loud, last) = tokio::sync::watch::channel(Instant::now());
    let listening = tokio::spawn(async move {
        while let Ok(Some(frame)) = listener.recv().await {
            if frame.samples().iter().any(|sample| sample.abs() > 100) {
                loud.send_replace(Instant::now());
            }
        }
    });
    let mut delays = Vec::new();
    for round in 0..50 {
        let mut hearing = last.clone();
        hearing.mark_unchanged();
        speaker.write(&sound).await.unwrap();
        for _ in 0..10 {
            hearing.changed().await.unwrap();
        }
        assert_eq!(speaker.stats().sent, 500 * (round + 1), "all of it is in the queue");
        // At any time between two frames.
        tokio::time::sleep(Duration::from_millis(round % 20)).await;
        let cut = Instant::now();
        assert!(speaker.cut() > Duration::from_secs(9));
        // What is not silent by then is too late in any case.
        tokio::time::sleep(Duration::from_millis(300)).await;
        delays.push(last.borrow().saturating_duration_since(cut));
    }
    delays.sort();
    println!("cut to silence: p50 {:?}, p99 {:?}", delays[delays.len() / 2], delays[delays.len() - 1]);
    assert!(delays[delays.len() - 1] < Duration::from_millis(100), "{delays:?}");
    drop(speaker);
    line.hang_up().await;
    listening.await.unwrap();
    line.end().await;
}

/// Asterisk connects to the program: matched by the channel's id, or by a token.
#[tokio::test(flavor = "multi_thread")]
async fn listener_gets_the_channels_that_it_expects() {
    let listener = WebSocketListener::builder().credentials("asterisk", "secret").bind("127.0.0.1:0").await.unwrap();
    let section = Section::write(&server(), &format!("ws://{}/", listener.local_addr()), "").await;
    let mut line = Line::open(&server()).await;
    let mut media = Vec::new();
    for options in ["f(json)", "v(token=t-1)"] {
        let id = unique("media");
        let expected = listener.expect(if options == "f(json)" { &id } else { "t-1" }, Format::ALAW).unwrap();
        let request = line.ari.channels().external_media(&line.app, "alaw").channel_id(&id).external_host(&section.1);
        let request = request.transport(TRANSPORT).encapsulation("none").connection_type("client");
        request.transport_data(options).await.unwrap();
        media.push(expected.media(Duration::from_secs(5)).await.unwrap());
        line.watch.until_channel("StasisStart", &id).await;
        line.ari.bridge(&line.bridge).add_channel(&id).await.unwrap();
    }
    let (b, a) = (media.pop().unwrap(), media.pop().unwrap());
    let signal = noise(8_000, 8_000);
    let (b, mut from_a) = b.split();
    let (played, received) =
        tokio::join!(a.play(Audio::samples(8_000, signal.clone())), listen(&mut from_a, signal.len()));
    compare("alaw", 160, &signal, &received);
    assert_eq!(played.unwrap().heard, Duration::from_secs(1));

    // A channel that nobody expects is hung up.
    let id = unique("media");
    let request = line.ari.channels().external_media(&line.app, "alaw").channel_id(&id).external_host(&section.1);
    let request = request.transport(TRANSPORT).encapsulation("none").connection_type("client");
    request.await.unwrap();
    line.watch.until_channel("ChannelDestroyed", &id).await;
    drop((a, b, from_a));
    section.remove().await;
    line.end().await;
}

/// The configuration of TLS by a certificate of the tests.
fn tls() -> Arc<ServerConfig> {
    let file = |name: &str| format!("{CERTIFICATES}/{name}");
    let certificates = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(config.with_single_cert(certificates, key).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn asterisk_connects_by_tls() {
    let (server, authority) = (server(), format!("/tmp/{}.pem", unique("authority")));
    let listener = WebSocketListener::builder().credentials("asterisk", "secret").tls(tls());
    let listener = listener.bind("127.0.0.1:0").await.unwrap();
    let text = std::fs::read_to_string(format!("{CERTIFICATES}/ca.pem")).unwrap();
    server.run(&["sh", "-c", "printf %s \"$2\" > \"$1\"", "sh", &authority, &text]).await;
    let uri = format!("wss://{}/", listener.local_addr());
    // The certificate has the address, but Asterisk checks only names.
    let options = format!("tls_enabled = yes\nca_list_file = {authority}\nverify_server_hostname = no\n");
    let section = Section::write(&server, &uri, &options).await;
    let mut line = Line::open(&server).await;
    let id = unique("media");
    let expected = listener.expect(&id, Format::SLIN16).unwrap();
    let request = line.ari.channels().external_media(&line.app, "slin16").channel_id(&id).external_host(&section.1);
    request.transport(TRANSPORT).encapsulation("none").connection_type("client").await.unwrap();
    let a = expected.media(Duration::from_secs(5)).await.unwrap();
    line.join(&id).await;
    let (_, b) = line.websocket(Format::SLIN16, Format::SLIN16.into(), "f(json)").await;
    let signal = noise(16_000, 32_000);
    let (_b, mut from_a) = b.split();
    let (played, received) =
        tokio::join!(a.play(Audio::samples(16_000, signal.clone())), listen(&mut from_a, signal.len()));
    compare("by TLS", 320, &signal, &received);
    assert_eq!(played.unwrap().heard, Duration::from_secs(2));

    // An authority that Asterisk does not know.
    section.remove().await;
    let section = Section::write(&server, &uri, "tls_enabled = yes\nverify_server_hostname = no\n").await;
    let id = unique("media");
    let expected = listener.expect(&id, Format::SLIN16).unwrap();
    let request = line.ari.channels().external_media(&line.app, "slin16").channel_id(&id).external_host(&section.1);
    request.transport(TRANSPORT).encapsulation("none").connection_type("client").await.unwrap();
    line.watch.until_channel("ChannelDestroyed", &id).await;
    assert!(expected.media(Duration::ZERO).await.is_err());
    section.remove().await;
    server.run(&["rm", "-f", &authority]).await;
    drop(a);
    line.hang_up().await;
    line.end().await;
}

/// Debian's Asterisk has a codec of Opus, so the other end may have any format.
#[tokio::test(flavor = "multi_thread")]
async fn opus_passes_to_opus_and_is_converted() {
    for other in [Format::OPUS, Format::SLIN48] {
        let mut line = Line::open(&server()).await;
        let config = |format: Format| MediaConfig::new(format).fill_silence(false);
        let (_, a) = line.websocket(Format::OPUS, config(Format::OPUS), "f(json)").await;
        let (_, b) = line.websocket(other, config(other), "f(json)").await;
        let signal = noise(48_000, 48_000 * 5);
        let ((a, mut from_b), (b, mut from_a)) = (a.split(), b.split());
        let play = || Audio::samples(48_000, signal.clone());
        let count = signal.len() - 48_000 / 10;
        let (there, back, received, returned) =
            tokio::join!(a.play(play()), b.play(play()), listen(&mut from_a, count), listen(&mut from_b, count));
        assert_eq!((there.unwrap().heard, back.unwrap().heard), (Duration::from_secs(5), Duration::from_secs(5)));
        compare_roughly(&format!("opus to {other}"), 48_000, &signal, &received);
        compare_roughly(&format!("{other} to opus"), 48_000, &signal, &returned);
        drop((a, from_b, b, from_a));
        line.hang_up().await;
        line.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_arrive_and_either_side_hangs_up() {
    let mut line = Line::open(&server()).await;
    for options in ["f(json)", "f(plain-text)"] {
        let (channel, mut media) = line.websocket(Format::ULAW, Format::ULAW.into(), options).await;
        let mut digits = media.digits();
        line.ari.channel(&channel).send_dtmf().dtmf("5#").between(50).duration(50).await.unwrap();
        for expected in ['5', '#'] {
            assert_eq!(timeout(Duration::from_secs(5), digits.recv()).await.unwrap(), Ok(expected));
        }
        line.ari.channel(&channel).hangup().await.unwrap();
        let end = async { while media.recv().await.unwrap().is_some() {} };
        timeout(Duration::from_secs(5), end).await.expect("the end");
        assert!(media.write(&[0; 160]).await.is_err_and(|error| error.is_ended()));

        let (channel, media) = line.websocket(Format::ULAW, Format::ULAW.into(), options).await;
        media.close();
        line.watch.until_channel("ChannelDestroyed", &channel).await;
    }
    line.end().await;
}

/// Says a quiet frame each 20 ms, and each half second a loud one. Returns how much later the loud ones come back.
async fn call((sender, receiver): &mut (MediaSender, MediaReceiver), loud_ones: usize) -> Vec<Duration> {
    let (said, mut says) = tokio::sync::mpsc::unbounded_channel();
    let talking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        for index in 1..=loud_ones * 25 {
            ticks.tick().await;
            let is_loud = index % 25 == 0;
            let frame = [if is_loud { 8_000 } else { 200 }; 320];
            if sender.relay(&frame, Duration::from_millis(100)).unwrap() && is_loud {
                said.send(Instant::now()).unwrap();
            }
        }
        // The last loud frame may still be on its way.
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let mut delays = Vec::new();
    let hearing = async {
        while let Some(frame) = receiver.recv().await.unwrap() {
            if frame.samples()[160] > 4_000 {
                // Those that did not come back are overtaken.
                let mut last = None;
                while let Ok(said) = says.try_recv() {
                    last = Some(said);
                }
                delays.extend(last.map(|said: Instant| said.elapsed()));
            }
        }
    };
    tokio::select! {
        () = talking => {}
        () = hearing => panic!("the call has ended"),
    }
    delays.sort();
    delays
}

/// An echo whose program stops for 300 ms in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn relay_is_as_quick_after_a_stall_as_before() {
    let mut line = Line::open(&server()).await;
    let (_, echo) =
        line.websocket(Format::SLIN16, MediaConfig::new(Format::SLIN16).fill_silence(false), "f(json)").await;
    let (_, phone) = line.websocket(Format::SLIN16, Format::SLIN16.into(), "f(json)").await;
    let (stall, mut stalls) = tokio::sync::mpsc::channel::<()>(1);
    let echoing = tokio::spawn(async move {
        let (sender, mut receiver) = echo.split();
        let (mut samples, mut refused) = (Vec::new(), 0);
        while let Some(frame) = receiver.recv().await.unwrap() {
            samples.clear();
            samples.extend_from_slice(frame.samples());
            let Ok(written) = sender.relay(&samples, Duration::from_millis(120)) else { break };
            refused += u32::from(!written);
            if stalls.try_recv().is_ok() {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
        refused
    });
    let mut phone = phone.split();
    let before = call(&mut phone, 30).await;
    stall.send(()).await.unwrap();
    let after = call(&mut phone, 30).await;
    drop(phone);
    line.hang_up().await;
    let refused = echoing.await.unwrap();
    let (median, later) = (before[before.len() / 2], after[after.len() / 2]);
    println!(
        "round trip: {median:?} of {}, after the stall {later:?} of {}; {refused} refused",
        before.len(),
        after.len()
    );
    assert!(after.len() > 20, "the echo goes on: {after:?}");
    assert!(refused > 0 && later < median + Duration::from_millis(30), "{before:?} {after:?}");
    line.end().await;
}

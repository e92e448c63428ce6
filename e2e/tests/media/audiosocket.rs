//! AudioSocket, which Asterisk 16 lacks.

use std::sync::Arc;
use std::time::Duration;

use ari_bindings::handles::ChannelHandle;
use ari_e2e::{Line, Server, eventually, unique};
use ari_media::{Audio, AudioSocketListener, Format, Media, MediaConfig, MediaReceiver, Uuid};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

const FORMATS: [Format; 7] =
    [Format::SLIN, Format::SLIN12, Format::SLIN16, Format::SLIN24, Format::SLIN32, Format::SLIN44, Format::SLIN48];

/// Asterisk may take a frame of a channel that has just entered a bridge, and not pass it on.
const ENTERING: usize = 10;

/// Longer than Asterisk takes for anything here.
const ARRIVAL: Duration = Duration::from_secs(10);

/// A line, and the listener to which its channels connect.
struct Listening {
    line: Line,
    listener: AudioSocketListener,
}

impl Listening {
    async fn open() -> Self {
        let listener = AudioSocketListener::bind("127.0.0.1:0").await.unwrap();
        Self { line: Line::open(&Server::of("22")).await, listener }
    }

    fn address(&self) -> String {
        self.listener.local_addr().to_string()
    }

    /// Adds a channel of external media.
    async fn connect(&mut self, format: Format) -> (ChannelHandle, Media) {
        let (id, uuid) = (unique("media"), Uuid::new_v4());
        let request = self.line.ari.channels().external_media(&self.line.app, format.name()).channel_id(&id);
        let request = request.external_host(self.address()).transport("tcp").encapsulation("audiosocket");
        let expected = self.listener.expect(uuid, config(format)).unwrap();
        request.data(uuid.to_string()).await.unwrap();
        let media = expected.media(ARRIVAL).await.unwrap();
        self.line.join(&id).await;
        (self.line.ari.channel(&id), media)
    }

    /// Adds a call whose other end the dialplan connects.
    async fn call(&mut self, extension: &str, format: Format) -> Media {
        let (id, uuid) = (unique("call"), Uuid::new_v4());
        let expected = self.listener.expect(uuid, config(format)).unwrap();
        let request = self.line.ari.channels().originate(format!("Local/{extension}@default/n")).channel_id(&id);
        let variables = [("UUID", uuid.to_string()), ("ADDRESS", self.address())];
        // Without formats, Asterisk 22.10 halves the level on its way through the other rate that it chooses.
        request.app(&self.line.app).formats(format.name()).variables(variables).await.unwrap();
        let media = expected.media(ARRIVAL).await.unwrap();
        self.line.join(&id).await;
        media
    }

    /// Checks that no channel and no session is left.
    async fn end(self) {
        self.line.end().await;
        eventually(|| async { self.listener.open_sessions() == 0 }).await;
    }
}

/// Noise of which no two frames are alike.
fn noise(samples: usize) -> Vec<i16> {
    let mut random = 1_u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i16::from_ne_bytes([random.to_be_bytes()[0], random.to_be_bytes()[1]])
    };
    (0..samples).map(|_| next()).collect()
}

fn config(format: Format) -> MediaConfig {
    MediaConfig::new(format).fill_silence(false).receive_buffer(Duration::from_secs(30))
}

/// Receives until there is silence for a second, and returns all samples.
async fn listen(receiver: &mut MediaReceiver) -> Vec<i16> {
    let mut samples = Vec::new();
    let mut limit = Instant::now() + ARRIVAL;
    while let Ok(frame) = timeout_at(limit, receiver.recv()).await {
        let Some(frame) = frame.unwrap() else { break };
        if is_sound(frame.samples()) {
            limit = Instant::now() + Duration::from_secs(1);
        }
        samples.extend_from_slice(frame.samples());
    }
    samples
}

/// Whether it is more than the silence that a program sends which says nothing.
fn is_sound(samples: &[i16]) -> bool {
    samples.iter().any(|sample| *sample != 0)
}

/// What was played into two media at a time, and what arrived at the other one.
struct Exchange {
    what: &'static str,
    format: Format,
    signal: Arc<Vec<i16>>,
    arrived: [Vec<i16>; 2],
}

impl Exchange {
    async fn run(what: &'static str, signal: Arc<Vec<i16>>, a: Media, b: Media) -> Self {
        let format = a.format();
        let ((a, mut from_b), (b, mut from_a)) = (a.split(), b.split());
        let (played, answered, received, returned) = tokio::join!(
            a.play(Audio::samples(format.rate(), signal.to_vec())),
            b.play(Audio::samples(format.rate(), signal.to_vec())),
            listen(&mut from_a),
            listen(&mut from_b),
        );
        let duration = format.duration(signal.len() as u64);
        assert_eq!((played.unwrap().heard, answered.unwrap().heard), (duration, duration), "{what}");
        println!("{what}: {:?}, {:?}", a.stats(), b.stats());
        Self { what, format, signal, arrived: [received, returned] }
    }

    /// Linear sound arrives bit by bit, so that a frame that is lost, doubled, distorted or louder is another one.
    fn compare(&self) {
        let (what, frame) = (self.what, self.format.frame_samples());
        let signal = &self.signal[ENTERING * frame..];
        for arrived in &self.arrived {
            let start = arrived.windows(frame).position(|window| *window == signal[..frame]);
            let arrived = &arrived[start.unwrap_or_else(|| panic!("{what}: frame {ENTERING} did not arrive"))..];
            let differs = signal.chunks(frame).zip(arrived.chunks(frame)).position(|(sent, arrived)| sent != arrived);
            assert_eq!(differs, None, "{what}: the first frame that differs, after {ENTERING}");
            assert!(arrived.len() >= signal.len(), "{what}: the end is missing");
        }
    }
}

fn signal(format: Format, seconds: usize) -> Arc<Vec<i16>> {
    Arc::new(noise(format.rate() as usize * seconds))
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_of_each_format_arrives_whole() {
    let mut tests = JoinSet::new();
    for format in FORMATS {
        let signal = signal(format, 20);
        tests.spawn(async move {
            let mut line = Listening::open().await;
            let (_, a) = line.connect(format).await;
            let (_, b) = line.connect(format).await;
            let exchange = Exchange::run(format.name(), signal, a, b).await;
            line.end().await;
            exchange
        });
    }
    // Not while the others' sound is on its way, which would be late then.
    tests.join_all().await.iter().for_each(Exchange::compare);
}

#[tokio::test(flavor = "multi_thread")]
async fn dialplan_connects_by_its_application_and_by_dial() {
    for (extension, format) in [("audiosocket", Format::SLIN), ("audiosocket-dial", Format::SLIN16)] {
        let signal = signal(format, 5);
        let mut line = Listening::open().await;
        let a = line.call(extension, format).await;
        let (_, b) = line.connect(format).await;
        let exchange = Exchange::run(extension, signal, a, b).await;
        line.end().await;
        exchange.compare();
    }
}

/// The time from the cut to the last frame at the other end.
#[tokio::test(flavor = "multi_thread")]
async fn cut_is_silent_within_100_ms() {
    let mut line = Listening::open().await;
    let (_, speaker) = line.connect(Format::SLIN16).await;
    let (_, mut listener) = line.connect(Format::SLIN16).await;
    let sound = noise(10 * 16_000);
    let mut delays = Vec::new();
    for _ in 0..50 {
        speaker.write(&sound).await.unwrap();
        for _ in 0..10 {
            while !is_sound(listener.recv().await.unwrap().expect("the medium goes on").samples()) {}
        }
        let cut = Instant::now();
        assert!(speaker.cut() > Duration::from_secs(9));
        let mut last = Duration::ZERO;
        while let Ok(frame) = timeout_at(cut + Duration::from_millis(300), listener.recv()).await {
            if is_sound(frame.unwrap().expect("the medium goes on").samples()) {
                last = cut.elapsed();
            }
        }
        delays.push(last);
    }
    delays.sort();
    println!("cut to silence: p50 {:?}, p99 {:?}", delays[delays.len() / 2], delays[delays.len() - 1]);
    assert!(delays[delays.len() - 1] < Duration::from_millis(100), "{delays:?}");
    drop((speaker, listener));
    line.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_arrive_and_either_side_hangs_up() {
    let mut line = Listening::open().await;
    let (channel, mut media) = line.connect(Format::SLIN).await;
    let mut digits = media.digits();
    channel.send_dtmf().dtmf("5#").between(50).duration(50).await.unwrap();
    for expected in ['5', '#'] {
        assert_eq!(timeout(ARRIVAL, digits.recv()).await.unwrap(), Ok(expected));
    }
    // While sound is on its way, so that the connection may be reset.
    media.write(&noise(80_000)).await.unwrap();
    channel.hangup().await.unwrap();
    let end = async { while media.recv().await.unwrap().is_some() {} };
    timeout(ARRIVAL, end).await.expect("the end");
    assert!(media.write(&[0; 160]).await.is_err_and(|error| error.is_ended()));

    let (channel, media) = line.connect(Format::SLIN).await;
    media.write(&noise(80_000)).await.unwrap();
    media.close();
    eventually(|| async { channel.get().await.is_err_and(|error| error.is_not_found()) }).await;
    line.end().await;
}

#[tokio::test]
async fn asterisk_16_does_not_have_it() {
    let (ari, app) = (Server::of("16").client(), unique("app"));
    let request = ari.channels().external_media(&app, "slin").external_host("127.0.0.1:9092");
    let request = request.transport("tcp").encapsulation("audiosocket").data(Uuid::new_v4().to_string());
    let error = request.await.unwrap_err();
    assert_eq!(error.status(), Some(501), "{error}");
}

//! Sessions with a scripted channel.

use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use tokio::io::DuplexStream;
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::control::MediaStart;
use super::{WebSocketConnector, WebSocketListener, bare};
use crate::{Audio, Format, Media, MediaConfig, MediaError, Played};

const JSON: &str = r#"{"event":"MEDIA_START","connection_id":"c","channel":"W/1","channel_id":"1.2","format":"slin",
    "optimal_frame_size":320,"ptime":20,"channel_variables":{"A":"b"}}"#;
const PLAIN: &str =
    "MEDIA_START connection_id:c channel:W/1 channel_id:1.2 format:slin optimal_frame_size:320 ptime:20";

/// The channel's end.
struct Channel(WebSocketStream<DuplexStream>);

impl Channel {
    async fn open(first: &str, config: &MediaConfig) -> Result<(MediaStart, Media, Self), MediaError> {
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let mut channel = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
        channel.send(Message::text(first)).await.unwrap();
        let (start, media) = bare(ours, config).await?;
        Ok((start, media, Self(channel)))
    }

    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message, without pings: a command, or the number of bytes of sound.
    async fn next(&mut self) -> String {
        loop {
            match timeout(Duration::from_secs(60), self.0.next()).await.expect("a message").unwrap().unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Binary(bytes) => return bytes.len().to_string(),
                Message::Close(frame) => return format!("close {}", frame.map_or(0, |frame| u16::from(frame.code))),
                _ => {}
            }
        }
    }

    /// The messages that are sent without anything from the channel, for some time.
    async fn all(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Ok(next) = timeout(Duration::from_millis(50), self.next()).await {
            all.push(next);
        }
        all
    }

    async fn expect<const COUNT: usize>(&mut self, expected: [&str; COUNT]) {
        for expected in expected {
            assert_eq!(self.next().await, expected);
        }
    }
}

fn config() -> MediaConfig {
    MediaConfig::new(Format::SLIN).lead(Duration::from_millis(400))
}

async fn open(first: &str) -> (Media, Channel) {
    let (_, media, channel) = Channel::open(first, &config()).await.unwrap();
    (media, channel)
}

fn mark(position: &str) -> String {
    format!(r#"{{"command":"MARK_MEDIA","correlation_id":"{position}"}}"#)
}

fn processed(position: &str) -> String {
    format!(r#"{{"event":"MEDIA_MARK_PROCESSED","channel_id":"1.2","correlation_id":"{position}"}}"#)
}

/// Plays this many samples in the background.
fn play(media: &Media, samples: usize) -> tokio::task::JoinHandle<Result<Played, MediaError>> {
    let sender = media.sender().clone();
    tokio::spawn(async move { sender.play(Audio::samples(8_000, vec![1; samples])).await })
}

#[tokio::test(start_paused = true)]
async fn sound_is_sent_ahead_up_to_the_lead_and_follows_the_marks() {
    let (media, mut channel) = open(JSON).await;
    let played = play(&media, 5_000);
    let (first, second) = (mark("0.320"), mark("0.640"));
    let ahead = ["1600", &first, "1600", &second, "1600", &mark("0.960"), "1600", &mark("0.c80")];
    assert_eq!(channel.all().await, ahead);
    assert_eq!(media.sender().played(), Duration::from_millis(50));
    channel.say(&processed("0.320")).await;
    channel.expect(["1600", &mark("0.fa0")]).await;
    channel.say(&processed("0.640")).await;
    channel.expect(["1600", &mark("0.12c0")]).await;
    // The last frame is filled up with silence.
    channel.say(&processed("0.960")).await;
    channel.expect(["640", &mark("0.1388")]).await;
    // Neither marks of a broken peer nor those of nobody end the sound.
    for id in ["", "x", "0.1389", "1.1388"] {
        channel.say(&processed(id)).await;
    }
    assert!(channel.all().await.is_empty() && !played.is_finished());
    channel.say(&processed("0.1388")).await;
    assert_eq!(played.await.unwrap().unwrap(), Played { heard: Duration::from_millis(625), was_cut: false });
    assert_eq!((media.stats().sent, media.stats().underruns), (32, 0));
}

#[tokio::test(start_paused = true)]
async fn full_queue_stops_the_sound_until_it_has_room() {
    let (media, mut channel) = open(JSON).await;
    channel.say(r#"{"event":"MEDIA_XOFF","channel_id":"1.2"}"#).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let played = play(&media, 160);
    assert!(channel.all().await.is_empty());
    channel.say(r#"{"event":"MEDIA_XON","channel_id":"1.2"}"#).await;
    channel.expect(["320", &mark("0.a0")]).await;
    channel.say(&processed("0.a0")).await;
    assert!(played.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn cut_flushes_the_queue_and_the_next_sound_follows() {
    let (media, mut channel) = open(JSON).await;
    let played = play(&media, 80_000);
    assert_eq!(channel.all().await.len(), 8);
    let cut = Instant::now();
    media.cut();
    channel.expect([r#"{"command":"FLUSH_MEDIA"}"#]).await;
    assert_eq!(cut.elapsed(), Duration::ZERO);
    assert!(played.await.unwrap().unwrap().was_cut);
    let next = play(&media, 160);
    assert_eq!(channel.next().await, "320");
    let id = channel.next().await;
    // A mark that was on its way ends nothing.
    channel.say(&processed("0.c80")).await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(!next.is_finished());
    channel.say(&processed(id.split('"').nth(7).unwrap())).await;
    assert_eq!(next.await.unwrap().unwrap(), Played { heard: Duration::from_millis(20), was_cut: false });
}

#[tokio::test(start_paused = true)]
async fn plain_text_channel_without_marks_is_asked_for_its_status() {
    let (media, mut channel) = open(PLAIN).await;
    // Older releases do not answer it.
    channel.expect(["MARK_MEDIA 0.0"]).await;
    let played = play(&media, 4_000);
    channel.expect(["1600", "1600", "1600", "1600", "GET_STATUS"]).await;
    let status = |frames| format!("STATUS channel_id:1.2 queue_length:{frames} xon_level:800 xoff_level:900");
    channel.say(&status(15)).await;
    channel.expect(["1600", "GET_STATUS"]).await;
    channel.say(&status(3)).await;
    channel.expect(["GET_STATUS"]).await;
    channel.say(&status(0)).await;
    assert_eq!(played.await.unwrap().unwrap().heard, Duration::from_millis(500));
    assert!(timeout(Duration::from_secs(5), channel.next()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn plain_text_channel_with_marks_is_recognised() {
    let (media, mut channel) = open(PLAIN).await;
    channel.expect(["MARK_MEDIA 0.0"]).await;
    channel.say("MEDIA_MARK_PROCESSED 0.0").await;
    tokio::time::sleep(Duration::from_millis(1)).await;
    let played = play(&media, 160);
    channel.expect(["320", "MARK_MEDIA 0.a0"]).await;
    channel.say("MEDIA_MARK_PROCESSED 0.a0").await;
    assert!(played.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn passthrough_sends_single_frames_and_flushes_nothing() {
    let (media, mut channel) = open(&JSON.replace("320", "0")).await;
    let _played = play(&media, 80_000);
    assert_eq!(channel.all().await, ["320"; 8]);
    assert_eq!(channel.next().await, r#"{"command":"GET_STATUS"}"#);
    channel.say(r#"{"event":"STATUS","channel_id":"1.2","queue_length":3}"#).await;
    channel.expect(["320"; 5]).await;
    media.cut();
    assert_eq!(channel.all().await, [r#"{"command":"GET_STATUS"}"#]);
}

#[tokio::test(start_paused = true)]
async fn sound_and_digits_are_received() {
    let (mut media, mut channel) = open(JSON).await;
    let mut digits = media.digits();
    channel.say(r#"{"event":"DTMF_END","channel_id":"1.2","digit":"5"}"#).await;
    for sample in 1..=3_u8 {
        channel.0.send(Message::binary([sample, 0].repeat(160))).await.unwrap();
    }
    for sample in 1..=3 {
        assert_eq!(media.recv().await.unwrap().unwrap().samples(), [sample; 160]);
    }
    assert_eq!(digits.recv().await, Ok('5'));
    assert_eq!(media.stats().received, 3);
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_channel_but_not_long() {
    let (media, mut channel) = open(JSON).await;
    let mut digits = media.digits();
    media.close();
    let closed = Instant::now();
    assert_eq!(channel.next().await, "close 1000");
    // The confirmation is not sent before the next read.
    assert!(digits.recv().await.is_err());
    assert_eq!(closed.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn end_of_the_channel_is_the_end_of_the_sound() {
    let (mut media, mut channel) = open(JSON).await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    channel.0.send(Message::Close(Some(frame))).await.unwrap();
    assert!(matches!(media.recv().await, Ok(None)));
    assert_eq!(channel.next().await, "close 1000");
    assert!(media.write(&[0; 160]).await.is_err_and(|error| error.is_ended()));

    let (mut media, channel) = open(JSON).await;
    drop(channel);
    assert!(matches!(media.recv().await, Err(MediaError::Io(_))));
    assert!(matches!(media.recv().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn channel_that_answers_no_ping_is_lost() {
    let (mut media, mut channel) = open(JSON).await;
    let opened = Instant::now();
    // It may even send, as long as it does not read.
    let error = loop {
        let _ = channel.0.send(Message::binary(vec![0; 320])).await;
        match timeout(Duration::from_millis(20), media.recv()).await {
            Ok(Err(error)) => break error,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert!(matches!(&error, MediaError::Io(error) if error.kind() == std::io::ErrorKind::TimedOut), "{error:?}");
    assert!(opened.elapsed() <= Duration::from_secs(21), "{:?}", opened.elapsed());
}

#[tokio::test(start_paused = true)]
async fn channel_that_answers_pings_stays() {
    let (media, mut channel) = open(JSON).await;
    assert!(timeout(Duration::from_secs(300), channel.next()).await.is_err());
    assert!(media.write(&[0; 160]).now_or_never().unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn malformed_messages_do_no_harm() {
    let (mut media, mut channel) = open(JSON).await;
    for text in ["", "{", "MEDIA_XOFF", r#"{"event":"STATUS","queue_length":99999999999999999999}"#, JSON] {
        channel.say(text).await;
    }
    channel.say(r#"{"event":"STATUS","channel_id":"1.2","queue_length":4}"#).await;
    channel.0.send(Message::binary(vec![0_u8; 0])).await.unwrap();
    channel.0.send(Message::binary(vec![7_u8; 321])).await.unwrap();
    assert_eq!(media.recv().await.unwrap().unwrap().samples(), [0x0707; 160]);
    // A frame of an hour would not fit either.
    channel.0.send(Message::binary(vec![0_u8; 65_536])).await.unwrap();
    let error = loop {
        if let Err(error) = media.recv().await {
            break error;
        }
    };
    assert!(matches!(error, MediaError::Protocol(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn flood_of_sound_keeps_its_memory_small() {
    let (mut media, mut channel) = open(JSON).await;
    for _ in 0..1_000 {
        channel.0.send(Message::binary(vec![1_u8; 3_200])).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(media.stats().received, 10_000);
    assert_eq!(media.stats().dropped, 10_000 - 100);
    assert!(media.recv().await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn start_checks_what_the_channel_is() {
    let (start, ..) = Channel::open(JSON, &config()).await.unwrap();
    assert_eq!((&*start.channel_id, start.variables.get("A").map(|value| &**value)), ("1.2", Some("b")));
    for (first, expected) in [
        (JSON.replace("slin", "ulaw"), "invalid `format`: slin; the channel has ulaw"),
        (JSON.replace("320", "160"), "frames of 160 bytes"),
        (PLAIN.replace("slin", "slin16"), "invalid `format`: slin; the channel has slin16"),
        ("MEDIA_XON".to_owned(), "does not begin with MEDIA_START"),
        (String::new(), "does not begin with MEDIA_START"),
    ] {
        let error = Channel::open(&first, &config()).await.map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn connector_upgrades_to_the_subprotocol_and_reports_refusals() {
    use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
    use tokio_tungstenite::tungstenite::http::StatusCode;

    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://asterisk:secret@{}/pbx/ari", server.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        for _ in 0..3 {
            let (stream, _) = server.accept().await.unwrap();
            #[allow(clippy::result_large_err, reason = "the trait has it so")]
            let check = |request: &Request, mut response: Response| {
                assert!(request.headers().get("Authorization").is_none());
                let status = match request.uri().path() {
                    "/pbx/media/free" => {
                        let protocol = request.headers()["Sec-WebSocket-Protocol"].clone();
                        assert_eq!(protocol, "media");
                        response.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
                        return Ok(response);
                    }
                    "/pbx/media/taken" => StatusCode::CONFLICT,
                    _ => StatusCode::NOT_FOUND,
                };
                let mut refusal = ErrorResponse::new(None);
                *refusal.status_mut() = status;
                Err(refusal)
            };
            if let Ok(mut channel) = tokio_tungstenite::accept_hdr_async(stream, check).await {
                channel.send(Message::text(JSON)).await.unwrap();
            }
        }
    });
    let connector = WebSocketConnector::new(&url).unwrap();
    let (start, _media) = connector.connect("free", Format::SLIN).await.unwrap();
    assert_eq!(start.channel_id, "1.2");
    for (id, expected) in
        [("taken", "has a connection already"), ("none", "no channel waits"), ("a/b", "connection_id")]
    {
        let error = connector.connect(id, Format::SLIN).await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    serving.await.unwrap();
}

#[tokio::test]
async fn connector_gives_up_on_a_silent_server() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ari", server.local_addr().unwrap());
    let connector = WebSocketConnector::new(&url).unwrap().timeout(Duration::from_millis(50));
    let error = connector.connect("c", Format::SLIN).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, MediaError::Timeout(_)), "{error}");
    drop(server);
    assert!(matches!(connector.connect("c", Format::SLIN).await, Err(MediaError::Io(_))));
    for url in ["", "pbx", "ftp://pbx/ari", "http://", "//pbx/ari"] {
        assert!(matches!(WebSocketConnector::new(url), Err(MediaError::Invalid { .. })), "{url}");
    }
}

/// Both ends of the crate over TLS: the connector's path is nothing that the listener looks at.
#[cfg(feature = "tls")]
#[tokio::test]
async fn tls_secures_both_directions() {
    use std::sync::Arc;

    use tokio_rustls::rustls::crypto::ring::default_provider;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

    macro_rules! pem {
        ($name:literal) => {
            include_bytes!(concat!("../../../ari-bindings/tests/it/tls/", $name))
        };
    }
    let provider = Arc::new(default_provider());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
    let chain = CertificateDer::pem_slice_iter(pem!("server.pem")).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(pem!("server.key")).unwrap();
    let server = server.unwrap().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let listener = WebSocketListener::builder().tls(Arc::new(server)).handshake_timeout(Duration::from_secs(60));
    let listener = listener.bind("127.0.0.1:0").await.unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem!("ca.pem")).unwrap()).unwrap();
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
    let url = format!("https://localhost:{}/ari", listener.local_addr().port());
    let connector = WebSocketConnector::new(&url).unwrap().timeout(Duration::from_millis(500));
    // The listener waits for the channel's first message, which the connector waits for, too.
    let error = connector.clone().tls(Arc::new(client)).connect("c", Format::SLIN).await.map(|_| ()).unwrap_err();
    assert!(matches!(error, MediaError::Timeout(_)), "{error}");
    let error = connector.connect("c", Format::SLIN).await.map(|_| ()).unwrap_err();
    assert!(matches!(&error, MediaError::Io(error) if error.to_string().contains("certificate")), "{error:?}");
}

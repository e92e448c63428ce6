use tokio::io::{DuplexStream, duplex};
use tokio::task::JoinHandle;

use super::*;
use crate::audio::Audio;
use crate::config::MediaConfig;
use crate::format::FRAME;
use crate::media::Media;
use crate::media::tests::pair;

/// A session at 8 kHz, and its peer.
fn session(config: &MediaConfig, buffer: usize) -> (Media, DuplexStream, JoinHandle<()>) {
    let ((media, pipe), (ours, peer)) = (pair(config), duplex(buffer));
    let (reader, writer) = tokio::io::split(ours);
    let kind = frame::kind(config.format).expect("a format of AudioSocket");
    (media, peer, tokio::spawn(run(reader, writer, TransportEnd(pipe), kind)))
}

fn slin() -> (Media, DuplexStream, JoinHandle<()>) {
    session(&MediaConfig::new(Format::SLIN).fill_silence(false), 4096)
}

fn audio(format: Format, value: i16, samples: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::encode(frame::kind(format).unwrap(), &vec![value; samples], &mut bytes);
    bytes
}

/// Reads frames up to the hang-up: when each came, and its first sample.
async fn read_all(peer: &mut DuplexStream) -> Vec<(Duration, i16)> {
    let (start, mut frames, mut payload) = (Instant::now(), Vec::new(), vec![0; 320]);
    loop {
        let mut header = [0; frame::HEADER];
        peer.read_exact(&mut header).await.unwrap();
        if header == frame::HANG_UP {
            return frames;
        }
        assert_eq!(header, [0x10, 1, 64]);
        peer.read_exact(&mut payload).await.unwrap();
        frames.push((start.elapsed(), i16::from_le_bytes([payload[0], payload[1]])));
    }
}

#[tokio::test(start_paused = true)]
async fn sound_is_sent_a_frame_each_20_ms_and_ends_with_a_hang_up() {
    let (media, mut peer, task) = slin();
    let reading = tokio::spawn(async move { (read_all(&mut peer).await, peer) });
    let samples: Vec<i16> = (0..5).flat_map(|value| [value; 160]).collect();
    media.play(Audio::samples(8_000, samples)).await.unwrap();
    let stats = media.stats();
    media.close();
    let (frames, peer) = reading.await.unwrap();
    let expected: Vec<_> = (0..5_i16).map(|value| (FRAME * u32::try_from(value).unwrap(), value)).collect();
    assert_eq!((frames, stats.sent, stats.late, stats.underruns), (expected, 5, 0, 0));
    drop(peer);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn cut_holds_for_the_frame_that_is_due_next() {
    let (media, mut peer, _task) = slin();
    let reading =
        tokio::spawn(async move { read_all(&mut peer).await.iter().filter(|(_, value)| *value == 1).count() });
    media.write(&[1; 8_000]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(media.cut(), Duration::from_millis(940));
    tokio::time::sleep(Duration::from_millis(200)).await;
    media.close();
    assert_eq!(reading.await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn received_sound_keeps_its_rate_and_digits_are_reported() {
    let config = MediaConfig::new(Format::SLIN).rate(16_000).fill_silence(false);
    let (mut media, mut peer, _task) = session(&config, 4096);
    let mut digits = media.digits();
    let bytes = [audio(Format::SLIN16, 700, 320), vec![3, 0, 1, b'5'], audio(Format::SLIN16, 800, 320)].concat();
    for byte in bytes {
        peer.write_all(&[byte]).await.unwrap();
    }
    for value in [700, 800] {
        let frame = media.recv().await.unwrap().unwrap();
        assert_eq!((frame.samples(), frame.format()), (&[value; 320][..], Format::SLIN16));
    }
    assert_eq!(digits.recv().await, Ok('5'));
    peer.write_all(&frame::HANG_UP).await.unwrap();
    assert!(media.recv().await.unwrap().is_none());
    assert_eq!(media.stats().received, 2);
    assert!(media.write(&[1; 160]).await.unwrap_err().is_ended());
}

/// How a session ends whose peer sends these bytes, and then closes the connection.
async fn end_after(bytes: &[u8]) -> Result<(), MediaError> {
    let (mut media, mut peer, task) = slin();
    peer.write_all(bytes).await.unwrap();
    peer.shutdown().await.unwrap();
    let end = loop {
        match media.recv().await.map(|frame| frame.is_some()) {
            Ok(true) => {}
            end => break end.map(drop),
        }
    };
    task.await.unwrap();
    assert!(media.recv().await.unwrap().is_none());
    end
}

#[tokio::test(start_paused = true)]
async fn faults_of_the_peer_end_the_session_with_their_reason() {
    let sound = audio(Format::SLIN, 1, 160);
    end_after(&[]).await.unwrap();
    end_after(&sound).await.unwrap();
    let faults: [(&[u8], &str); 9] = [
        (&sound[..100], "closed the connection within a frame"),
        (&sound[..2], "closed the connection within a frame"),
        (&[0x10, 0, 0], "0 bytes"),
        (&[0x10, 0, 3, 1, 2, 3], "3 bytes"),
        (&[0x2A, 0, 0], "unknown kind 0x2a"),
        (&[0x18, 0, 2, 1, 2], "above 48 kHz"),
        (b"GET / HTTP/1.1\r\n", "unknown kind 0x47"),
        (&[vec![1, 0, 16], vec![7; 16]].concat(), "second UUID"),
        (&[&sound[..], &audio(Format::SLIN16, 1, 320)].concat(), "slin16 after slin"),
    ];
    for (bytes, reason) in faults {
        let error = end_after(bytes).await.unwrap_err();
        assert!(matches!(error, MediaError::Protocol(_)) && error.to_string().contains(reason), "{error}");
    }
    let error = end_after(&[0xFF, 0, 1, 4]).await.unwrap_err();
    assert!(matches!(&error, MediaError::Peer(fault) if fault.contains("out of memory")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn peer_that_stops_within_a_frame_is_given_up_even_if_it_trickles() {
    let (mut media, mut peer, _task) = slin();
    let trickling = tokio::spawn(async move {
        for byte in audio(Format::SLIN, 1, 160) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if peer.write_all(&[byte]).await.is_err() {
                break;
            }
        }
    });
    let start = Instant::now();
    assert!(matches!(media.recv().await.map(drop), Err(MediaError::Timeout("the rest of a frame did not come"))));
    assert_eq!(start.elapsed(), STALL + Duration::from_millis(100));
    trickling.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn peer_that_does_not_read_is_given_up() {
    let (mut media, peer, _task) = session(&MediaConfig::new(Format::SLIN).fill_silence(false), 1000);
    let start = Instant::now();
    media.write(&[1; 8_000]).await.unwrap();
    let error = media.recv().await.map(drop).unwrap_err();
    assert!(matches!(error, MediaError::Timeout("the peer does not read what it is sent")), "{error}");
    assert_eq!((start.elapsed(), media.stats().sent), (FRAME * 3 + STALL, 3));
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn peer_that_floods_is_ended_with_bounded_memory_and_a_burst_is_not() {
    let (mut media, mut peer, _task) = slin();
    let second = audio(Format::SLIN, 1, 8_000);
    for _ in 0..10 {
        peer.write_all(&second).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    peer.write_all(&second).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(media.stats().dropped, 9 * 50);
    for _ in 0..100 {
        media.recv().await.unwrap().unwrap();
    }
    let digits = [3, 0, 1, b'1'].repeat(100);
    while peer.write_all(&digits).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = media.recv().await.map(drop).unwrap_err();
    assert!(error.to_string().contains("more sound than time passes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn silence_earns_no_credit_for_a_flood() {
    let (mut media, peer, _task) = slin();
    let (mut reader, mut peer) = tokio::io::split(peer);
    tokio::spawn(async move { tokio::io::copy(&mut reader, &mut tokio::io::sink()).await });
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let second = audio(Format::SLIN, 1, 8_000);
    for _ in 0..15 {
        // The last ones may meet a closed connection.
        let _ = peer.write_all(&second).await;
        tokio::task::yield_now().await;
    }
    let error = loop {
        match media.recv().await {
            Ok(frame) => assert!(frame.is_some(), "a flood is an error"),
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("more sound than time passes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn reset_connection_is_a_hang_up_and_a_cancelled_task_is_a_failure() {
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe] {
        hung_up(io::Error::from(kind).into()).unwrap();
    }
    assert!(hung_up(io::Error::from(io::ErrorKind::TimedOut).into()).is_err());
    let (mut media, _peer, task) = slin();
    tokio::task::yield_now().await;
    task.abort();
    assert!(matches!(media.recv().await, Err(MediaError::Io(_))));
}

#[tokio::test(start_paused = true)]
async fn sound_that_runs_out_is_one_underrun_and_goes_on_at_once() {
    let (media, mut peer, _task) = slin();
    let reading = tokio::spawn(async move { read_all(&mut peer).await });
    let sound = futures_util::stream::unfold(0_i16, |value| async move {
        if value == 1 {
            tokio::time::sleep(Duration::from_millis(90)).await;
        }
        (value < 2).then(|| (vec![value; 160], value + 1))
    });
    media.play(Audio::stream(8_000, sound)).await.unwrap();
    let stats = media.stats();
    assert_eq!((stats.underruns, stats.late), (1, 0));
    media.close();
    assert_eq!(reading.await.unwrap(), [(Duration::ZERO, 0), (Duration::from_millis(90), 1)]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_sent_now_and_then_while_the_program_says_nothing() {
    let (media, mut peer, _task) = slin();
    let reading = tokio::spawn(async move { read_all(&mut peer).await });
    tokio::time::sleep(Duration::from_millis(225)).await;
    media.play(Audio::samples(8_000, vec![1; 320])).await.unwrap();
    let stats = media.stats();
    media.close();
    assert_eq!((stats.sent, stats.late, stats.underruns), (2, 0, 0));
    // The sound waits until the last frame of silence is over.
    let expected = [(100, 0), (220, 0), (240, 1), (260, 1)].map(|(at, value)| (Duration::from_millis(at), value));
    assert_eq!(reading.await.unwrap(), expected);
}

#[tokio::test]
async fn socket_options_are_taken_in_every_format() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    for format in [Format::SLIN, Format::SLIN48] {
        prepare(&stream, format).unwrap();
    }
    assert!(stream.nodelay().unwrap());
}

//! The listener, against scripted peers.

use std::collections::HashSet;

use tokio::io::AsyncWriteExt as _;

use super::*;
use crate::audio::Audio;
use crate::format::Format;

const SECOND: Duration = Duration::from_secs(1);

async fn connect(listener: &AudioSocketListener, uuid: Uuid) -> TcpStream {
    let mut peer = TcpStream::connect(listener.local_addr()).await.unwrap();
    peer.write_all(&[&[1, 0, 16], &uuid.as_bytes()[..]].concat()).await.unwrap();
    peer
}

/// Reads until the listener closes the connection.
async fn is_closed(mut peer: TcpStream) -> bool {
    let mut rest = Vec::new();
    matches!(tokio::time::timeout(SECOND * 10, peer.read_to_end(&mut rest)).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn expected_connection_becomes_a_session_that_echoes() {
    let listener = AudioSocketListener::bind("127.0.0.1:0").await.unwrap();
    let uuid = Uuid::from_u128(1);
    let expected = listener.expect(uuid, Format::SLIN).unwrap();
    let mut peer = connect(&listener, uuid).await;
    let mut media = expected.media(SECOND).await.unwrap();
    assert_eq!(listener.open_sessions(), 1);

    let mut sent = Vec::new();
    frame::encode(0x10, &[1234; 160], &mut sent);
    peer.write_all(&sent).await.unwrap();
    let samples = media.recv().await.unwrap().unwrap().samples().to_vec();
    media.play(Audio::samples(8_000, samples)).await.unwrap();
    let mut received = vec![0; sent.len()];
    peer.read_exact(&mut received).await.unwrap();
    assert_eq!(received, sent);

    media.close();
    let mut rest = Vec::new();
    peer.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, frame::HANG_UP);
    drop(peer);
    while listener.open_sessions() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn unknown_repeated_and_malformed_introductions_are_refused() {
    let listener = AudioSocketListener::bind("127.0.0.1:0").await.unwrap();
    let uuid = Uuid::from_u128(1);
    let expected = listener.expect(uuid, Format::SLIN).unwrap();
    assert!(is_closed(connect(&listener, Uuid::from_u128(2)).await).await);
    for bytes in [&b"GET / HTTP/1.1\r\n\r\n\r\n\r\n"[..], &[0x10, 0, 16], &[0; 19], &[1, 0, 15], &[]] {
        let mut peer = TcpStream::connect(listener.local_addr()).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        peer.shutdown().await.unwrap();
        assert!(is_closed(peer).await, "{bytes:?}");
    }
    let _peer = connect(&listener, uuid).await;
    let _media = expected.media(SECOND).await.unwrap();
    assert!(is_closed(connect(&listener, uuid).await).await);
    drop(listener.expect(uuid, Format::SLIN).unwrap());
    assert!(is_closed(connect(&listener, uuid).await).await);
}

#[tokio::test]
async fn admitted_connections_are_accepted_with_their_own_format() {
    let admit = |uuid: &Uuid| match uuid.as_u128() {
        1 => Some(MediaConfig::new(Format::SLIN)),
        2 => Some(MediaConfig::new(Format::SLIN48)),
        3 => Some(MediaConfig::new(Format::ULAW)),
        _ => None,
    };
    let listener = AudioSocketListener::builder().admit(admit).max_sessions(2).bind("127.0.0.1:0").await.unwrap();
    assert!(is_closed(connect(&listener, Uuid::from_u128(3)).await).await);
    assert!(is_closed(connect(&listener, Uuid::from_u128(4)).await).await);
    let peers = [connect(&listener, Uuid::from_u128(1)).await, connect(&listener, Uuid::from_u128(2)).await];
    let mut media = Vec::new();
    for _ in &peers {
        media.push(listener.accept().await.unwrap());
    }
    let formats: HashSet<_> = media.iter().map(|(uuid, media)| (uuid.as_u128(), media.format())).collect();
    assert_eq!(formats, HashSet::from([(1, Format::SLIN), (2, Format::SLIN48)]));
    assert!(is_closed(connect(&listener, Uuid::from_u128(1)).await).await, "the limit of sessions");
}

#[tokio::test]
async fn one_bad_peer_does_not_disturb_another() {
    let listener =
        AudioSocketListener::builder().admit(|_| Some(Format::SLIN.into())).bind("127.0.0.1:0").await.unwrap();
    let mut good_peer = connect(&listener, Uuid::from_u128(1)).await;
    let (_, mut good) = listener.accept().await.unwrap();
    let mut bad_peer = connect(&listener, Uuid::from_u128(2)).await;
    let (_, mut bad) = listener.accept().await.unwrap();

    bad_peer.write_all(&[0x2A, 0, 0]).await.unwrap();
    assert!(matches!(bad.recv().await, Err(MediaError::Protocol(_))));
    let mut sound = Vec::new();
    frame::encode(0x10, &[5; 160], &mut sound);
    good_peer.write_all(&sound).await.unwrap();
    assert_eq!(good.recv().await.unwrap().unwrap().samples(), [5; 160]);
}

#[tokio::test]
async fn formats_that_the_protocol_does_not_have_are_refused_with_those_that_it_has() {
    let listener = AudioSocketListener::bind("127.0.0.1:0").await.unwrap();
    for format in [Format::ULAW, Format::ALAW, Format::G722] {
        let error = listener.expect(Uuid::nil(), format).err().unwrap().to_string();
        assert!(error.contains("does not carry") && error.contains("slin, slin12, slin16"), "{error}");
    }
    assert!(listener.expect(Uuid::nil(), MediaConfig::new(Format::SLIN).rate(1)).is_err());
}

#[tokio::test]
async fn dropped_listener_keeps_its_sessions_and_gives_up_what_it_expects() {
    let listener = AudioSocketListener::bind("127.0.0.1:0").await.unwrap();
    let first = listener.expect(Uuid::from_u128(1), Format::SLIN).unwrap();
    let second = listener.expect(Uuid::from_u128(2), Format::SLIN).unwrap();
    let mut peer = connect(&listener, Uuid::from_u128(1)).await;
    let mut media = first.media(SECOND).await.unwrap();
    drop(listener);
    assert!(second.media(SECOND).await.err().unwrap().is_ended());
    let mut sound = Vec::new();
    frame::encode(0x10, &[5; 160], &mut sound);
    peer.write_all(&sound).await.unwrap();
    assert_eq!(media.recv().await.unwrap().unwrap().samples(), [5; 160]);
}

use super::*;
use crate::{Method, Operation};

const PING: Operation = Operation { resource: "asterisk", name: "ping", method: Method::Get, path: "/asterisk/ping" };

fn request() -> Request {
    Request::of(&PING)
}

fn up() -> RestClient {
    let rest = RestClient::new(&[]);
    rest.up();
    rest
}

#[test]
fn requests_that_wait_to_be_sent_are_bounded() {
    let (rest, request) = (up(), request());
    let far = Instant::now() + Duration::from_secs(60);
    let mut pending = Vec::new();
    let error = loop {
        match rest.submit("", &request, far) {
            Ok(submitted) => pending.push(submitted),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error}");
    assert!(rest.lock().unsent_bytes <= MOST_UNSENT && pending.len() > 1000);
    // Giving up makes room again, and leaves nothing behind.
    pending.truncate(1);
    assert!(rest.submit("", &request, far).is_ok());
    drop(pending);
    let state = rest.lock();
    assert_eq!((state.unsent_bytes, state.unsent.len(), state.waiting.len()), (0, 0, 0));
}

#[test]
fn lost_requests_say_whether_they_were_sent() {
    let (rest, request) = (up(), request());
    let far = Instant::now() + Duration::from_secs(60);
    let mut replies: Vec<_> = (0..4).map(|_| rest.submit("", &request, far).unwrap()).collect();
    rest.take_unsent().unwrap();
    rest.take_unsent().unwrap();
    rest.down(&DisconnectReason::PingTimeout);
    let sent = replies.iter_mut().map(|(_, reply)| match reply.try_recv() {
        Ok(Outcome::Lost { sent, .. }) => sent,
        _ => panic!("not lost"),
    });
    assert_eq!(sent.collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn busy_time_starts_again_only_with_a_reply() {
    let (rest, request) = (up(), request());
    let now = Instant::now();
    let until = |seconds| now + Duration::from_secs(seconds);
    let submitted: Vec<_> = [1, 2, 3].into_iter().map(|at| rest.submit("", &request, until(at)).unwrap()).collect();
    assert_eq!(rest.unanswered_until(), None, "nothing is sent yet");
    rest.take_unsent().unwrap();
    rest.take_unsent().unwrap();
    assert_eq!(rest.unanswered_until(), Some(until(1)));
    let reply = r#"{"type":"RESTResponse","request_id":"0","status_code":204}"#;
    assert!(rest.take_reply(&reply.into()));
    assert_eq!(rest.unanswered_until(), Some(until(2)));
    assert!(rest.take_reply(&reply.replace("\"0\"", "\"1\"").into()));
    assert_eq!(rest.unanswered_until(), None);
    rest.take_unsent().unwrap();
    drop(submitted);
    // Its caller has given up, but the server may still be busy with it.
    assert_eq!(rest.unanswered_until(), Some(until(3)));
}

#[tokio::test(start_paused = true)]
async fn timeout_of_an_unsent_request_is_no_unknown_outcome() {
    let (rest, request) = (up(), request());
    let limit = Duration::from_secs(1);
    let error = rest.exchange("", &request, limit).await.err().unwrap();
    assert!(matches!(error, Error::Connect { kind: ConnectErrorKind::Busy, .. }), "{error:?}");
    let sending = async { rest.take_unsent().unwrap() };
    let (result, _) = tokio::join!(rest.exchange("", &request, limit), sending);
    let error = result.err().unwrap();
    assert!(matches!(error, Error::OutcomeUnknown { timed_out: true, .. }), "{error:?}");
}

#[test]
fn sent_requests_make_room() {
    let (rest, request) = (up(), request());
    let submitted = rest.submit("", &request, Instant::now()).unwrap();
    assert_ne!(rest.lock().unsent_bytes, 0);
    rest.take_unsent().unwrap();
    assert_eq!(rest.lock().unsent_bytes, 0);
    drop(submitted);
    assert_eq!(rest.lock().unsent_bytes, 0);
}

#[test]
fn closing_connection_does_not_come_up_again() {
    let lost = |rest: &RestClient| {
        rest.take_no_more();
        rest.down(&DisconnectReason::PingTimeout);
    };
    for end in [lost, RestClient::close] {
        let (rest, request) = (up(), request());
        let far = Instant::now() + Duration::from_secs(60);
        let (_pending, mut reply) = rest.submit("", &request, far).unwrap();
        end(&rest);
        rest.up();
        assert!(!rest.is_open() && rest.submit("", &request, far).is_err());
        assert!(matches!(reply.try_recv(), Ok(Outcome::Lost { sent: false, .. })));
    }
}

#[test]
fn replies_to_requests_of_others_are_events() {
    let (rest, request) = (up(), request());
    let reply = |id: &str| format!(r#"{{"type":"RESTResponse","request_id":"{id}","status_code":204}}"#).into();
    assert!(!rest.take_reply(&reply("0")));
    let _submitted = rest.submit("", &request, Instant::now()).unwrap();
    for id in ["1", "x", ""] {
        assert!(!rest.take_reply(&reply(id)), "{id}");
    }
    assert!(rest.take_reply(&reply("0")));
}

use super::*;
use crate::generated::surface::OPERATIONS;
use crate::surface::table::Location;
use http::Method;

const NEW: Release = Release::new(22, 10, 1);
const OLD: Release = Release::new(16, 28, 0);

fn request(method: &str, target: &str) -> RawRequest {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    RawRequest {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        path: path.to_owned(),
        query,
        content_type: None,
        body: bytes::Bytes::new(),
    }
}

fn with_body(target: &str, content_type: &str, body: &str) -> RawRequest {
    let content_type = Some(content_type.to_owned());
    RawRequest { content_type, body: body.to_owned().into(), ..request("POST", target) }
}

fn json(target: &str, body: &str) -> RawRequest {
    with_body(target, "application/json", body)
}

fn read(request: &RawRequest) -> Call {
    Surface::new(NEW, &[]).read(request).unwrap_or_else(|refusal| panic!("{request:?}: {refusal:?}"))
}

fn refused(request: &RawRequest) -> Reply {
    match Surface::new(NEW, &[]).read(request) {
        Ok(call) => panic!("{request:?}: {call:?}"),
        Err(refusal) => refusal,
    }
}

fn called(method: &str, target: &str) -> String {
    read(&request(method, target)).operation.full_name()
}

#[test]
fn every_operation_of_a_release_is_found() {
    for release in [OLD, NEW] {
        let surface = Surface::new(release, &[]);
        for operation in OPERATIONS.iter().filter(|operation| operation.is_in(release)) {
            let path = operation.path.replace('{', "an ").replace('}', " id").replace(' ', "%20");
            let found = surface.routes.find(&request(operation.method, &path));
            let (found, arguments) = found.unwrap_or_else(|refusal| panic!("{operation:?}: {refusal:?}"));
            assert_eq!(found, operation);
            let parameters = operation.parameters.iter().filter(|parameter| parameter.location == Location::Path);
            for parameter in parameters {
                let value = arguments.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.as_str());
                assert_eq!(value, Some(format!("an {} id", parameter.name).as_str()), "{}", operation.full_name());
            }
        }
    }
}

#[test]
fn literal_segment_takes_precedence() {
    assert_eq!(called("POST", "/channels/create?endpoint=x"), "channels.create");
    assert_eq!(called("POST", "/channels/other?endpoint=x"), "channels.originateWithId");
    assert_eq!(refused(&request("GET", "/channels/create")).allow.as_deref(), Some("OPTIONS,POST"));
}

#[test]
fn parameter_passed_by_takes_the_next_segment() {
    let call = read(&request("GET", "/channels/externalMedia/foo"));
    assert_eq!(call.operation.full_name(), "channels.get");
    assert_eq!(call.arguments.text("channelId"), Some("externalMedia"));
    // Declared before the parameter, so that it is found without passing the parameter by.
    assert_eq!(refused(&request("GET", "/channels/create/foo")), Reply::message(404, "Resource not found"));
}

#[test]
fn empty_segment_ends_the_path() {
    assert_eq!(called("GET", "/channels//variable"), "channels.list");
    assert_eq!(called("POST", "/bridges//moh"), "bridges.create");
    assert_eq!(refused(&request("GET", "//channels")).allow.as_deref(), Some("OPTIONS"));
}

#[test]
fn trailing_slash_is_refused() {
    let message = "ARI URLs do not end with a slash. Try /ari/channels/x";
    assert_eq!(refused(&request("GET", "/channels/x/")), Reply::message(404, message));
    assert_eq!(refused(&request("GET", "/")).status, 405);
}

#[test]
fn wrong_method_names_the_right_ones() {
    let refusal = refused(&request("PATCH", "/channels/x"));
    assert_eq!((refusal.status, refusal.allow.as_deref()), (405, Some("OPTIONS,GET,POST,DELETE")));
    let options = refused(&request("OPTIONS", "/channels"));
    assert_eq!((options.status, options.allow.as_deref()), (204, Some("OPTIONS,GET,POST")));
    assert_eq!(refused(&request("OPTIONS", "/events")).allow.as_deref(), Some("OPTIONS"));
}

#[test]
fn operation_of_a_later_release_is_not_found() {
    let variables = request("GET", "/channels/x/variables?variables=a");
    let refusal = Surface::new(OLD, &[]).read(&variables).unwrap_err();
    assert_eq!(refusal, Reply::message(404, "Resource not found"));
    assert_eq!(read(&variables).operation.full_name(), "channels.getChannelVars");
    assert!(Surface::new(Release::new(99, 0, 0), &[]).read(&variables).is_ok());
}

#[test]
fn parameter_of_a_later_release_is_ignored() {
    let report = request("POST", "/channels/x/variable?variable=a&report_events=yes");
    assert_eq!(read(&report).arguments.flag("report_events"), Some(true));
    let call = Surface::new(OLD, &[]).read(&report).unwrap();
    assert_eq!(call.arguments.flag("report_events"), None);
}

#[test]
fn operations_of_an_absent_module_are_not_found() {
    let mailboxes = request("GET", "/mailboxes");
    assert!(Surface::new(NEW, &[]).read(&mailboxes).is_ok());
    let absent = ["res_stasis_mailbox".to_owned()];
    assert_eq!(Surface::new(NEW, &absent).read(&mailboxes).unwrap_err().status, 404);
}

#[test]
fn query_values_are_read_by_their_kind() {
    let call = read(&request("POST", "/channels?endpoint=a&endpoint=b+c&timeout=12s&variables=x&app="));
    assert_eq!(call.arguments.text("endpoint"), Some("b c"));
    assert_eq!(call.arguments.number("timeout"), Some(12));
    assert_eq!(call.arguments.text("app"), Some(""));
    assert_eq!(call.arguments.text("label"), None);
    assert_eq!(call.arguments.body(), None);
    let call = read(&request("POST", "/channels/x/play?media=sound:a,sound:b"));
    assert_eq!(call.arguments.texts("media"), ["sound:a", "sound:b"]);
    let many = format!("/channels/x/play?media={}", vec!["a"; 128].join(","));
    assert_eq!(refused(&request("POST", &many)), Reply::message(400, "Too many values for media"));
}

#[test]
fn json_members_override_the_query() {
    let call = read(&json("/channels?endpoint=a&timeout=1", r#"{"endpoint":"b","timeout":"2","variables":{"A":"1"}}"#));
    assert_eq!(call.arguments.text("endpoint"), Some("b"));
    assert_eq!(call.arguments.number("timeout"), Some(0));
    assert_eq!(call.arguments.object("variables").unwrap()["A"], "1");
    assert_eq!(refused(&json("/channels?endpoint=a", r#"{"endpoint":5}"#)).status, 400);
    let call = read(&json("/channels/x/play?media=a", r#"{"media":["sound:a,b","c"]}"#));
    assert_eq!(call.arguments.texts("media"), ["sound:a,b", "c"]);
}

#[test]
fn bare_variables_override_the_query_too() {
    let call = read(&json("/bridges?name=a", r#"{"name":"b"}"#));
    assert_eq!(call.arguments.text("name"), Some("b"));
    assert_eq!(call.arguments.body().unwrap()["name"], "b");
}

#[test]
fn body_is_read_by_its_type() {
    let parse = Reply::message(400, "Error parsing request body");
    for body in ["{", "5", "null", "\"x\"", "{\"a\":1}x", "{\"a\":\"\\u0000\"}"] {
        assert_eq!(refused(&json("/channels?endpoint=a", body)), parse, "{body}");
        assert_eq!(read(&with_body("/channels?endpoint=a", "text/plain", body)).arguments.body(), None);
    }
    assert!(
        read(&with_body("/channels?endpoint=a", "Application/JSON; charset=utf-8", "[1]")).arguments.body().is_some()
    );
    let form = "application/x-www-form-urlencoded";
    assert_eq!(read(&with_body("/channels", form, "endpoint=a%20b")).arguments.text("endpoint"), Some("a b"));
    assert_eq!(refused(&with_body("/channels?endpoint=", form, "endpoint=a")).status, 400);
}

#[test]
fn event_connection_requires_an_upgrade() {
    assert_eq!(refused(&request("GET", "/events?app=a")).status, 426);
}

#[test]
fn missing_parameter_is_named() {
    let variable = Reply::message(400, "Variable name is required");
    assert_eq!(refused(&request("GET", "/channels/x/variable")), variable);
    assert_eq!(refused(&request("GET", "/channels/x/variable?variable=")), variable);
    assert_eq!(refused(&request("POST", "/playbacks/x/control")), Reply::message(400, "Missing operation"));
    assert_eq!(refused(&request("POST", "/playbacks/x/control?operation=")), Reply::message(400, "Invalid operation "));
    let endpoint = Reply::message(400, "Endpoint must be specified");
    assert_eq!(refused(&json("/channels", r#"{"variables":{"a":{"value":"x"}}}"#)), endpoint);
}

#[test]
fn values_that_need_no_state_are_checked() {
    for (target, message) in [
        ("/channels/x/snoop?app=y", "Direction must be specified for at least spy or whisper"),
        ("/channels/x/snoop?app=y&whisper=bogus", "Invalid direction specified for whisper"),
        ("/channels/x/snoop?spy=in", "Application name is required"),
        ("/channels/x/record?maxDurationSeconds=-1", "max_duration_seconds cannot be negative"),
        ("/channels/x/variables", "The 'variables' field is required"),
    ] {
        assert_eq!(refused(&request("POST", target)), Reply::message(400, message), "{target}");
    }
}

#[test]
fn values_of_variables_are_checked_by_release() {
    let text = Reply::message(400, "Only string values in the 'variables' object allowed");
    let object = json("/channels?endpoint=a", r#"{"variables":{"a":{"value":"x","report_events":true}}}"#);
    assert!(Surface::new(NEW, &[]).read(&object).is_ok());
    assert_eq!(Surface::new(OLD, &[]).read(&object).unwrap_err(), text);
    for (body, message) in [
        (r#"{"variables":{"a":{"value":5}}}"#, "Each object value in 'variables' must include string field 'value'"),
        (
            r#"{"variables":{"a":5}}"#,
            "Each value in 'variables' must be a string or an object with 'value' and optional 'report_events'",
        ),
    ] {
        assert_eq!(refused(&json("/channels", body)), Reply::message(400, message), "{body}");
    }
}

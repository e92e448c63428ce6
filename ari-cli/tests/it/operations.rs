use crate::run::{Done, Server, program, run};

/// The request that a command would send.
fn curl(arguments: &[&str]) -> Done {
    run(program().args(["--url", "http://pbx/ari", "--dry-run"]).args(arguments))
}

/// The rest of the curl command behind the user.
fn request(arguments: &[&str]) -> String {
    let done = curl(arguments);
    let Some((_, request)) = done.stdout.trim_end().split_once("-X ") else { panic!("{done:?}") };
    request.replace("'http://pbx/ari/", "'")
}

#[test]
fn parameters_are_words_or_options() {
    let words = request(&["channels", "originate", "PJSIP/alice", "--app", "hello", "--caller-id", "Desk <100>"]);
    assert_eq!(words, "POST 'channels?endpoint=PJSIP%2Falice&app=hello&callerId=Desk%20%3C100%3E'");
    let options = request(&["channels", "originate", "--endpoint", "PJSIP/alice", "--app", "hello"]);
    assert_eq!(options, "POST 'channels?endpoint=PJSIP%2Falice&app=hello'");
    assert_eq!(
        request(&["bridges", "play", "B 1", "sound:beep", "digits:42"]),
        "POST 'bridges/B%201/play?media=sound%3Abeep%2Cdigits%3A42'"
    );
    assert_eq!(
        request(&["device-states", "update", "Stasis:a", "BUSY"]),
        "PUT 'deviceStates/Stasis%3Aa?deviceState=BUSY'"
    );
}

#[test]
fn commands_have_the_names_of_the_wire_too() {
    assert_eq!(request(&["deviceStates", "list"]), "GET 'deviceStates'");
    assert_eq!(request(&["channels", "ringStop", "1"]), "DELETE 'channels/1/ring'");
}

#[test]
fn truth_values_need_no_value() {
    assert_eq!(
        request(&["bridges", "add-channel", "B", "1", "2", "--mute"]),
        "POST 'bridges/B/addChannel?channel=1%2C2&mute=true'"
    );
    assert_eq!(
        request(&["bridges", "add-channel", "B", "1", "--mute=false"]),
        "POST 'bridges/B/addChannel?channel=1&mute=false'"
    );
}

#[test]
fn bodies_are_made_of_pairs_and_json() {
    let expected = "POST 'channels?endpoint=Local%2F1' -H 'Content-Type: application/json' \
                    -d '{\"variables\":{\"A\":\"1\",\"B\":\"x=y\"}}'";
    let originate = ["channels", "originate", "Local/1", "--variables", "{\"A\": \"1\"}", "--variable", "B=x=y"];
    assert_eq!(request(&originate), expected);
    assert_eq!(
        request(&["channels", "set-channel-vars", "1", "A=1", "B=2"]),
        "POST 'channels/1/variables' -H 'Content-Type: application/json' -d '{\"variables\":{\"A\":\"1\",\"B\":\"2\"}}'"
    );
    assert_eq!(
        request(&["asterisk", "update-object", "res_pjsip", "endpoint", "a", "--field", "context=x"]),
        "PUT 'asterisk/config/dynamic/res_pjsip/endpoint/a' -H 'Content-Type: application/json' \
         -d '{\"fields\":[{\"attribute\":\"context\",\"value\":\"x\"}]}'"
    );
    assert_eq!(
        request(&["applications", "filter", "a", "--filter", "{\"allowed\": []}"]),
        "PUT 'applications/a/eventFilter' -H 'Content-Type: application/json' -d '{\"allowed\":[]}'"
    );
    let broken = curl(&["channels", "originate", "Local/1", "--variables", "[1]", "--variable", "B=2"]);
    assert_eq!(broken.status, 2, "{broken:?}");
}

#[test]
fn wrong_arguments_are_refused_with_a_suggestion() {
    for (arguments, words) in [
        (&["channel", "list"][..], "channels"),
        (&["channels", "anser", "1"], "answer"),
        (&["channels", "originate"], "<ENDPOINT>"),
        (&["channels", "mute", "1", "--direction", "boht"], "both"),
        (&["channels", "originate", "Local/1", "--timeout", "99999999999"], "99999999999"),
        (&["channels", "originate", "Local/1", "--variable", "A"], "KEY=VALUE"),
    ] {
        let done = curl(arguments);
        assert_eq!(done.status, 2, "{done:?}");
        assert!(done.stderr.contains(words), "{done:?}");
    }
}

#[test]
fn what_the_release_lacks_is_said() {
    let server = Server::with(|builder| builder.release("16.30.1"));
    let operation = server.ari(&["channels", "progress", "1"]);
    assert_eq!(operation.status, 8, "{operation:?}");
    assert!(operation.stderr.contains("Asterisk 16.30.1 has no operation channels.progress; it came with 20.16.0"));
    let parameter = server.ari(&["channels", "set-channel-var", "1", "A", "--report-events"]);
    assert_eq!(parameter.status, 8, "{parameter:?}");
}

#[test]
fn a_missing_object_names_the_command_that_lists_them() {
    let server = Server::start();
    let done = server.ari(&["channels", "answer", "none"]);
    assert_eq!(done.status, 3, "{done:?}");
    assert!(done.stderr.contains("remedy: `ari channels list`"), "{done:?}");
}

#[test]
fn requests_travel_over_a_websocket_on_request() {
    let server = Server::start();
    let done = server.ari(&["--websocket", "asterisk", "ping", "--jq", ".ping"]);
    assert_eq!((done.status, done.stdout.as_str()), (0, "pong\n"), "{done:?}");
}

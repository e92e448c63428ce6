use crate::run::{Done, program, run};

fn explain(arguments: &[&str]) -> Done {
    run(program().env("COLUMNS", "80").arg("explain").args(arguments))
}

#[test]
fn an_operation_is_explained_with_examples() {
    let done = explain(&["channels.setChannelVar"]);
    for expected in [
        "channels.setChannelVar (operation)   POST /channels/{channelId}/variable\n",
        "Since     Asterisk 16.0 or earlier; in all supported releases\n",
        "Answers   204, nothing\n",
        "\nErrors\n  400  ",
        "  variable  text, required\n",
        "  report_events  true or false, default false, since 20.20, 22.10, 23.4\n",
        "\nExample: ari\n  ari channels set-channel-var 1700000000.1 LANG\n",
        "\nExample: curl\n  curl -sS -u \"asterisk:$ARI_PASSWORD\" -X POST \
         'http://localhost:8088/ari/channels/1700000000.1/variable?variable=LANG'\n",
        "\nExample: Rust\n  ari.channel(\"1700000000.1\").set_channel_var(",
    ] {
        assert!(done.stdout.contains(expected), "{expected}\n{}{}", done.stdout, done.stderr);
    }
}

#[test]
fn a_property_has_its_values_and_where_they_are_missing() {
    let done = explain(&["Playback.state"]);
    assert!(done.stdout.starts_with("Playback.state (property)\n\nThe state of the playback.\n"), "{done:?}");
    assert!(done.stdout.contains("\n  paused            The playback is paused."), "{done:?}");
    let json = explain(&["Playback.state", "--jq", ".values[].value"]);
    assert!(json.stdout.lines().any(|line| line == "failed"), "{json:?}");
}

#[test]
fn events_models_and_resources_list_their_parts() {
    let event = explain(&["StasisStart"]);
    assert!(event.stdout.contains("\n  replace_channel  Channel\n"), "{event:?}");
    assert!(event.stdout.contains("\n  application  string, always\n"), "inherited: {event:?}");
    let model = explain(&["Playback"]);
    assert!(model.stdout.contains("\nUsed by\n  bridges.play, "), "{model:?}");
    let resource = explain(&["device-states"]);
    assert!(
        resource.stdout.contains("deviceStates (resource)")
            && resource.stdout.contains("Needs     res_stasis_device_state")
    );
}

#[test]
fn what_some_releases_lack_is_said() {
    let done = explain(&["channels", "progress"]);
    let flat = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let expected =
        "Since Asterisk 20.16, 21.11, 22.6, 23.0; in 20.20.1, 21.12.3, 22.10.1, 23.4.1, not in 16.30.1, 18.26.4 ";
    assert!(flat.contains(expected), "{done:?}");
    let json = explain(&["channels.progress", "--jq", ".releases.\"16.30.1\""]);
    assert_eq!(json.stdout, "false\n");
}

#[test]
fn an_unknown_name_has_suggestions() {
    let done = explain(&["chanels.play"]);
    assert_eq!((done.status, done.stdout.as_str()), (3, ""));
    assert!(done.stderr.contains("ARI has no `chanels.play`") && done.stderr.contains("did you mean channels.play"));
    assert!(explain(&["originate"]).stderr.contains("did you mean channels.originate"));
    assert_eq!(explain(&[]).status, 2);
}

use ari_bindings::{Client, VariableValue};

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.bridges().list().into_request(), &["GET bridges"]),
        row(
            ari.bridges()
                .create()
                .r#type("mixing,dtmf_events")
                .bridge_id("br/1 +%ü")
                .name("dir/new+1 é")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST bridges",
                "?type=mixing%2Cdtmf_events",
                "&bridgeId=br%2F1%20%2B%25%C3%BC",
                "&name=dir%2Fnew%2B1%20%C3%A9",
                r#" {"A":"1 + ü","B":{"report_events":true,"value":"2"}}"#,
            ],
        ),
        row(
            ari.bridges()
                .create_with_id("br/1 +%ü")
                .r#type("mixing,dtmf_events")
                .name("dir/new+1 é")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC",
                "?type=mixing%2Cdtmf_events",
                "&name=dir%2Fnew%2B1%20%C3%A9",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(ari.bridges().get("br/1 +%ü").into_request(), &["GET bridges/br%2F1%20%2B%25%C3%BC"]),
        row(ari.bridges().destroy("br/1 +%ü").into_request(), &["DELETE bridges/br%2F1%20%2B%25%C3%BC"]),
        row(
            ari.bridges().get_bridge_var("br/1 +%ü", "CALLERID(num)").into_request(),
            &["GET bridges/br%2F1%20%2B%25%C3%BC/variable", "?variable=CALLERID%28num%29"],
        ),
        row(
            ari.bridges()
                .set_bridge_var("br/1 +%ü", "CALLERID(num)")
                .value("50% + 1 & ü")
                .report_events(true)
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/variable",
                "?variable=CALLERID%28num%29",
                "&value=50%25%20%2B%201%20%26%20%C3%BC",
                "&report_events=true",
            ],
        ),
        row(
            ari.bridges().get_bridge_vars("br/1 +%ü", ["FOO", "SHELL(a,b)"]).into_request(),
            &["GET bridges/br%2F1%20%2B%25%C3%BC/variables", "?variables=FOO%2CSHELL%5C%28a%5C%2Cb%5C%29"],
        ),
        row(
            ari.bridges()
                .set_bridge_vars("br/1 +%ü", [("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/variables",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.bridges()
                .add_channel("br/1 +%ü", ["ch/1", "ch,2"])
                .role("participant")
                .absorb_dtmf(true)
                .mute(true)
                .inhibit_connected_line_updates(true)
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/addChannel",
                "?channel=ch%2F1%2Cch%5C%2C2",
                "&role=participant",
                "&absorbDTMF=true",
                "&mute=true",
                "&inhibitConnectedLineUpdates=true",
            ],
        ),
        row(
            ari.bridges().remove_channel("br/1 +%ü", ["ch/1", "ch,2"]).into_request(),
            &["POST bridges/br%2F1%20%2B%25%C3%BC/removeChannel", "?channel=ch%2F1%2Cch%5C%2C2"],
        ),
        row(
            ari.bridges().set_video_source("br/1 +%ü", "ch/1+2 3%é").into_request(),
            &["POST bridges/br%2F1%20%2B%25%C3%BC/videoSource/ch%2F1%2B2%203%25%C3%A9"],
        ),
        row(
            ari.bridges().clear_video_source("br/1 +%ü").into_request(),
            &["DELETE bridges/br%2F1%20%2B%25%C3%BC/videoSource"],
        ),
        row(
            ari.bridges().start_moh("br/1 +%ü").moh_class("jazz & blues").into_request(),
            &["POST bridges/br%2F1%20%2B%25%C3%BC/moh", "?mohClass=jazz%20%26%20blues"],
        ),
        row(ari.bridges().stop_moh("br/1 +%ü").into_request(), &["DELETE bridges/br%2F1%20%2B%25%C3%BC/moh"]),
        row(
            ari.bridges()
                .play("br/1 +%ü", ["sound:a,b", "sound:(c)"])
                .announcer_format("slin16")
                .lang("pt_BR")
                .offsetms(11)
                .skipms(22)
                .playback_id("pb/1")
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/play",
                "?media=sound%3Aa%5C%2Cb%2Csound%3A%5C%28c%5C%29",
                "&announcer_format=slin16",
                "&lang=pt_BR",
                "&offsetms=11",
                "&skipms=22",
                "&playbackId=pb%2F1",
            ],
        ),
        row(
            ari.bridges()
                .play_with_id("br/1 +%ü", "pb/1", ["sound:a,b", "sound:(c)"])
                .announcer_format("slin16")
                .lang("pt_BR")
                .offsetms(33)
                .skipms(44)
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/play/pb%2F1",
                "?media=sound%3Aa%5C%2Cb%2Csound%3A%5C%28c%5C%29",
                "&announcer_format=slin16",
                "&lang=pt_BR",
                "&offsetms=33",
                "&skipms=44",
            ],
        ),
        row(
            ari.bridges()
                .record("br/1 +%ü", "dir/new+1 é", "wav")
                .recorder_format("slin48")
                .max_duration_seconds(55)
                .max_silence_seconds(66)
                .if_exists("append")
                .beep(true)
                .terminate_on("#")
                .into_request(),
            &[
                "POST bridges/br%2F1%20%2B%25%C3%BC/record",
                "?name=dir%2Fnew%2B1%20%C3%A9",
                "&format=wav",
                "&recorder_format=slin48",
                "&maxDurationSeconds=55",
                "&maxSilenceSeconds=66",
                "&ifExists=append",
                "&beep=true",
                "&terminateOn=%23",
            ],
        ),
    ]
}

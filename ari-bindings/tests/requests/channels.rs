use ari_bindings::{Client, VariableValue};

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.channels().list().into_request(), &["GET channels"]),
        row(
            ari.channels()
                .originate("PJSIP/a+b@c d")
                .extension("*99#")
                .context("from-internal & more")
                .priority(77)
                .label("l?=1")
                .app("my app/é")
                .app_args("a,\"b c\",100%")
                .caller_id("\"Zoë\" <+49 30>")
                .timeout(88)
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .channel_id("ch/1+2 3%é")
                .other_channel_id("ch/2")
                .originator("or+1")
                .formats("ulaw,alaw")
                .into_request(),
            &[
                "POST channels",
                "?endpoint=PJSIP%2Fa%2Bb%40c%20d",
                "&extension=%2A99%23",
                "&context=from-internal%20%26%20more",
                "&priority=77",
                "&label=l%3F%3D1",
                "&app=my%20app%2F%C3%A9",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
                "&callerId=%22Zo%C3%AB%22%20%3C%2B49%2030%3E",
                "&timeout=88",
                "&channelId=ch%2F1%2B2%203%25%C3%A9",
                "&otherChannelId=ch%2F2",
                "&originator=or%2B1",
                "&formats=ulaw%2Calaw",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.channels()
                .create("PJSIP/a+b@c d", "my app/é")
                .app_args("a,\"b c\",100%")
                .channel_id("ch/1+2 3%é")
                .other_channel_id("ch/2")
                .originator("or+1")
                .formats("ulaw,alaw")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .into_request(),
            &[
                "POST channels/create",
                "?endpoint=PJSIP%2Fa%2Bb%40c%20d",
                "&app=my%20app%2F%C3%A9",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
                "&channelId=ch%2F1%2B2%203%25%C3%A9",
                "&otherChannelId=ch%2F2",
                "&originator=or%2B1",
                "&formats=ulaw%2Calaw",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(ari.channels().get("ch/1+2 3%é").into_request(), &["GET channels/ch%2F1%2B2%203%25%C3%A9"]),
        row(
            ari.channels()
                .originate_with_id("ch/1+2 3%é", "PJSIP/a+b@c d")
                .extension("*99#")
                .context("from-internal & more")
                .priority(99)
                .label("l?=1")
                .app("my app/é")
                .app_args("a,\"b c\",100%")
                .caller_id("\"Zoë\" <+49 30>")
                .timeout(20)
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .other_channel_id("ch/2")
                .originator("or+1")
                .formats("ulaw,alaw")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9",
                "?endpoint=PJSIP%2Fa%2Bb%40c%20d",
                "&extension=%2A99%23",
                "&context=from-internal%20%26%20more",
                "&priority=99",
                "&label=l%3F%3D1",
                "&app=my%20app%2F%C3%A9",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
                "&callerId=%22Zo%C3%AB%22%20%3C%2B49%2030%3E",
                "&timeout=20",
                "&otherChannelId=ch%2F2",
                "&originator=or%2B1",
                "&formats=ulaw%2Calaw",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.channels().hangup("ch/1+2 3%é").reason_code("16").reason("no_answer").into_request(),
            &["DELETE channels/ch%2F1%2B2%203%25%C3%A9", "?reason_code=16", "&reason=no_answer"],
        ),
        row(
            ari.channels()
                .continue_in_dialplan("ch/1+2 3%é")
                .context("from-internal & more")
                .extension("*99#")
                .priority(31)
                .label("l?=1")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/continue",
                "?context=from-internal%20%26%20more",
                "&extension=%2A99%23",
                "&priority=31",
                "&label=l%3F%3D1",
            ],
        ),
        row(
            ari.channels().r#move("ch/1+2 3%é", "my app/é").app_args("a,\"b c\",100%").into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/move",
                "?app=my%20app%2F%C3%A9",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
            ],
        ),
        row(
            ari.channels().redirect("ch/1+2 3%é", "PJSIP/a+b@c d").into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/redirect", "?endpoint=PJSIP%2Fa%2Bb%40c%20d"],
        ),
        row(ari.channels().answer("ch/1+2 3%é").into_request(), &["POST channels/ch%2F1%2B2%203%25%C3%A9/answer"]),
        row(ari.channels().ring("ch/1+2 3%é").into_request(), &["POST channels/ch%2F1%2B2%203%25%C3%A9/ring"]),
        row(ari.channels().ring_stop("ch/1+2 3%é").into_request(), &["DELETE channels/ch%2F1%2B2%203%25%C3%A9/ring"]),
        row(ari.channels().progress("ch/1+2 3%é").into_request(), &["POST channels/ch%2F1%2B2%203%25%C3%A9/progress"]),
        row(
            ari.channels()
                .send_dtmf("ch/1+2 3%é")
                .dtmf("12*#A")
                .before(42)
                .between(53)
                .duration(64)
                .after(75)
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/dtmf",
                "?dtmf=12%2A%23A",
                "&before=42",
                "&between=53",
                "&duration=64",
                "&after=75",
            ],
        ),
        row(
            ari.channels().mute("ch/1+2 3%é", "in").into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/mute", "?direction=in"],
        ),
        row(
            ari.channels().unmute("ch/1+2 3%é", "in").into_request(),
            &["DELETE channels/ch%2F1%2B2%203%25%C3%A9/mute", "?direction=in"],
        ),
        row(ari.channels().hold("ch/1+2 3%é").into_request(), &["POST channels/ch%2F1%2B2%203%25%C3%A9/hold"]),
        row(ari.channels().unhold("ch/1+2 3%é").into_request(), &["DELETE channels/ch%2F1%2B2%203%25%C3%A9/hold"]),
        row(
            ari.channels().start_moh("ch/1+2 3%é").moh_class("jazz & blues").into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/moh", "?mohClass=jazz%20%26%20blues"],
        ),
        row(ari.channels().stop_moh("ch/1+2 3%é").into_request(), &["DELETE channels/ch%2F1%2B2%203%25%C3%A9/moh"]),
        row(
            ari.channels().start_silence("ch/1+2 3%é").into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/silence"],
        ),
        row(
            ari.channels().stop_silence("ch/1+2 3%é").into_request(),
            &["DELETE channels/ch%2F1%2B2%203%25%C3%A9/silence"],
        ),
        row(
            ari.channels()
                .play("ch/1+2 3%é", ["sound:a,b", "sound:(c)"])
                .lang("pt_BR")
                .offsetms(86)
                .skipms(97)
                .playback_id("pb/1")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/play",
                "?media=sound%3Aa%5C%2Cb%2Csound%3A%5C%28c%5C%29",
                "&lang=pt_BR",
                "&offsetms=86",
                "&skipms=97",
                "&playbackId=pb%2F1",
            ],
        ),
        row(
            ari.channels()
                .play_with_id("ch/1+2 3%é", "pb/1", ["sound:a,b", "sound:(c)"])
                .lang("pt_BR")
                .offsetms(18)
                .skipms(29)
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/play/pb%2F1",
                "?media=sound%3Aa%5C%2Cb%2Csound%3A%5C%28c%5C%29",
                "&lang=pt_BR",
                "&offsetms=18",
                "&skipms=29",
            ],
        ),
        row(
            ari.channels()
                .record("ch/1+2 3%é", "dir/new+1 é", "wav")
                .max_duration_seconds(40)
                .max_silence_seconds(51)
                .if_exists("append")
                .beep(true)
                .terminate_on("#")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/record",
                "?name=dir%2Fnew%2B1%20%C3%A9",
                "&format=wav",
                "&maxDurationSeconds=40",
                "&maxSilenceSeconds=51",
                "&ifExists=append",
                "&beep=true",
                "&terminateOn=%23",
            ],
        ),
        row(
            ari.channels().get_channel_var("ch/1+2 3%é", "CALLERID(num)").into_request(),
            &["GET channels/ch%2F1%2B2%203%25%C3%A9/variable", "?variable=CALLERID%28num%29"],
        ),
        row(
            ari.channels()
                .set_channel_var("ch/1+2 3%é", "CALLERID(num)")
                .value("50% + 1 & ü")
                .report_events(true)
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/variable",
                "?variable=CALLERID%28num%29",
                "&value=50%25%20%2B%201%20%26%20%C3%BC",
                "&report_events=true",
            ],
        ),
        row(
            ari.channels().get_channel_vars("ch/1+2 3%é", ["FOO", "SHELL(a,b)"]).into_request(),
            &["GET channels/ch%2F1%2B2%203%25%C3%A9/variables", "?variables=FOO%2CSHELL%5C%28a%5C%2Cb%5C%29"],
        ),
        row(
            ari.channels()
                .set_channel_vars(
                    "ch/1+2 3%é",
                    [("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))],
                )
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/variables",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.channels()
                .snoop_channel("ch/1+2 3%é", "my app/é")
                .spy("both")
                .whisper("out")
                .app_args("a,\"b c\",100%")
                .snoop_id("sn op/1")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/snoop",
                "?app=my%20app%2F%C3%A9",
                "&spy=both",
                "&whisper=out",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
                "&snoopId=sn%20op%2F1",
            ],
        ),
        row(
            ari.channels()
                .snoop_channel_with_id("ch/1+2 3%é", "sn op/1", "my app/é")
                .spy("both")
                .whisper("out")
                .app_args("a,\"b c\",100%")
                .into_request(),
            &[
                "POST channels/ch%2F1%2B2%203%25%C3%A9/snoop/sn%20op%2F1",
                "?app=my%20app%2F%C3%A9",
                "&spy=both",
                "&whisper=out",
                "&appArgs=a%2C%22b%20c%22%2C100%25",
            ],
        ),
        row(
            ari.channels().dial("ch/1+2 3%é").caller("ca/1").timeout(62).into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/dial", "?caller=ca%2F1", "&timeout=62"],
        ),
        row(
            ari.channels().rtpstatistics("ch/1+2 3%é").into_request(),
            &["GET channels/ch%2F1%2B2%203%25%C3%A9/rtp_statistics"],
        ),
        row(
            ari.channels()
                .external_media("my app/é", "wav")
                .channel_id("ch/1+2 3%é")
                .variables([("A", VariableValue::from("1 + ü")), ("B", VariableValue::reported("2"))])
                .external_host("127.0.0.1:4000")
                .encapsulation("audiosocket")
                .transport("tcp")
                .connection_type("server")
                .direction("in")
                .data("d+1 é")
                .transport_data("f(json),v(a=1)")
                .into_request(),
            &[
                "POST channels/externalMedia",
                "?app=my%20app%2F%C3%A9",
                "&format=wav",
                "&channelId=ch%2F1%2B2%203%25%C3%A9",
                "&external_host=127.0.0.1%3A4000",
                "&encapsulation=audiosocket",
                "&transport=tcp",
                "&connection_type=server",
                "&direction=in",
                "&data=d%2B1%20%C3%A9",
                "&transport_data=f%28json%29%2Cv%28a%3D1%29",
                r#" {"variables":{"A":"1 + ü","B":{"report_events":true,"value":"2"}}}"#,
            ],
        ),
        row(
            ari.channels().transfer_progress("ch/1+2 3%é", "channel_progress").into_request(),
            &["POST channels/ch%2F1%2B2%203%25%C3%A9/transfer_progress", "?states=channel_progress"],
        ),
    ]
}

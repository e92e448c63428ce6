//! Handles make the same requests as their resources.

use ari_bindings::{Client, Error, Request, VariableValue};

fn same(of_handle: Result<Request, Error>, of_resource: Result<Request, Error>) {
    assert_eq!(of_handle.unwrap(), of_resource.unwrap());
}

#[test]
fn application() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.application("app/1 +é").get().into_request(), ari.applications().get("app/1 +é").into_request());
    same(
        ari.application("app/1 +é").subscribe(["channel:ch,1", "deviceState:\"q\""]).into_request(),
        ari.applications().subscribe("app/1 +é", ["channel:ch,1", "deviceState:\"q\""]).into_request(),
    );
    same(
        ari.application("app/1 +é").unsubscribe(["channel:ch,1", "deviceState:\"q\""]).into_request(),
        ari.applications().unsubscribe("app/1 +é", ["channel:ch,1", "deviceState:\"q\""]).into_request(),
    );
    same(ari.application("app/1 +é").filter().into_request(), ari.applications().filter("app/1 +é").into_request());
}

#[test]
fn dynamic_config() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.dynamic_config("res_pjsip", "auth", "a/b+c").get_object().into_request(),
        ari.asterisk().get_object("res_pjsip", "auth", "a/b+c").into_request(),
    );
    same(
        ari.dynamic_config("res_pjsip", "auth", "a/b+c").update_object().into_request(),
        ari.asterisk().update_object("res_pjsip", "auth", "a/b+c").into_request(),
    );
    same(
        ari.dynamic_config("res_pjsip", "auth", "a/b+c").delete_object().into_request(),
        ari.asterisk().delete_object("res_pjsip", "auth", "a/b+c").into_request(),
    );
}

#[test]
fn log_channel() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.log_channel("a log/1%").add_log("notice,warning").into_request(),
        ari.asterisk().add_log("a log/1%", "notice,warning").into_request(),
    );
    same(ari.log_channel("a log/1%").delete_log().into_request(), ari.asterisk().delete_log("a log/1%").into_request());
    same(ari.log_channel("a log/1%").rotate_log().into_request(), ari.asterisk().rotate_log("a log/1%").into_request());
}

#[test]
fn module() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.module("res_x+y.so").get_module().into_request(), ari.asterisk().get_module("res_x+y.so").into_request());
    same(
        ari.module("res_x+y.so").load_module().into_request(),
        ari.asterisk().load_module("res_x+y.so").into_request(),
    );
    same(
        ari.module("res_x+y.so").unload_module().into_request(),
        ari.asterisk().unload_module("res_x+y.so").into_request(),
    );
    same(
        ari.module("res_x+y.so").reload_module().into_request(),
        ari.asterisk().reload_module("res_x+y.so").into_request(),
    );
}

#[test]
fn bridge() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.bridge("br/1 +%ü").create_with_id().into_request(),
        ari.bridges().create_with_id("br/1 +%ü").into_request(),
    );
    same(ari.bridge("br/1 +%ü").get().into_request(), ari.bridges().get("br/1 +%ü").into_request());
    same(ari.bridge("br/1 +%ü").destroy().into_request(), ari.bridges().destroy("br/1 +%ü").into_request());
    same(
        ari.bridge("br/1 +%ü").get_bridge_var("CALLERID(num)").into_request(),
        ari.bridges().get_bridge_var("br/1 +%ü", "CALLERID(num)").into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").set_bridge_var("CALLERID(num)").into_request(),
        ari.bridges().set_bridge_var("br/1 +%ü", "CALLERID(num)").into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").get_bridge_vars(["FOO", "SHELL(a,b)"]).into_request(),
        ari.bridges().get_bridge_vars("br/1 +%ü", ["FOO", "SHELL(a,b)"]).into_request(),
    );
    same(
        ari.bridge("br/1 +%ü")
            .set_bridge_vars([("A", "1 + ü".into()), ("B", VariableValue::reported("2"))])
            .into_request(),
        ari.bridges()
            .set_bridge_vars("br/1 +%ü", [("A", "1 + ü".into()), ("B", VariableValue::reported("2"))])
            .into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").add_channel(["ch/1", "ch,2"]).into_request(),
        ari.bridges().add_channel("br/1 +%ü", ["ch/1", "ch,2"]).into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").remove_channel(["ch/1", "ch,2"]).into_request(),
        ari.bridges().remove_channel("br/1 +%ü", ["ch/1", "ch,2"]).into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").set_video_source("ch/1+2 3%é").into_request(),
        ari.bridges().set_video_source("br/1 +%ü", "ch/1+2 3%é").into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").clear_video_source().into_request(),
        ari.bridges().clear_video_source("br/1 +%ü").into_request(),
    );
    same(ari.bridge("br/1 +%ü").start_moh().into_request(), ari.bridges().start_moh("br/1 +%ü").into_request());
    same(ari.bridge("br/1 +%ü").stop_moh().into_request(), ari.bridges().stop_moh("br/1 +%ü").into_request());
    same(
        ari.bridge("br/1 +%ü").play(["sound:a,b", "sound:(c)"]).into_request(),
        ari.bridges().play("br/1 +%ü", ["sound:a,b", "sound:(c)"]).into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").play_with_id("pb/1", ["sound:a,b", "sound:(c)"]).into_request(),
        ari.bridges().play_with_id("br/1 +%ü", "pb/1", ["sound:a,b", "sound:(c)"]).into_request(),
    );
    same(
        ari.bridge("br/1 +%ü").record("dir/new+1 é", "wav").into_request(),
        ari.bridges().record("br/1 +%ü", "dir/new+1 é", "wav").into_request(),
    );
}

#[test]
fn channel() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.channel("ch/1+2 3%é").get().into_request(), ari.channels().get("ch/1+2 3%é").into_request());
    same(
        ari.channel("ch/1+2 3%é").originate_with_id("PJSIP/a+b@c d").into_request(),
        ari.channels().originate_with_id("ch/1+2 3%é", "PJSIP/a+b@c d").into_request(),
    );
    same(ari.channel("ch/1+2 3%é").hangup().into_request(), ari.channels().hangup("ch/1+2 3%é").into_request());
    same(
        ari.channel("ch/1+2 3%é").continue_in_dialplan().into_request(),
        ari.channels().continue_in_dialplan("ch/1+2 3%é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").r#move("my app/é").into_request(),
        ari.channels().r#move("ch/1+2 3%é", "my app/é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").redirect("PJSIP/a+b@c d").into_request(),
        ari.channels().redirect("ch/1+2 3%é", "PJSIP/a+b@c d").into_request(),
    );
    same(ari.channel("ch/1+2 3%é").answer().into_request(), ari.channels().answer("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").ring().into_request(), ari.channels().ring("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").ring_stop().into_request(), ari.channels().ring_stop("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").progress().into_request(), ari.channels().progress("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").send_dtmf().into_request(), ari.channels().send_dtmf("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").mute("in").into_request(), ari.channels().mute("ch/1+2 3%é", "in").into_request());
    same(
        ari.channel("ch/1+2 3%é").unmute("in").into_request(),
        ari.channels().unmute("ch/1+2 3%é", "in").into_request(),
    );
    same(ari.channel("ch/1+2 3%é").hold().into_request(), ari.channels().hold("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").unhold().into_request(), ari.channels().unhold("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").start_moh().into_request(), ari.channels().start_moh("ch/1+2 3%é").into_request());
    same(ari.channel("ch/1+2 3%é").stop_moh().into_request(), ari.channels().stop_moh("ch/1+2 3%é").into_request());
    same(
        ari.channel("ch/1+2 3%é").start_silence().into_request(),
        ari.channels().start_silence("ch/1+2 3%é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").stop_silence().into_request(),
        ari.channels().stop_silence("ch/1+2 3%é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").play(["sound:a,b", "sound:(c)"]).into_request(),
        ari.channels().play("ch/1+2 3%é", ["sound:a,b", "sound:(c)"]).into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").play_with_id("pb/1", ["sound:a,b", "sound:(c)"]).into_request(),
        ari.channels().play_with_id("ch/1+2 3%é", "pb/1", ["sound:a,b", "sound:(c)"]).into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").record("dir/new+1 é", "wav").into_request(),
        ari.channels().record("ch/1+2 3%é", "dir/new+1 é", "wav").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").get_channel_var("CALLERID(num)").into_request(),
        ari.channels().get_channel_var("ch/1+2 3%é", "CALLERID(num)").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").set_channel_var("CALLERID(num)").into_request(),
        ari.channels().set_channel_var("ch/1+2 3%é", "CALLERID(num)").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").get_channel_vars(["FOO", "SHELL(a,b)"]).into_request(),
        ari.channels().get_channel_vars("ch/1+2 3%é", ["FOO", "SHELL(a,b)"]).into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é")
            .set_channel_vars([("A", "1 + ü".into()), ("B", VariableValue::reported("2"))])
            .into_request(),
        ari.channels()
            .set_channel_vars("ch/1+2 3%é", [("A", "1 + ü".into()), ("B", VariableValue::reported("2"))])
            .into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").snoop_channel("my app/é").into_request(),
        ari.channels().snoop_channel("ch/1+2 3%é", "my app/é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").snoop_channel_with_id("sn op/1", "my app/é").into_request(),
        ari.channels().snoop_channel_with_id("ch/1+2 3%é", "sn op/1", "my app/é").into_request(),
    );
    same(ari.channel("ch/1+2 3%é").dial().into_request(), ari.channels().dial("ch/1+2 3%é").into_request());
    same(
        ari.channel("ch/1+2 3%é").rtpstatistics().into_request(),
        ari.channels().rtpstatistics("ch/1+2 3%é").into_request(),
    );
    same(
        ari.channel("ch/1+2 3%é").transfer_progress("channel_progress").into_request(),
        ari.channels().transfer_progress("ch/1+2 3%é", "channel_progress").into_request(),
    );
}

#[test]
fn device() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.device("Stasis:a+b/c").get().into_request(), ari.device_states().get("Stasis:a+b/c").into_request());
    same(
        ari.device("Stasis:a+b/c").update("NOT_INUSE").into_request(),
        ari.device_states().update("Stasis:a+b/c", "NOT_INUSE").into_request(),
    );
    same(ari.device("Stasis:a+b/c").delete().into_request(), ari.device_states().delete("Stasis:a+b/c").into_request());
}

#[test]
fn endpoint() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.endpoint("PJSIP", "phone a/1+2").get().into_request(),
        ari.endpoints().get("PJSIP", "phone a/1+2").into_request(),
    );
    same(
        ari.endpoint("PJSIP", "phone a/1+2").send_message_to_endpoint("\"A\" <sip:a@b>").into_request(),
        ari.endpoints().send_message_to_endpoint("PJSIP", "phone a/1+2", "\"A\" <sip:a@b>").into_request(),
    );
    same(
        ari.endpoint("PJSIP", "phone a/1+2").refer_to_endpoint("\"A\" <sip:a@b>", "sip:+49@c").into_request(),
        ari.endpoints().refer_to_endpoint("PJSIP", "phone a/1+2", "\"A\" <sip:a@b>", "sip:+49@c").into_request(),
    );
}

#[test]
fn mailbox() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.mailbox("1000@default").get().into_request(), ari.mailboxes().get("1000@default").into_request());
    same(
        ari.mailbox("1000@default").update(73, 84).into_request(),
        ari.mailboxes().update("1000@default", 73, 84).into_request(),
    );
    same(ari.mailbox("1000@default").delete().into_request(), ari.mailboxes().delete("1000@default").into_request());
}

#[test]
fn playback() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(ari.playback("pb/1").get().into_request(), ari.playbacks().get("pb/1").into_request());
    same(ari.playback("pb/1").stop().into_request(), ari.playbacks().stop("pb/1").into_request());
    same(ari.playback("pb/1").control("pause").into_request(), ari.playbacks().control("pb/1", "pause").into_request());
}

#[test]
fn live_recording() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.live_recording("dir/r+1 ä").get_live().into_request(),
        ari.recordings().get_live("dir/r+1 ä").into_request(),
    );
    same(ari.live_recording("dir/r+1 ä").cancel().into_request(), ari.recordings().cancel("dir/r+1 ä").into_request());
    same(ari.live_recording("dir/r+1 ä").stop().into_request(), ari.recordings().stop("dir/r+1 ä").into_request());
    same(ari.live_recording("dir/r+1 ä").pause().into_request(), ari.recordings().pause("dir/r+1 ä").into_request());
    same(
        ari.live_recording("dir/r+1 ä").unpause().into_request(),
        ari.recordings().unpause("dir/r+1 ä").into_request(),
    );
    same(ari.live_recording("dir/r+1 ä").mute().into_request(), ari.recordings().mute("dir/r+1 ä").into_request());
    same(ari.live_recording("dir/r+1 ä").unmute().into_request(), ari.recordings().unmute("dir/r+1 ä").into_request());
}

#[test]
fn stored_recording() {
    let ari = Client::builder("http://localhost:8088/ari").build().unwrap();
    same(
        ari.stored_recording("dir/r+1 ä").get_stored().into_request(),
        ari.recordings().get_stored("dir/r+1 ä").into_request(),
    );
    same(
        ari.stored_recording("dir/r+1 ä").delete_stored().into_request(),
        ari.recordings().delete_stored("dir/r+1 ä").into_request(),
    );
    same(
        ari.stored_recording("dir/r+1 ä").get_stored_file().into_request(),
        ari.recordings().get_stored_file("dir/r+1 ä").into_request(),
    );
    same(
        ari.stored_recording("dir/r+1 ä").copy_stored("dir/copy+1").into_request(),
        ari.recordings().copy_stored("dir/r+1 ä", "dir/copy+1").into_request(),
    );
}

use ari_bindings::Client;
use ari_bindings::models::ConfigTuple;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(
            ari.asterisk().get_object("res_pjsip", "auth", "a/b+c").into_request(),
            &["GET asterisk/config/dynamic/res_pjsip/auth/a%2Fb%2Bc"],
        ),
        row(
            ari.asterisk()
                .update_object("res_pjsip", "auth", "a/b+c")
                .fields([ConfigTuple::new("username", "a+b"), ConfigTuple::new("password", "ü")])
                .into_request(),
            &[
                "PUT asterisk/config/dynamic/res_pjsip/auth/a%2Fb%2Bc",
                r#" {"fields":[{"attribute":"username","value":"a+b"},{"attribute":"password","value":"ü"}]}"#,
            ],
        ),
        row(
            ari.asterisk().delete_object("res_pjsip", "auth", "a/b+c").into_request(),
            &["DELETE asterisk/config/dynamic/res_pjsip/auth/a%2Fb%2Bc"],
        ),
        row(
            ari.asterisk().get_info().only(["build", "config"]).into_request(),
            &["GET asterisk/info", "?only=build%2Cconfig"],
        ),
        row(ari.asterisk().ping().into_request(), &["GET asterisk/ping"]),
        row(ari.asterisk().list_modules().into_request(), &["GET asterisk/modules"]),
        row(ari.asterisk().get_module("res_x+y.so").into_request(), &["GET asterisk/modules/res_x%2By.so"]),
        row(ari.asterisk().load_module("res_x+y.so").into_request(), &["POST asterisk/modules/res_x%2By.so"]),
        row(ari.asterisk().unload_module("res_x+y.so").into_request(), &["DELETE asterisk/modules/res_x%2By.so"]),
        row(ari.asterisk().reload_module("res_x+y.so").into_request(), &["PUT asterisk/modules/res_x%2By.so"]),
        row(ari.asterisk().list_log_channels().into_request(), &["GET asterisk/logging"]),
        row(
            ari.asterisk().add_log("a log/1%", "notice,warning").into_request(),
            &["POST asterisk/logging/a%20log%2F1%25", "?configuration=notice%2Cwarning"],
        ),
        row(ari.asterisk().delete_log("a log/1%").into_request(), &["DELETE asterisk/logging/a%20log%2F1%25"]),
        row(ari.asterisk().rotate_log("a log/1%").into_request(), &["PUT asterisk/logging/a%20log%2F1%25/rotate"]),
        row(
            ari.asterisk().get_global_var("CALLERID(num)").into_request(),
            &["GET asterisk/variable", "?variable=CALLERID%28num%29"],
        ),
        row(
            ari.asterisk().set_global_var("CALLERID(num)").value("50% + 1 & ü").into_request(),
            &["POST asterisk/variable", "?variable=CALLERID%28num%29", "&value=50%25%20%2B%201%20%26%20%C3%BC"],
        ),
    ]
}

//! What converters of the declarations get wrong.

use std::collections::BTreeSet;
use std::path::Path;

use ari_codegen::export::export;
use ari_codegen::fixups::FIXUPS;
use ari_codegen::{NameKind, Names, Record, Release};
use serde_json::{Value, json};

use super::{branch, dangling, document, texts};
use crate::support::{source, supported};

fn operation(method: &str, path: &str) -> Value {
    document("openapi.json")["paths"][path][method].clone()
}

fn parameter(operation: &Value, name: &str) -> Value {
    let parameters = operation["parameters"].as_array().unwrap();
    parameters.iter().find(|parameter| parameter["name"] == name).unwrap().clone()
}

fn body(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]["schema"]
}

#[test]
fn export_does_not_depend_on_the_order_of_releases() {
    let mut sources = supported();
    let record = Record::default();
    let by_path = |mut files: Vec<ari_codegen::emit::File>| {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    };
    let forwards = by_path(export(&sources, FIXUPS, &record).unwrap());
    sources.reverse();
    assert_eq!(forwards, by_path(export(&sources, FIXUPS, &record).unwrap()));
}

/// All documents of the supported releases, by path.
fn all_documents() -> Vec<(String, Value)> {
    let folders = supported().into_iter().map(|source| format!("{}/", source.release)).chain([String::new()]);
    let paths = folders.flat_map(|folder| ["openapi", "asyncapi", "schema"].map(|name| format!("{folder}{name}.json")));
    paths.map(|path| (path.clone(), document(&path))).collect()
}

#[test]
fn references_resolve() {
    for (path, document) in all_documents() {
        assert_eq!(dangling(&document), Vec::<String>::new(), "{path}");
    }
}

#[test]
fn texts_name_operations_by_their_ids() {
    const METHODS: [NameKind; 6] = [
        NameKind::Function,
        NameKind::HandleFunction,
        NameKind::Accessor,
        NameKind::HandleAccessor,
        NameKind::Parameter,
        NameKind::Module,
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/names.toml");
    let names = Names::parse(&source(&path)).unwrap();
    let assigned = || METHODS.into_iter().flat_map(|kind| names.iter(kind));
    // An item is the path to a wire name: `bridges.setVideoSource`, `/bridges/{bridgeId} bridges.setVideoSource`.
    let items = assigned().chain(names.iter(NameKind::Field)).map(|(item, _)| item);
    let wire: BTreeSet<&str> = items.flat_map(|item| item.split(['.', ' ', '/', '{', '}'])).collect();
    let methods = assigned().map(|(_, method)| method).filter(|method| !wire.contains(method));
    let keys = names.iter(NameKind::Function).map(|(item, _)| item);
    let wrong: BTreeSet<&str> = methods.chain(keys).collect();
    assert!(wrong.contains("set_video_source") && wrong.contains("channels.play") && !wrong.contains("play"));
    for (path, document) in all_documents() {
        for (_, text) in texts(&document, "") {
            let found = text.split('`').skip(1).step_by(2).find(|code| wrong.contains(code));
            assert_eq!(found, None, "{path}: {text}");
        }
    }
    let clear = operation("delete", "/bridges/{bridgeId}/videoSource");
    assert!(clear.to_string().contains("`bridgesSetVideoSource`"), "{clear}");
}

#[test]
fn lists_are_separated_by_commas() {
    let media = parameter(&operation("post", "/channels/{channelId}/play"), "media");
    assert_eq!((&media["style"], &media["explode"]), (&json!("form"), &json!(false)));
    assert_eq!(media["schema"], json!({ "type": "array", "items": { "type": "string" } }));
    assert_eq!(media["required"], true);
}

#[test]
fn path_parameters_are_not_empty() {
    let id = parameter(&operation("get", "/channels/{channelId}"), "channelId");
    assert_eq!(id["schema"]["minLength"], 1);
}

#[test]
fn bodies_have_the_forms_that_servers_read() {
    let originate = operation("post", "/channels");
    let variable = &body(&originate)["properties"]["variables"]["additionalProperties"]["anyOf"];
    assert_eq!(variable[0], json!({ "type": "string" }));
    assert!(variable[1]["properties"]["report_events"].is_object());
    assert_eq!(body(&originate)["properties"]["endpoint"], json!({ "type": "string" }), "beside the variables");

    let bridge = operation("post", "/bridges");
    assert!(body(&bridge)["properties"].is_null() && body(&bridge)["additionalProperties"].is_object(), "bare");
    let filter = operation("put", "/applications/{applicationName}/eventFilter");
    let members: Vec<&String> = body(&filter)["properties"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["allowed", "disallowed"], "bare");
    let object = operation("put", "/asterisk/config/dynamic/{configClass}/{objectType}/{id}");
    assert_eq!(body(&object)["properties"]["fields"]["items"]["$ref"], "#/components/schemas/ConfigTuple");
    let event = operation("post", "/events/user/{eventName}");
    assert_eq!(body(&event)["properties"]["variables"]["additionalProperties"], true);
}

#[test]
fn variables_are_text_only_where_they_cannot_be_reported() {
    let variable = |major: u32| {
        let document = document(&format!("{}openapi.json", branch(major)));
        body(&document["paths"]["/channels"]["post"])["properties"]["variables"]["additionalProperties"].clone()
    };
    assert_eq!(variable(16), json!({ "type": "string" }));
    assert!(variable(22)["anyOf"].is_array());
}

#[test]
fn query_parameter_called_body_is_a_member_of_the_body() {
    let send = operation("put", "/endpoints/sendMessage");
    let names: Vec<&Value> = send["parameters"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert!(!names.contains(&&json!("body")), "{names:?}");
    assert_eq!(body(&send)["properties"]["body"]["type"], "string");
}

#[test]
fn successes_have_the_statuses_on_the_wire() {
    let statuses = |method: &str, path: &str| {
        let operation = operation(method, path);
        let statuses =
            operation["responses"].as_object().unwrap().keys().filter(|status| status.starts_with(['1', '2']));
        statuses.cloned().collect::<Vec<_>>()
    };
    assert_eq!(statuses("get", "/channels"), ["200"]);
    assert_eq!(statuses("post", "/channels/{channelId}/play"), ["201"]);
    assert_eq!(statuses("post", "/bridges/{bridgeId}/record"), ["201"]);
    assert_eq!(statuses("put", "/endpoints/sendMessage"), ["202"]);
    assert_eq!(statuses("delete", "/channels/{channelId}"), ["204"]);
    assert_eq!(statuses("get", "/events"), ["101"]);
    let played = &operation("post", "/channels/{channelId}/play")["responses"]["201"];
    assert!(played["headers"]["Location"].is_object() && played["content"].is_object(), "{played}");
    let hung_up = &operation("delete", "/channels/{channelId}")["responses"]["204"];
    assert!(hung_up["content"].is_null(), "{hung_up}");
}

#[test]
fn refusals_have_a_body_and_writing_can_be_forbidden() {
    let hangup = operation("delete", "/channels/{channelId}");
    let error = "#/components/schemas/Error";
    assert_eq!(hangup["responses"]["404"]["content"]["application/json"]["schema"]["$ref"], error);
    assert_eq!(hangup["responses"]["403"]["$ref"], "#/components/responses/Forbidden");
    assert!(operation("get", "/channels")["responses"]["403"].is_null());
    assert!(operation("get", "/channels")["responses"]["default"].is_object());
}

#[test]
fn credentials_go_into_the_header_or_the_query() {
    let document = document("openapi.json");
    assert_eq!(document["security"], json!([{ "basic": [] }, { "api_key": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["api_key"]["in"], "query");
}

#[test]
fn recording_is_downloaded_as_bytes() {
    let file = operation("get", "/recordings/stored/{recordingName}/file");
    let content = file["responses"]["200"]["content"].as_object().unwrap();
    assert!(!content.contains_key("application/json") && !content.is_empty(), "{content:?}");
}

#[test]
fn operation_ids_are_unique_and_words() {
    let document = document("openapi.json");
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert!(ids.contains(&"channelsOriginate") && ids.contains(&"deviceStatesGet"), "{ids:?}");
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric())), "{ids:?}");
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    let newest = supported().pop().unwrap().release;
    let declared = ari_codegen::read(&supported().pop().unwrap()).unwrap().operations().count();
    assert_eq!(ids.len(), declared, "the newest release, {newest}, has all operations");
}

#[test]
fn items_say_since_when_they_are_there() {
    let document = document("openapi.json");
    let since = |value: &Value| {
        let releases = value["x-asterisk-since"].as_array().cloned().unwrap_or_default();
        releases.iter().map(|release| release.as_str().unwrap().parse().unwrap()).collect::<Vec<Release>>()
    };
    let release = |text: &str| text.parse::<Release>().unwrap();
    let progress = &document["paths"]["/channels/{channelId}/progress"]["post"];
    assert_eq!(since(progress), ["20.16.0", "21.11.0", "22.6.0", "23.0.0"].map(release));
    assert_eq!(since(&document["paths"]["/channels"]["get"]), []);
    let channel = &document["components"]["schemas"]["Channel"];
    assert!(since(&channel["properties"]["tenantid"]).contains(&release("18.25.0")));
    assert_eq!(since(&channel["properties"]["name"]), []);
    let required = channel["required"].as_array().unwrap();
    assert!(required.contains(&json!("name")) && !required.contains(&json!("protocol_id")), "{required:?}");
}

#[test]
fn what_the_newest_release_lacks_is_deprecated() {
    let mut sources = supported();
    // Without its last resources, the newest release has dropped them.
    sources.last_mut().unwrap().resources.retain(|(name, _)| name != "mailboxes");
    let files = export(&sources, &[], &Record::default()).unwrap();
    let document: Value =
        serde_json::from_str(&files.iter().find(|it| it.path == "openapi.json").unwrap().text).unwrap();
    assert_eq!(document["paths"]["/mailboxes"]["get"]["deprecated"], true);
    assert!(document["paths"]["/channels"]["get"]["deprecated"].is_null());
}

#[test]
fn websocket_carries_requests_only_where_they_are_declared() {
    let new = document(&format!("{}asyncapi.json", branch(22)));
    let reply = &new["operations"]["receiveRequest"]["reply"]["messages"][0]["$ref"];
    assert_eq!(reply, "#/channels/events/messages/RESTResponse");
    assert_eq!(new["components"]["schemas"]["RESTRequest"]["properties"]["type"]["const"], "RESTRequest");
    assert!(document(&format!("{}asyncapi.json", branch(16)))["operations"]["receiveRequest"].is_null());
}

//! New releases break nothing: regenerating release by release, with the names recorded so far, never loses a public
//! item nor changes its signature.

use std::collections::BTreeSet;
use std::path::Path;

use ari_codegen::fixups::FIXUPS;
use ari_codegen::public_api::public_api;
use ari_codegen::{Generated, NameKind, Names, Record, Release, ReleaseSource, Source, generate};
use serde_json::{Map, Value, json};

use crate::support::{source, supported};

const FUTURE: Release = Release { major: 24, minor: 0, patch: 0 };

type Items = BTreeSet<String>;

fn generated(sources: &[ReleaseSource], names: &Names) -> Generated {
    let record = Record { names: names.clone(), ..Record::default() };
    generate(sources, FIXUPS, &record).unwrap_or_else(|diagnostics| panic!("{diagnostics}"))
}

fn items(generated: &Generated) -> Items {
    let text = public_api(&generated.files).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    text.lines().skip(1).map(str::to_owned).collect()
}

/// What each release beyond the first takes away from the API of those before it.
fn losses(sources: &[ReleaseSource]) -> Vec<String> {
    let mut names = Names::default();
    let mut before = Items::new();
    let mut losses = Vec::new();
    for count in 1..=sources.len() {
        let generated = generated(&sources[..count], &names);
        let after = items(&generated);
        losses.extend(before.difference(&after).cloned());
        (before, names) = (after, generated.names);
    }
    losses
}

/// What a future release takes away from the API of the supported ones, with these names.
fn losses_by(change: fn(&str, &mut Value), names: &Names) -> Vec<String> {
    let now = generated(&supported(), names);
    let then = generated(&with_future(change), &now.names);
    assert_distinct_types(&then.names);
    items(&now).difference(&items(&then)).cloned().collect()
}

/// Any file may import any of these types, so no two of them may have one name.
fn assert_distinct_types(names: &Names) {
    let enums: Items = names.iter(NameKind::Enum).map(|(_, name)| name.to_owned()).collect();
    let others = [NameKind::Id, NameKind::Model, NameKind::Event].into_iter().flat_map(|kind| names.iter(kind));
    let mut seen = enums;
    for (item, name) in others {
        assert!(seen.insert(name.to_owned()), "`{item}` and another item are both `{name}`");
    }
}

/// The supported releases, and one that changes files of the newest.
fn with_future(change: fn(&str, &mut Value)) -> Vec<ReleaseSource> {
    let mut sources = supported();
    sources.push(changed(sources.last().unwrap(), FUTURE, change));
    sources
}

/// A release with the files of another, changed.
fn changed(from: &ReleaseSource, release: Release, change: fn(&str, &mut Value)) -> ReleaseSource {
    let resources = from.resources.iter().map(|(name, source)| {
        let mut file: Value = serde_json::from_str(&source.text).unwrap();
        change(name, &mut file);
        (name.clone(), Source { file: format!("{release}/{name}.json"), text: file.to_string() })
    });
    ReleaseSource { release, resources: resources.collect() }
}

/// What is lost when each supported release in turn gives way to its successor, the way CONTRIBUTING.md describes it:
/// names are recorded with both releases before the old one goes.
fn losses_by_replacing(change: fn(&str, &mut Value), names: &Names) -> Vec<String> {
    let mut sources = supported();
    let first = generated(&sources, names);
    let (mut before, mut names) = (items(&first), first.names);
    let mut losses = Vec::new();
    for index in 0..sources.len() {
        let old = sources[index].clone();
        let successor = changed(&old, Release { minor: old.release.minor + 1, ..old.release }, change);
        sources.push(successor.clone());
        let both = generated(&sources, &names);
        sources.pop();
        sources[index] = successor;
        let replaced = generated(&sources, &both.names);
        for after in [items(&both), items(&replaced)] {
            losses.extend(before.difference(&after).cloned());
            before = after;
        }
        names = replaced.names;
    }
    losses
}

fn push(list: &mut Value, item: Value) {
    list.as_array_mut().unwrap().push(item);
}

/// An operation of a file.
fn operation_of<'a>(file: &'a mut Value, nickname: &str) -> &'a mut Value {
    let apis = file["apis"].as_array_mut().unwrap().iter_mut();
    let mut operations = apis.flat_map(|api| api["operations"].as_array_mut().unwrap());
    operations.find(|operation| operation["nickname"] == nickname).unwrap()
}

/// The parameters and properties of a file.
fn parts(file: &mut Value) -> Vec<&mut Map<String, Value>> {
    let mut parts = Vec::new();
    for (section, items) in file.as_object_mut().unwrap() {
        if section == "apis" {
            let apis = items.as_array_mut().unwrap().iter_mut();
            let operations = apis.flat_map(|api| api["operations"].as_array_mut().unwrap());
            let lists = operations.filter_map(|operation| operation.get_mut("parameters")?.as_array_mut());
            parts.extend(lists.flatten().filter_map(Value::as_object_mut));
        } else if section == "models" {
            let models = items.as_object_mut().unwrap().values_mut();
            let properties = models.flat_map(|model| model["properties"].as_object_mut().unwrap().values_mut());
            parts.extend(properties.filter_map(Value::as_object_mut));
        }
    }
    parts
}

fn parameters<'a>(file: &'a mut Value, nickname: &str) -> &'a mut Vec<Value> {
    operation_of(file, nickname)["parameters"].as_array_mut().unwrap()
}

fn query(name: &str, values: &[&str]) -> Value {
    let mut parameter = json!({ "name": name, "paramType": "query", "dataType": "string" });
    if !values.is_empty() {
        parameter["allowableValues"] = json!({ "valueType": "LIST", "values": values });
    }
    parameter
}

fn operation(path: &str, method: &str, nickname: &str, parameters: &[Value]) -> Value {
    json!({ "path": path, "operations": [
        { "httpMethod": method, "nickname": nickname, "responseClass": "void", "parameters": parameters }
    ] })
}

fn path(name: &str) -> Value {
    json!({ "name": name, "paramType": "path", "dataType": "string", "required": true })
}

/// A change that an imagined release makes to a file.
type Mutation = (&'static str, fn(&str, &mut Value));

const MUTATIONS: &[Mutation] = &[
    ("nothing", |_, _| {}),
    ("an operation with a parameter `direction` of other values", |name, file| {
        if name == "channels" {
            let tilt = query("direction", &["up", "down"]);
            push(
                &mut file["apis"],
                operation("/channels/{channelId}/tilt", "POST", "tilt", &[path("channelId"), tilt]),
            );
        }
    }),
    ("an operation with a parameter `direction` of the same values", |name, file| {
        if name == "bridges" {
            let tilt = query("direction", &["in", "out", "both"]);
            push(&mut file["apis"], operation("/bridges/{bridgeId}/tilt", "POST", "tilt", &[path("bridgeId"), tilt]));
        }
    }),
    ("one more value for one of the operations that share an enum", |name, file| {
        if name == "channels" {
            let parameters = parameters(file, "snoopChannel");
            let spy = parameters.iter_mut().find(|parameter| parameter["name"] == "spy").unwrap();
            push(&mut spy["allowableValues"]["values"], json!("sideways"));
        }
    }),
    ("one more value for a property", |name, file| {
        if name == "channels" {
            let state = &mut file["models"]["Channel"]["properties"]["state"];
            push(&mut state["allowableValues"]["values"], json!("On Fire"));
        }
    }),
    ("a property of another type on one event", |name, file| {
        if name == "events" {
            file["models"]["StasisStart"]["properties"]["bridge"] = json!({ "type": "string" });
        }
    }),
    ("a resource with the name of a handle", |name, file| {
        if name == "channels" {
            push(&mut file["apis"], operation("/channel", "GET", "channel", &[]));
        }
    }),
    ("a kind of id that known properties and parameters end in", |name, file| {
        if name == "asterisk" {
            for (suffix, nickname) in [("", "getProtocol"), ("/x", "setProtocol")] {
                let path = format!("/asterisk/protocols/{{protocolId}}{suffix}");
                push(&mut file["apis"], operation(&path, "GET", nickname, &[self::path("protocolId")]));
            }
        }
    }),
    ("a path that continues that of a handle", |name, file| {
        if name == "bridges" {
            let parameters = [path("bridgeId"), path("legId")];
            push(&mut file["apis"], operation("/bridges/{bridgeId}/{legId}", "GET", "getLeg", &parameters));
            push(&mut file["apis"], operation("/bridges/{bridgeId}/{legId}", "DELETE", "dropLeg", &parameters));
        }
    }),
    ("names that become those of known items", |name, file| {
        if name == "channels" {
            let hang_up = [path("channelId"), query("reason_code", &[]), query("reasonCode", &[])];
            push(&mut file["apis"], operation("/channels/{channelId}/hangUp", "POST", "hangup_", &hang_up));
            file["models"]["Channel"]["properties"]["Name"] = json!({ "type": "string" });
            file["models"]["callerID"] = json!({ "id": "callerID", "properties": { "name": { "type": "string" } } });
            file["models"]["Direction"] = json!({ "id": "Direction", "properties": {} });
        }
    }),
    ("an optional parameter for every operation", |_, file| {
        for api in file["apis"].as_array_mut().unwrap() {
            for operation in api["operations"].as_array_mut().unwrap() {
                let parameters = operation.as_object_mut().unwrap().entry("parameters").or_insert(json!([]));
                push(parameters, query("verbosity", &["low", "high"]));
            }
        }
    }),
    ("no values for a property and a parameter that listed some", |name, file| {
        if name == "bridges" {
            let kind = &mut file["models"]["Bridge"]["properties"]["bridge_type"];
            kind.as_object_mut().unwrap().remove("allowableValues");
        }
        if name == "channels" {
            let spy = parameters(file, "snoopChannel").iter_mut().find(|parameter| parameter["name"] == "spy");
            spy.unwrap().as_object_mut().unwrap().remove("allowableValues");
        }
    }),
    ("values for a property and a parameter that were any text", |name, file| {
        if name == "channels" {
            let values = json!({ "valueType": "LIST", "values": ["low", "high"] });
            file["models"]["Channel"]["properties"]["name"]["allowableValues"] = values.clone();
            let label = parameters(file, "originate").iter_mut().find(|parameter| parameter["name"] == "label");
            label.unwrap()["allowableValues"] = values;
        }
    }),
    ("optional properties for every model", |_, file| {
        for (_, model) in file["models"].as_object_mut().unwrap() {
            model["properties"]["colour"] = json!({ "type": "string" });
            model["properties"]["weight"] = json!({ "type": "double" });
            model["properties"]["anything"] = json!({ "type": "object" });
        }
    }),
];

/// What the successor of a release changes in a file.
const SUCCESSIONS: &[Mutation] = &[
    ("nothing", |_, _| {}),
    ("everything optional becomes required", |_, file| {
        // A fixup requires the direction, and must change something.
        for part in parts(file).into_iter().filter(|part| part.get("name").is_none_or(|name| name != "direction")) {
            part.insert("required".to_owned(), json!(true));
        }
    }),
    ("an operation has another name", |name, file| {
        if name == "channels" {
            operation_of(file, "hangup")["nickname"] = json!("terminate");
        }
    }),
    ("parameters list no values", |_, file| {
        // A fixup adds to the values of the direction.
        for part in parts(file).into_iter().filter(|part| part.get("name").is_some_and(|name| name != "direction")) {
            part.remove("allowableValues");
        }
    }),
];

/// What releases changed so that no record can keep it: a reply and a property of another type. Where the changed items
/// are is the same for the supported releases and for all.
#[cfg(feature = "sources")]
const CHANGED_BY_ASTERISK: [&str; 2] = [
    "operations::channels::ExternalMedia: request -> json models::ExternalMedia",
    "models::TextMessage.variables: Option<Vec<models::TextMessageVariable>>",
];

#[test]
fn regenerate_release_by_release_keeps_public_items() {
    assert_eq!(losses(&supported()), [""; 0]);
}

/// With names assigned anew, and with the committed ones.
#[test]
fn regenerate_with_imagined_release_keeps_public_items() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs/names.toml");
    let committed = Names::parse(&source(&path)).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let recorded = generated(&supported(), &committed).names;
    assert!(recorded == committed, "`cargo xtask regen` has not recorded every name");
    for (change, mutate) in MUTATIONS {
        for names in [&Names::default(), &committed] {
            let lost = losses_by(*mutate, names);
            assert!(lost.is_empty(), "{change}: {lost:#?}");
        }
    }
}

#[test]
fn regenerate_after_replacing_releases_keeps_public_items() {
    let mut lost = Vec::new();
    for (change, mutate) in SUCCESSIONS {
        let losses = losses_by_replacing(*mutate, &Names::default());
        lost.extend(losses.into_iter().map(|item| format!("{change}: {item}")));
    }
    assert!(lost.is_empty(), "{} items, such as {:#?}", lost.len(), &lost[..lost.len().min(40)]);
}

/// Which of the two has the plain name must not change when the older one goes.
#[test]
fn operation_that_took_over_a_name_keeps_its_rust_name_after_replacing() {
    let old = supported().pop().unwrap();
    let new = changed(&old, FUTURE, |name, file| {
        if name == "channels" {
            let apis = file["apis"].as_array_mut().unwrap();
            let hold = apis.iter_mut().find(|api| api["path"] == "/channels/{channelId}/hold").unwrap();
            hold["path"] = json!("/channels/{channelId}/pause");
        }
    });
    let first = generated(std::slice::from_ref(&old), &Names::default());
    let both = generated(&[old, new.clone()], &first.names);
    let replaced = generated(&[new], &both.names);
    assert_eq!(replaced.names, both.names);
    let added: Items = items(&both).difference(&items(&first)).cloned().collect();
    assert!(added.iter().any(|item| item.contains("request -> void")), "{added:#?}");
    assert!(added.is_subset(&items(&replaced)), "{:#?}", added.difference(&items(&replaced)));
}

/// `Event::channel_id` and the members that events of unknown type offer follow the wire, whatever the Rust names are.
#[test]
fn members_are_recognised_by_their_wire_names() {
    let text = "[fields]\n\"StasisStart.channel\" = \"caller\"\n\"Playback.target_uri\" = \"target\"\n\
                \"Event.timestamp\" = \"sent_at\"\n";
    let names = Names::parse(&Source { file: "names.toml".to_owned(), text: text.to_owned() }).unwrap();
    let generated = generated(&supported(), &names);
    let events = &generated.files.iter().find(|file| file.path == "events.rs").unwrap().text;
    for line in [
        "Self::StasisStart(event) => Some(event.caller.id.as_str()),",
        "Self::PlaybackStarted(event) => event.playback.target.strip_prefix(\"channel:\"),",
        "Self::StasisStart(event) => event.sent_at.as_ref(),",
        "Self::Unknown(event) => event.timestamp(),",
    ] {
        assert!(events.contains(line), "no {line}");
    }
}

#[test]
fn item_that_returns_has_its_old_name() {
    let sources = supported();
    let all = generated(&sources, &Names::default());
    let less = generated(&sources[..1], &all.names);
    assert_eq!(less.names, all.names);
    assert_eq!(items(&generated(&sources, &less.names)), items(&all));
}

#[test]
fn renamed_operation_keeps_its_rust_name() {
    let renamed = with_future(|name, file| {
        if name == "channels" {
            for api in file["apis"].as_array_mut().unwrap() {
                for operation in api["operations"].as_array_mut().unwrap() {
                    if operation["nickname"] == "hangup" {
                        operation["nickname"] = json!("terminate");
                    }
                }
            }
        }
    });
    assert_eq!(losses(&renamed), [""; 0]);
}

/// Every release of the folder `ARI_SWAGGER_DIR`, from 16.0.0 on, one after the other.
#[cfg(feature = "sources")]
#[test]
fn regenerate_along_all_releases_keeps_public_items() {
    let mut sources = crate::support::sources();
    sources.retain(|source| source.release.major >= 16);
    let lost = losses(&sources);
    let unexpected: Vec<_> = lost.iter().filter(|item| !CHANGED_BY_ASTERISK.contains(&item.as_str())).collect();
    assert!(unexpected.is_empty(), "{} releases: {unexpected:#?}", sources.len());
}

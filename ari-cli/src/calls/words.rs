//! Events in a few words.

use serde_json::Value;

use super::event::{Channel, Event};

/// Members that a line shows elsewhere, or that say nothing.
const ELSEWHERE: [&str; 4] = ["type", "timestamp", "asterisk_id", "application"];

/// What an event is about, first of all: the name of a channel, or the id of something else.
pub(crate) fn subject(event: &Event) -> String {
    let channel = ["/channel", "/peer", "/transferer", "/caller"].into_iter().find_map(|member| event.channel(member));
    if let Some(channel) = channel.or_else(|| event.channels().next()) {
        return channel.name().to_owned();
    }
    let ids = [
        "/bridge/id",
        "/playback/target_uri",
        "/recording/target_uri",
        "/device_state/name",
        "/endpoint/resource",
        "/application",
    ];
    ids.into_iter().map(|id| event.text(id)).find(|id| !id.is_empty()).unwrap_or_default().to_owned()
}

/// What an event says about its subject.
pub(crate) fn words(event: &Event) -> String {
    let text = |pointer| event.text(pointer);
    match event.kind() {
        "StasisStart" => joined([enters(event), parties(event), replaces(event)]),
        "StasisEnd" => format!("leaves {}", event.application()),
        "ChannelCreated" | "ChannelStateChange" => joined([text("/channel/state").to_owned(), parties(event)]),
        "ChannelDestroyed" => format!("{} ({})", text("/cause_txt"), event.member("/cause")),
        "ChannelHangupRequest" => hangup(event),
        "ChannelDtmfReceived" => format!("digit {} for {} ms", text("/digit"), event.member("/duration_ms")),
        "ChannelEnteredBridge" | "ChannelLeftBridge" => bridge(event),
        "ChannelDialplan" => format!("{}({})", text("/dialplan_app"), text("/dialplan_app_data")),
        "ChannelCallerId" => parties(event),
        "ChannelConnectedLine" => {
            joined(["connected to".to_owned(), text("/channel/connected/name").to_owned(), connected(event)])
        }
        "ChannelVarset" => format!("{}={}", text("/variable"), text("/value")),
        "ChannelUserevent" => joined([text("/eventname").to_owned(), members(event.member("/userevent"))]),
        "ChannelTalkingFinished" => format!("talked for {} ms", event.member("/duration")),
        "Dial" => dial(event),
        "PlaybackStarted" | "PlaybackContinuing" | "PlaybackFinished" => {
            joined([text("/playback/media_uri").to_owned(), text("/playback/state").to_owned()])
        }
        "RecordingStarted" | "RecordingFinished" | "RecordingFailed" => recording(event),
        "DeviceStateChanged" => text("/device_state/state").to_owned(),
        "BridgeCreated" | "BridgeDestroyed" => {
            joined([text("/bridge/bridge_type").to_owned(), text("/bridge/name").to_owned()])
        }
        "BridgeMerged" => format!("takes over bridge {}", text("/bridge_from/id")),
        _ => others(event),
    }
}

fn joined<const N: usize>(parts: [String; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Which application a channel enters, and with which arguments.
fn enters(event: &Event) -> String {
    let args = event.member("/args").as_array().into_iter().flatten().filter_map(Value::as_str);
    let args = args.collect::<Vec<_>>().join(", ");
    let app = event.application();
    if args.is_empty() { format!("enters {app}") } else { format!("enters {app}({args})") }
}

fn parties(event: &Event) -> String {
    event.channel("/channel").map(Channel::parties).unwrap_or_default()
}

fn connected(event: &Event) -> String {
    event.text("/channel/connected/number").to_owned()
}

fn replaces(event: &Event) -> String {
    match event.text("/replace_channel/name") {
        "" => String::new(),
        name => format!("in place of {name}"),
    }
}

fn hangup(event: &Event) -> String {
    let by = if event.member("/soft") == true { "requested" } else { "received" };
    match event.member("/cause").as_u64() {
        Some(cause) => format!("hangup {by} ({cause})"),
        None => format!("hangup {by}"),
    }
}

fn bridge(event: &Event) -> String {
    let verb = if event.kind() == "ChannelEnteredBridge" { "enters" } else { "leaves" };
    let (id, kind) = (event.text("/bridge/id"), event.text("/bridge/bridge_type"));
    let others = event.member("/bridge/channels").as_array().map_or(0, Vec::len);
    format!("{verb} {kind} bridge {id}, now with {others}")
}

fn dial(event: &Event) -> String {
    let status = match event.text("/dialstatus") {
        "" => format!("dialled as {}", event.text("/dialstring")),
        status => status.to_owned(),
    };
    match event.text("/caller/name") {
        "" => status,
        caller => format!("{status}, by {caller}"),
    }
}

fn recording(event: &Event) -> String {
    let name = format!("{}.{}", event.text("/recording/name"), event.text("/recording/format"));
    let time = event.member("/recording/duration").as_i64().map_or_else(String::new, |time| format!("{time} s"));
    joined([name, event.text("/recording/state").to_owned(), time, event.text("/recording/cause").to_owned()])
}

/// The members of an event without words of its own, such as that of a later release.
fn others(event: &Event) -> String {
    let Some(body) = event.body().as_object() else { return String::new() };
    let members = body.iter().filter(|(name, value)| {
        !ELSEWHERE.contains(&name.as_str()) && Channel::of(value).is_none() && !value.is_null()
    });
    let members = members.map(|(name, value)| match value {
        Value::Object(_) => members_of(name, value),
        value => format!("{name}={}", plain(value)),
    });
    members.filter(|member| !member.is_empty()).collect::<Vec<_>>().join(" ")
}

fn members_of(name: &str, value: &Value) -> String {
    let id = ["id", "name", "resource", "uri", "state"].into_iter().filter_map(|id| value[id].as_str());
    let ids = id.collect::<Vec<_>>().join(" ");
    if ids.is_empty() { members(value) } else { format!("{name}={ids}") }
}

fn members(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let scalars = members.filter(|(name, value)| !value.is_object() && *name != "eventname");
    scalars.map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join(" ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(event: Value) -> (String, String) {
        let event = Event::new(event).unwrap();
        (subject(&event), words(&event))
    }

    #[test]
    fn words_name_what_is_new() {
        let channel = json!({
            "id": "1.1", "name": "PJSIP/a-00000001", "state": "Ring",
            "caller": { "name": "Alice", "number": "100" }, "dialplan": { "exten": "1000" },
        });
        let start = json!({ "type": "StasisStart", "application": "hello", "args": ["a", "b"], "channel": channel });
        let (subject, words) = of(start);
        assert_eq!(
            (subject.as_str(), words.as_str()),
            ("PJSIP/a-00000001", "enters hello(a, b) \"Alice\" <100> → 1000")
        );
        let end =
            json!({ "type": "ChannelDestroyed", "cause": 16, "cause_txt": "Normal Clearing", "channel": channel });
        assert_eq!(of(end).1, "Normal Clearing (16)");
    }

    #[test]
    fn an_event_of_a_later_release_shows_its_members() {
        let sang = json!({ "type": "ChannelSang", "application": "choir", "pitch": 440, "song": { "name": "x" } });
        assert_eq!(of(sang), ("choir".to_owned(), "pitch=440 song=x".to_owned()));
    }
}

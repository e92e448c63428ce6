//! The table. Add a row with its evidence; the mechanism is in the parent module.

use super::Fix::{
    AddProperty, AddValues, SetBody, SetOptional, SetReference, SetRequired, SetStatus, SetTuples, SetType,
};
use super::Primitive::{Date, Double, Integer, StringMap};
use super::{Fixup, Releases};
use crate::api::BodyForm;

/// All releases that have an API.
const ALWAYS: Releases = Releases::since(&[(12, 0, 0)]);

/// Releases whose declarations were at hand when the fixup was written: the item may be younger than the API.
const SEEN: Releases = Releases::since(&[(13, 38, 0), (16, 0, 0)]);

/// Every known fault of the declarations.
pub const FIXUPS: &[Fixup] = &[
    Fixup {
        name: "a paused playback",
        evidence: "seen on the wire of 16.28.0 and 22.10.1: GET /playbacks/{playbackId} after the control operation `pause`",
        releases: ALWAYS,
        fixes: &[AddValues("Playback.state", &["paused"])],
    },
    Fixup {
        name: "the spelling of a reserved channel",
        evidence: "source of 22.10.1, main/channel.c: the state's text is `Rsrvd`, the declared one `Rsrved`",
        releases: ALWAYS,
        fixes: &[AddValues("Channel.state", &["Rsrvd"])],
    },
    Fixup {
        name: "an endpoint's channel limit",
        evidence: "source of 22.10.1, main/stasis_endpoints.c: sent where a limit is set",
        releases: ALWAYS,
        fixes: &[AddProperty("Endpoint.max_channels", Integer)],
    },
    Fixup {
        name: "media experience scores",
        evidence: "seen on the wire of 22.10.1: GET /channels/{channelId}/rtp_statistics, where txmes and rxmes come without a \
                   fraction; source of 18.26.4 and 20.5.0, \
                   res/res_rtp_asterisk.c and ari/resource_channels.c",
        releases: Releases::since(&[(18, 26, 4), (20, 5, 0), (21, 0, 0)]),
        fixes: &[
            AddProperty("RTPstat.txmes", Double),
            AddProperty("RTPstat.rxmes", Double),
            AddProperty("RTPstat.remote_maxmes", Double),
            AddProperty("RTPstat.remote_minmes", Double),
            AddProperty("RTPstat.remote_normdevmes", Double),
            AddProperty("RTPstat.remote_stdevmes", Double),
            AddProperty("RTPstat.local_maxmes", Double),
            AddProperty("RTPstat.local_minmes", Double),
            AddProperty("RTPstat.local_normdevmes", Double),
            AddProperty("RTPstat.local_stdevmes", Double),
        ],
    },
    Fixup {
        name: "the time of a ping",
        evidence: "seen on the wire of 22.10.1: a date in Asterisk's form, declared as a string",
        releases: Releases::since(&[(13, 38, 0), (16, 2, 0), (17, 0, 0)]),
        fixes: &[SetType("AsteriskPing.timestamp", Date)],
    },
    Fixup {
        name: "the time of an event, which early releases leave out",
        evidence: "declared as optional up to 16.2; source of 16.0.0: `ApplicationReplaced` is sent without one",
        releases: Releases::since(&[(13, 26, 0), (16, 3, 0), (17, 0, 0)]),
        fixes: &[SetOptional("Event.timestamp")],
    },
    Fixup {
        name: "variables of a channel, which are text",
        evidence: "seen on the wire of 16.28.0 and 22.10.1, in events and replies; source, main/json.c: every \
                   value is made a string",
        releases: Releases::since(&[(16, 0, 0)]),
        fixes: &[SetType("Channel.channelvars", StringMap)],
    },
    Fixup {
        name: "variables of a bridge, and those asked for together, which are text",
        evidence: "seen on the wire of 22.10.1, in events and replies",
        releases: Releases::since(&[(20, 20, 0), (22, 10, 0), (23, 4, 0)]),
        fixes: &[SetType("Bridge.bridgevars", StringMap), SetType("Variables.variables", StringMap)],
    },
    Fixup {
        name: "one-way external media",
        evidence: "source of 22.9.0, channels/chan_websocket.c: takes `in` and `out` besides the declared `both`",
        releases: Releases::since(&[(20, 19, 0), (22, 9, 0), (23, 3, 0)]),
        fixes: &[AddValues("channels.externalMedia.direction", &["in", "out"])],
    },
    Fixup {
        name: "the body of an event filter",
        evidence: "seen on the wire of 22.10.1: the filter itself is the body; wrapped as `filter` it is ignored with 200",
        releases: Releases::since(&[(13, 26, 0), (16, 3, 0), (17, 0, 0)]),
        fixes: &[SetBody("applications.filter.filter", BodyForm::BareFilter)],
    },
    Fixup {
        name: "the body of a new bridge",
        evidence: "seen on the wire of 22.10.1: wrapped as `variables` it answers 400 after the bridge was made; bare it works",
        releases: Releases::since(&[(20, 20, 0), (22, 10, 0), (23, 4, 0)]),
        fixes: &[SetBody("bridges.create.variables", BodyForm::BareVariables)],
    },
    Fixup {
        name: "the body of a dynamic configuration object",
        evidence: "seen on the wire of 22.10.1: a list of attribute and value under `fields`; a map is taken for empty",
        releases: Releases::since(&[(13, 38, 0), (16, 0, 0)]),
        fixes: &[SetTuples("asterisk.updateObject.fields", "ConfigTuple")],
    },
    Fixup {
        name: "the variables of a user event",
        evidence: "seen on the wire of 22.10.1: values of any JSON type arrive as they were sent",
        releases: SEEN,
        fixes: &[SetBody("events.userEvent.variables", BodyForm::Members)],
    },
    Fixup {
        name: "the direction to mute",
        evidence: "seen on the wire of 22.10.1 and 16.28.0: without it 400 and `Direction is required`; declared as optional, \
                   `both` if left out",
        releases: SEEN,
        fixes: &[SetRequired("channels.mute.direction"), SetRequired("channels.unmute.direction")],
    },
    Fixup {
        name: "the status of what is created",
        evidence: "seen on the wire of 16.28.0 and 22.10.1: 201 with the address in `Location`",
        releases: SEEN,
        fixes: &[
            SetStatus("bridges.play", 201),
            SetStatus("bridges.playWithId", 201),
            SetStatus("bridges.record", 201),
            SetStatus("channels.play", 201),
            SetStatus("channels.playWithId", 201),
            SetStatus("channels.record", 201),
        ],
    },
    Fixup {
        name: "the status of a message that is accepted for delivery",
        evidence: "seen on the wire of 22.10.1: 202 without a body",
        releases: SEEN,
        fixes: &[SetStatus("endpoints.sendMessage", 202), SetStatus("endpoints.sendMessageToEndpoint", 202)],
    },
    Fixup {
        name: "the status of a reference that is accepted for delivery",
        evidence: "seen on the wire of 22.10.1: 202 without a body",
        releases: Releases::since(&[(18, 20, 0), (20, 5, 0), (21, 0, 0)]),
        fixes: &[SetStatus("endpoints.refer", 202), SetStatus("endpoints.referToEndpoint", 202)],
    },
    Fixup {
        name: "ids of channels under other names, in operations of later releases",
        evidence: "seen on the wire of 22.10.1: each holds the id of a channel",
        releases: Releases::since(&[(16, 0, 0)]),
        fixes: &[
            SetReference("channels.create.originator", "channelId"),
            SetReference("channels.dial.caller", "channelId"),
        ],
    },
    Fixup {
        name: "names of recordings under another name",
        evidence: "seen on the wire of 22.10.1: the recording is at /recordings/live/NAME",
        releases: SEEN,
        fixes: &[
            SetReference("bridges.record.name", "recordingName"),
            SetReference("channels.record.name", "recordingName"),
        ],
    },
    Fixup {
        name: "names of applications and ids of servers, declared as mere strings",
        evidence: "seen on the wire of 22.10.1: GET /applications/NAME knows what events call `application`, and a server \
                   sends its own id in every event, in its answer to a ping and among its information",
        releases: SEEN,
        fixes: &[
            SetReference("Event.application", "applicationName"),
            SetReference("Message.asterisk_id", "asteriskId"),
            SetReference("SystemInfo.entity_id", "asteriskId"),
        ],
    },
    Fixup {
        name: "the id of the server in its answer to a ping",
        evidence: "seen on the wire of 22.10.1: the id that its events carry",
        releases: Releases::since(&[(13, 38, 0), (16, 2, 0), (17, 0, 0)]),
        fixes: &[SetReference("AsteriskPing.asterisk_id", "asteriskId")],
    },
    Fixup {
        name: "ids of channels under other names",
        evidence: "seen on the wire of 22.10.1: each holds the id of a channel",
        releases: SEEN,
        fixes: &[
            SetReference("Bridge.channels", "channelId"),
            SetReference("Bridge.video_source_id", "channelId"),
            SetReference("BridgeVideoSourceChanged.old_video_source_id", "channelId"),
            SetReference("bridges.addChannel.channel", "channelId"),
            SetReference("bridges.removeChannel.channel", "channelId"),
            SetReference("channels.originate.originator", "channelId"),
            SetReference("channels.snoopChannel.snoopId", "channelId"),
            SetReference("channels.snoopChannelWithId.snoopId", "channelId"),
            SetReference("channels.originateWithId.originator", "channelId"),
        ],
    },
];

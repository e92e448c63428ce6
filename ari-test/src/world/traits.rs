//! How a release differs from others, according to the declarations, or as observed on servers.

use ari_bindings::Release;

use crate::surface;

#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact")]
#[derive(Debug)]
pub(super) struct Traits {
    pub(super) has_protocol_id: bool,
    pub(super) has_dialplan_app: bool,
    pub(super) has_filter: bool,
    pub(super) has_bridge_time: bool,
    pub(super) has_bridge_variables: bool,
    pub(super) has_reason_code: bool,
    pub(super) has_media_transports: bool,
    pub(super) ids_are_prefixes: bool,
    /// Without it, a call that is not answered in time ends with the cause 0.
    pub(super) has_timeout_cause: bool,
    pub(super) reports_deleted_devices: bool,
}

/// A behaviour that no declaration shows, on the two releases on which it was looked for.
struct Observed {
    on_16_28_0: bool,
    on_22_10_1: bool,
}

const IDS_ARE_PREFIXES: Observed = Observed { on_16_28_0: false, on_22_10_1: true };
const HAS_TIMEOUT_CAUSE: Observed = Observed { on_16_28_0: false, on_22_10_1: true };
const REPORTS_DELETED_DEVICES: Observed = Observed { on_16_28_0: true, on_22_10_1: false };

impl Observed {
    /// The branches between the two were not looked at. They are taken to behave like the newer release.
    fn on(&self, release: Release) -> bool {
        if release.major <= 16 { self.on_16_28_0 } else { self.on_22_10_1 }
    }
}

impl Traits {
    pub(super) fn of(release: Release) -> Self {
        let has = |item: &str| surface::has(item, release);
        Self {
            has_protocol_id: has("property Channel.protocol_id"),
            has_dialplan_app: has("property DialplanCEP.app_name"),
            has_filter: has("property Application.events_allowed"),
            has_media_transports: has("value channels.externalMedia.transport websocket"),
            has_reason_code: has("parameter channels.hangup.reason_code"),
            has_bridge_variables: has("property Bridge.bridgevars"),
            has_bridge_time: has("property Bridge.creationtime"),
            ids_are_prefixes: IDS_ARE_PREFIXES.on(release),
            has_timeout_cause: HAS_TIMEOUT_CAUSE.on(release),
            reports_deleted_devices: REPORTS_DELETED_DEVICES.on(release),
        }
    }
}

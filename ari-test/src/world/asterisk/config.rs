//! Objects of the dynamic configuration.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

/// The types of objects with their attributes, separated by spaces.
const TYPES: &[(&str, &str)] = &[
    (
        "aor",
        "authenticate_qualify contact default_expiration mailboxes max_contacts maximum_expiration \
         minimum_expiration outbound_proxy qualify_2xx_only qualify_frequency qualify_timeout remove_existing \
         remove_unavailable support_path voicemail_extension",
    ),
    (
        "auth",
        "auth_type md5_cred nonce_lifetime oauth_clientid oauth_secret password password_digest realm \
         refresh_token supported_algorithms_uac supported_algorithms_uas username",
    ),
    (
        "contact",
        "authenticate_qualify call_id endpoint expiration_time outbound_proxy path prune_on_boot qualify_2xx_only \
         qualify_frequency qualify_timeout reg_server uri user_agent via_addr via_port",
    ),
    ("domain_alias", "domain"),
    (
        "endpoint",
        "100rel accept_multiple_sdp_answers accountcode acl aggregate_mwi allow allow_overlap allow_subscribe \
         allow_transfer allow_unauthenticated_options aors asymmetric_rtp_codec auth bind_rtp_to_media_address \
         bundle call_group callerid callerid_privacy callerid_tag codec_prefs_incoming_answer \
         codec_prefs_incoming_offer codec_prefs_outgoing_answer codec_prefs_outgoing_offer connected_line_method \
         contact_acl contact_deny contact_permit contact_user context cos_audio cos_video deny \
         device_state_busy_at direct_media direct_media_glare_mitigation direct_media_method \
         disable_direct_media_on_nat disallow dtls_auto_generate_cert dtls_ca_file dtls_ca_path dtls_cert_file \
         dtls_cipher dtls_fingerprint dtls_private_key dtls_rekey dtls_setup dtls_verify dtmf_mode fax_detect \
         fax_detect_timeout follow_early_media_fork force_avp force_rport from_domain from_user g726_non_standard \
         geoloc_incoming_call_profile geoloc_outgoing_call_profile ice_support identify_by ignore_183_without_sdp \
         inband_progress incoming_call_offer_pref incoming_mwi_mailbox language mailboxes max_audio_streams \
         max_video_streams media_address media_encryption media_encryption_optimistic \
         media_use_received_transport message_context moh_passthrough moh_suggest mwi_from_user \
         mwi_subscribe_replaces_unsolicited named_call_group named_pickup_group notify_early_inuse_ringing \
         one_touch_recording outbound_auth outbound_proxy outgoing_call_offer_pref overlap_context permit \
         pickup_group preferred_codec_only record_off_feature record_on_feature redirect_method \
         refer_blind_progress rewrite_contact rpid_immediate rtcp_mux rtp_engine rtp_ipv6 rtp_keepalive \
         rtp_symmetric rtp_timeout rtp_timeout_hold sdp_owner sdp_session security_mechanisms \
         security_negotiation send_aoc send_connected_line send_diversion send_history_info send_pai send_rpid \
         set_var srtp_tag_32 stir_shaken stir_shaken_profile sub_min_expiry subscribe_context \
         suppress_moh_on_sendonly suppress_q850_reason_headers t38_bind_udptl_to_media_address t38_udptl \
         t38_udptl_ec t38_udptl_ipv6 t38_udptl_maxdatagram t38_udptl_nat tenantid timers timers_min_se \
         timers_sess_expires tone_zone tos_audio tos_video transport trust_connected_line trust_id_inbound \
         trust_id_outbound use_avpf use_ptime user_eq_phone voicemail_extension webrtc",
    ),
    ("identify", "endpoint match match_header match_request_uri srv_lookups transport"),
    (
        "registration",
        "auth_rejection_permanent client_uri contact_header_params contact_user endpoint expiration \
         fatal_retry_interval forbidden_retry_interval line max_random_initial_delay max_retries outbound_auth \
         outbound_proxy retry_interval security_mechanisms security_negotiation server_uri support_outbound \
         support_path transport user_agent",
    ),
    (
        "transport",
        "allow_reload allow_wildcard_certs async_operations bind ca_list_file ca_list_path cert_file cipher cos \
         domain external_media_address external_signaling_address external_signaling_port local_net method \
         password priv_key_file protocol require_client_cert symmetric_transport tcp_keepalive_enable \
         tcp_keepalive_idle_time tcp_keepalive_interval_time tcp_keepalive_probe_count tos verify_client \
         verify_server websocket_write_timeout",
    ),
];

impl World {
    pub(super) fn object_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let text = |name: &str| arguments.text(name).unwrap_or_default().to_owned();
        let key = [text("configClass"), text("objectType"), text("id")];
        if !matches!(operation, "getObject" | "updateObject" | "deleteObject") {
            return None;
        }
        let [class, kind, id] = &key;
        if class != "res_pjsip" {
            return Some(refuse(404, format!("configClass '{class}' not found")));
        }
        let Some((_, attributes)) = TYPES.iter().find(|(known, _)| known == kind) else {
            return Some(refuse(404, format!("objectType '{kind}' not found")));
        };
        let known = self.server.objects.contains_key(&key);
        Some(match operation {
            "updateObject" => self.update_object(&key, attributes, arguments),
            _ if !known => refuse(404, format!("Object with id '{id}' not found")),
            "getObject" => Ok(self.object(&key)),
            _ => {
                self.server.objects.remove(&key);
                Ok(Reply::empty(204))
            }
        })
    }

    fn object(&self, key: &[String; 3]) -> Reply {
        let fields = self.server.objects.get(key).into_iter().flatten();
        let fields = fields.map(|(attribute, value)| json!({ "attribute": attribute, "value": value }));
        Reply::json(200, &fields.collect::<Vec<_>>())
    }

    fn update_object(&mut self, key: &[String; 3], attributes: &str, arguments: &Arguments) -> Outcome {
        let given = arguments.body().and_then(|body| body.get("fields"));
        let is_list = given.is_none_or(Value::is_array);
        let field =
            |field: &Value| Some((field["attribute"].as_str()?.to_owned(), field["value"].as_str()?.to_owned()));
        let fields: BTreeMap<_, _> = given.and_then(Value::as_array).into_iter().flatten().filter_map(field).collect();
        let exists = |attribute: &String| attributes.split(' ').any(|known| known == attribute);
        if !is_list || !fields.keys().all(exists) {
            let what = if self.server.objects.contains_key(key) { "Update" } else { "Creation" };
            let reply = Reply::message(400, format!("{what} of object '{}' failed field value validation", key[2]));
            return Err(Reply { reason: Some("Bad request"), ..reply });
        }
        self.server.objects.entry(key.clone()).or_default().extend(fields);
        Ok(self.object(key))
    }
}

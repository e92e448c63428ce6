//! The operations on bridges.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::events::Event;
use super::super::models::{ValueModel, VariablesModel};
use super::super::variables::{Assignment, assignments};
use super::super::{Answer, Outcome, Ticket, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

impl World {
    pub(in super::super) fn bridge_requests(
        &mut self,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let id = arguments.text("bridgeId").unwrap_or_default();
        Some(match operation {
            "list" => {
                let bridges: Vec<_> = self.bridges.values().map(|bridge| self.bridge_model(bridge)).collect();
                Ok(Some(Reply::json(200, &bridges)))
            }
            "get" => self.bridge_reply(id).map(Some),
            "create" | "createWithId" => self.create_bridge_request(operation, id, arguments).map(Some),
            "destroy" => self.destroy_bridge(id, ticket),
            "addChannel" => self.add_to_bridge(id, &arguments.texts("channel"), ticket),
            "removeChannel" => self.remove_from_bridge(id, &arguments.texts("channel"), ticket),
            "setVideoSource" => self.set_video_source(id, arguments.text("channelId").unwrap_or_default()).map(Some),
            "clearVideoSource" => self.clear_video_source(id).map(Some),
            "startMoh" => self.start_bridge_moh(id).map(Some),
            "stopMoh" => self.set_bridge_moh(id, false).map(Some),
            "play" | "playWithId" => self.play_on_bridge(id, arguments, ticket),
            "record" => self.record_bridge(id, arguments, ticket),
            "getBridgeVar" => self.bridge_variable(id, arguments).map(Some),
            "getBridgeVars" => self.bridge_variables(id, &arguments.texts("variables")).map(Some),
            "setBridgeVar" => self.set_bridge_variable(id, arguments).map(Some),
            "setBridgeVars" => self.set_bridge_variables(id, arguments).map(Some),
            _ => return None,
        })
    }

    fn create_bridge_request(&mut self, operation: &str, id: &str, arguments: &Arguments) -> Outcome {
        let (name, kind) = (arguments.text("name").unwrap_or_default(), arguments.text("type").unwrap_or("mixing"));
        if operation == "createWithId" {
            let variables = arguments.object("variables").map(assignments).transpose()?.unwrap_or_default();
            let reply = self.create_bridge(id, name, kind)?;
            self.assign_to_bridge(id, &variables);
            return if variables.is_empty() { Ok(reply) } else { self.bridge_reply(id) };
        }
        // This operation takes the body itself for the variables, and creates the bridge even if it refuses them.
        let id = arguments.text("bridgeId").unwrap_or_default();
        let variables = arguments.body().and_then(Value::as_object).cloned().unwrap_or_default();
        let named = if id.is_empty() { "(null)" } else { id };
        let reply = self.create_bridge(id, name, kind).map_err(|refusal| match refusal.status {
            500 if self.traits.has_bridge_variables => {
                let text = format!("Unable to create bridge. Possible duplicate bridge id '{named}'");
                Reply { reason: refusal.reason, ..Reply::message(500, text) }
            }
            _ => refusal,
        })?;
        let is_valid = |value: &Value| value.is_string() || value["value"].is_string();
        if variables.values().all(is_valid) {
            self.assign_to_bridge(id, &assignments(&variables)?);
            return if variables.is_empty() { Ok(reply) } else { self.bridge_reply(id) };
        }
        refuse(400, "Each object value in 'variables' must include string field 'value'")
    }

    fn assign_to_bridge(&mut self, id: &str, assignments: &[Assignment]) {
        let Some(bridge) = self.bridges.get_mut(id) else { return };
        for Assignment { name, value, is_reported } in assignments {
            bridge.vars.insert(name.clone(), value.clone());
            if *is_reported {
                bridge.reported.insert(name.clone());
            }
        }
    }

    fn bridge_variable(&self, id: &str, arguments: &Arguments) -> Outcome {
        let bridge = self.bridge(id)?;
        let name = arguments.text("variable").unwrap_or_default();
        match bridge.vars.get(name) {
            Some(value) => Ok(Reply::json(200, &ValueModel { value })),
            None => refuse(404, "Provided variable was not found"),
        }
    }

    fn bridge_variables(&self, id: &str, names: &[&str]) -> Outcome {
        let bridge = self.bridges.get(id).ok_or_else(unknown_bridge)?;
        let unset =
            || Reply { reason: Some("Variable Not Found"), ..Reply::message(404, "Provided variable was not found") };
        let values = names.iter().map(|name| {
            let value = bridge.vars.get(*name);
            let value = value.ok_or_else(unset)?;
            Ok(((*name).to_owned(), value.clone()))
        });
        let variables = values.collect::<Result<BTreeMap<_, _>, Reply>>()?;
        Ok(Reply::json(200, &VariablesModel { variables }))
    }

    fn set_bridge_variable(&mut self, id: &str, arguments: &Arguments) -> Outcome {
        self.bridge(id)?;
        let name = arguments.text("variable").unwrap_or_default().to_owned();
        if name.is_empty() {
            return refuse(400, "Variable name is required");
        }
        let value = arguments.text("value").unwrap_or_default().to_owned();
        let is_reported = arguments.flag("report_events").unwrap_or_default();
        self.assign_to_bridge(id, &[Assignment { name, value, is_reported }]);
        Ok(Reply::empty(204))
    }

    fn set_bridge_variables(&mut self, id: &str, arguments: &Arguments) -> Outcome {
        self.bridge(id).map_err(|_| unknown_bridge())?;
        let none = Map::new();
        let assignments = assignments(arguments.object("variables").unwrap_or(&none))?;
        self.assign_to_bridge(id, &assignments);
        Ok(Reply::empty(204))
    }

    fn set_video_source(&mut self, id: &str, channel: &str) -> Outcome {
        let bridge = self.bridge(id)?;
        let Some(source) = self.channels.get(channel) else {
            return refuse(400, "Channel not found");
        };
        if source.stasis().is_none() {
            return refuse(422, "Channel not in Stasis application");
        }
        if source.bridge.as_deref() != Some(id) {
            return refuse(422, "Channel not in this bridge");
        }
        let old = bridge.video_source.clone().filter(|old| old != channel);
        self.change_video_source(id, Some(channel.to_owned()), old.as_deref());
        Ok(Reply::empty(204))
    }

    fn clear_video_source(&mut self, id: &str) -> Outcome {
        let old = self.bridge(id)?.video_source.clone();
        if old.is_some() {
            self.change_video_source(id, None, old.as_deref());
        }
        Ok(Reply::empty(204))
    }

    fn change_video_source(&mut self, id: &str, source: Option<String>, old: Option<&str>) {
        if let Some(bridge) = self.bridges.get_mut(id) {
            bridge.video_source = source;
            self.bridge_event(id, Event::new("BridgeVideoSourceChanged").with_some("old_video_source_id", old), None);
        }
    }

    fn start_bridge_moh(&mut self, id: &str) -> Outcome {
        for channel in self.bridge(id)?.channels.clone() {
            self.hears(&channel, "moh");
        }
        self.set_bridge_moh(id, true)
    }

    fn set_bridge_moh(&mut self, id: &str, has_moh: bool) -> Outcome {
        self.bridge(id)?;
        if let Some(bridge) = self.bridges.get_mut(id) {
            bridge.has_moh = has_moh;
        }
        Ok(Reply::empty(204))
    }
}

/// The refusal of operations on several variables.
fn unknown_bridge() -> Reply {
    Reply { reason: Some("Bridge Not Found"), ..Reply::message(404, "Provided bridge was not found") }
}

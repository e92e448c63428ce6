//! Variables of channels and bridges, and functions of the dialplan.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::channels::create::caller_id_of;
use super::channels::{Command, Place};
use super::events::{Event, Topic};
use super::models::{ValueModel, VariablesModel};
use super::{Answer, Outcome, Ticket, World, refuse};
use crate::exchange::Reply;
use crate::surface::{Arguments, INVALID_VARIABLE};

/// A variable with its new value, and whether events are to have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_reported: bool,
}

/// The variables in a body.
pub(super) fn assignments(variables: &Map<String, Value>) -> Result<Vec<Assignment>, Reply> {
    let assignment = |(name, value): (&String, &Value)| {
        let is_reported = value["report_events"] == true;
        let value = value.as_str().or_else(|| value["value"].as_str());
        let value = value.ok_or_else(|| Reply::message(400, INVALID_VARIABLE))?.to_owned();
        Ok(Assignment { name: name.clone(), value, is_reported })
    };
    variables.iter().map(assignment).collect()
}

impl World {
    /// Has every channel report these variables.
    pub(crate) fn report_variables(&mut self, names: &[String]) {
        self.reported.extend(names.iter().cloned());
    }

    /// Sets a variable or calls a function of a channel.
    pub(super) fn assign(&mut self, id: &str, Assignment { name, value, is_reported }: &Assignment) {
        if *is_reported {
            if let Some(channel) = self.channels.get_mut(id) {
                channel.reported.insert(name.clone());
            }
        }
        if name.contains('(') { self.assign_function(id, name, value) } else { self.set_variable(id, name, value) }
    }

    pub(super) fn set_variable(&mut self, id: &str, name: &str, value: &str) {
        if let Some(channel) = self.channels.get_mut(id) {
            if value.is_empty() {
                channel.vars.remove(name);
            } else {
                channel.vars.insert(name.to_owned(), value.to_owned());
            }
            self.channel_event(id, Event::new("ChannelVarset").first("variable", name).first("value", value));
        }
    }

    fn assign_function(&mut self, id: &str, name: &str, value: &str) {
        let Some(channel) = self.channels.get_mut(id) else { return };
        match name {
            "CALLERID(num)" => value.clone_into(&mut channel.caller.number),
            "CALLERID(name)" => value.clone_into(&mut channel.caller.name),
            "CALLERID(all)" => channel.caller = caller_id_of(value),
            "CONNECTEDLINE(all)" | "CONNECTEDLINE(all,i)" => channel.connected = caller_id_of(value),
            "CONNECTEDLINE(num)" => value.clone_into(&mut channel.connected.number),
            "CONNECTEDLINE(name)" => value.clone_into(&mut channel.connected.name),
            "CHANNEL(language)" => value.clone_into(&mut channel.language),
            "CHANNEL(accountcode)" => value.clone_into(&mut channel.accountcode),
            "TALK_DETECT(set)" => {
                channel.detects_talking = true;
                channel.talks_since = None;
                self.notice_sound(id);
            }
            "TALK_DETECT(remove)" => channel.detects_talking = false,
            _ => {
                channel.vars.insert(name.to_owned(), value.to_owned());
            }
        }
        if name.starts_with("CALLERID(") {
            let event = Event::new("ChannelCallerId").with("caller_presentation", &0);
            let event = event.with("caller_presentation_txt", "Presentation Allowed, Not Screened");
            self.channel_event(id, event);
        } else if name.starts_with("CONNECTEDLINE(") {
            self.channel_event(id, Event::new("ChannelConnectedLine"));
        }
    }

    /// The value of a variable, or of a function that is read like one.
    fn variable(&self, id: &str, name: &str) -> Result<String, Reply> {
        let channel = self.channel(id).map_err(|_| unknown_channel())?;
        let unset = || not_found("Variable Not Found", "Provided variable was not found");
        Ok(match name {
            "CHANNEL(name)" | "CHANNEL" => channel.name.clone(),
            "CHANNEL(state)" => channel.state.name().to_owned(),
            "CHANNEL(uniqueid)" | "UNIQUEID" => channel.id.clone(),
            "CHANNEL(language)" => channel.language.clone(),
            "CHANNEL(accountcode)" => channel.accountcode.clone(),
            "CALLERID(num)" => channel.caller.number.clone(),
            "CALLERID(name)" => channel.caller.name.clone(),
            "CALLERID(all)" => format!("\"{}\" <{}>", channel.caller.name, channel.caller.number),
            "CONNECTEDLINE(num)" => channel.connected.number.clone(),
            "CONNECTEDLINE(name)" => channel.connected.name.clone(),
            "EXTEN" => channel.location.exten.clone(),
            "CONTEXT" => channel.location.context.clone(),
            "EPOCH" => self.clock.epoch().to_string(),
            name => match channel.vars.get(name).or_else(|| self.server.globals.get(name)) {
                Some(value) => value.clone(),
                None if name.contains('(') => {
                    let reason = Some("Error With Function");
                    return Err(Reply { reason, ..Reply::message(500, "Unable to read provided function") });
                }
                None => return Err(unset()),
            },
        })
    }

    pub(super) fn channel_variables(
        &mut self,
        id: &str,
        operation: &str,
        arguments: &Arguments,
        ticket: Ticket,
    ) -> Option<Answer> {
        let name = arguments.text("variable").unwrap_or_default();
        Some(match operation {
            "getChannelVar" => {
                self.variable(id, name).map(|value| Some(Reply::json(200, &ValueModel { value: &value })))
            }
            "getChannelVars" => self.variable_list(id, &arguments.texts("variables")).map(Some),
            "setChannelVar" => self.set_channel_variable(id, arguments, ticket),
            "setChannelVars" => self.set_channel_variables(id, arguments, ticket),
            _ => return None,
        })
    }

    fn variable_list(&self, id: &str, names: &[&str]) -> Outcome {
        if names.iter().all(|name| name.is_empty()) {
            return refuse(400, "Variable names are required");
        }
        let values = names.iter().map(|name| Ok(((*name).to_owned(), self.variable(id, name)?)));
        let variables = values.collect::<Result<BTreeMap<_, _>, Reply>>()?;
        Ok(Reply::json(200, &VariablesModel { variables }))
    }

    fn set_channel_variable(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        self.channel(id)?;
        let name = arguments.text("variable").unwrap_or_default();
        let value = arguments.text("value").unwrap_or_default().to_owned();
        let is_reported = arguments.flag("report_events").unwrap_or_default();
        self.assign_in_turn(id, vec![Assignment { name: name.to_owned(), value, is_reported }], ticket);
        Ok(None)
    }

    fn set_channel_variables(&mut self, id: &str, arguments: &Arguments, ticket: Ticket) -> Answer {
        self.channel(id).map_err(|_| unknown_channel())?;
        let Some(variables) = arguments.object("variables") else {
            return refuse(400, "The 'variables' field must be a JSON object");
        };
        self.assign_in_turn(id, assignments(variables)?, ticket);
        Ok(None)
    }

    /// A channel in an application sets variables once it has done what it was asked before; any other at once.
    fn assign_in_turn(&mut self, id: &str, assignments: Vec<Assignment>, ticket: Ticket) {
        let channel = id.to_owned();
        let job = move |world: &mut Self| {
            for assignment in &assignments {
                world.assign(&channel, assignment);
            }
            world.reply_after(super::order::STEP / 2, ticket, Reply::empty(204));
        };
        if self.channels.get(id).is_some_and(|channel| matches!(channel.place, Place::Stasis(_))) {
            self.enqueue(id, Command::run(job));
        } else {
            job(self);
        }
    }

    /// Sets a global variable.
    pub(super) fn set_global(&mut self, name: &str, value: &str) {
        self.server.globals.insert(name.to_owned(), value.to_owned());
        let event = Event::new("ChannelVarset").first("variable", name).first("value", value);
        self.emit(Topic::Channel(""), &event);
    }
}

/// The refusal of most operations on variables.
pub(super) fn unknown_channel() -> Reply {
    not_found("Channel Not Found", "Provided channel was not found")
}

fn not_found(reason: &'static str, message: &str) -> Reply {
    Reply { reason: Some(reason), ..Reply::message(404, message) }
}

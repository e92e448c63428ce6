//! The server itself: information, modules, logs, global variables and configuration objects.

mod config;
mod modules;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::events::ASTERISK_ID;
use super::models::ValueModel;
use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

#[derive(Debug)]
pub(super) struct Server {
    pub(super) globals: BTreeMap<String, String>,
    /// Log channels, with what each logs.
    logs: BTreeMap<String, String>,
    modules: BTreeMap<String, modules::Module>,
    objects: BTreeMap<[String; 3], BTreeMap<String, String>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            globals: BTreeMap::new(),
            logs: [("messages.log".to_owned(), "NOTICE WARNING ERROR ".to_owned())].into(),
            modules: modules::all(),
            objects: BTreeMap::new(),
        }
    }
}

impl World {
    pub(super) fn asterisk_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("variable").unwrap_or_default().to_owned();
        Some(match operation {
            "getInfo" => Ok(self.info(arguments)),
            "ping" => Ok(Reply::json(
                200,
                &json!({ "ping": "pong", "timestamp": self.clock.stamp(), "asterisk_id": ASTERISK_ID }),
            )),
            "getGlobalVar" => {
                let epoch = self.clock.epoch().to_string();
                let value = if name == "EPOCH" { Some(&epoch) } else { self.server.globals.get(&name) };
                Ok(Reply::json(200, &ValueModel { value: value.map_or("", String::as_str) }))
            }
            "setGlobalVar" => {
                self.set_global(&name, arguments.text("value").unwrap_or_default());
                Ok(Reply::empty(204))
            }
            _ => {
                let outcome = self.module_requests(operation, arguments);
                return outcome
                    .or_else(|| self.log_requests(operation, arguments))
                    .or_else(|| self.object_requests(operation, arguments));
            }
        })
    }

    fn info(&self, arguments: &Arguments) -> Reply {
        let date = "2026-01-01 00:00:00 UTC";
        let all = json!({
            "build": {
                "os": "Linux", "kernel": "unknown", "machine": "unknown", "options": "OPTIONAL_API", "date": date, "user": "nobody",
            },
            "system": { "version": self.release.to_string(), "entity_id": ASTERISK_ID },
            "config": { "name": "", "default_language": "en", "setid": { "user": "", "group": "" } },
            "status": { "startup_time": self.clock.startup(), "last_reload_time": self.clock.startup() },
        });
        let only = arguments.has("only").then(|| arguments.texts("only"));
        let sections: Map<String, Value> = match all {
            Value::Object(all) => {
                all.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only.contains(&&**name))).collect()
            }
            _ => Map::new(),
        };
        Reply::json(200, &sections)
    }

    fn log_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("logChannelName").unwrap_or_default();
        let is_known = self.server.logs.contains_key(name);
        let missing = "Log channel does not exist";
        Some(match operation {
            "listLogChannels" => {
                let logs = self.server.logs.iter().map(|(name, levels)| {
                    let path = format!("/var/log/asterisk/{name}");
                    json!({ "channel": path, "type": "File", "status": "Enabled", "configuration": levels })
                });
                Ok(Reply::json(200, &logs.collect::<Vec<_>>()))
            }
            "addLog" if is_known => refuse(409, "Log channel already exists"),
            "addLog" => {
                let levels = arguments.text("configuration").unwrap_or_default();
                let levels = levels.split(',').map(|level| level.trim().to_uppercase() + " ").collect();
                self.server.logs.insert(name.to_owned(), levels);
                Ok(Reply::empty(204))
            }
            // Created by their names, deleted by their paths.
            "deleteLog" => match name.strip_prefix("/var/log/asterisk/").and_then(|name| self.server.logs.remove(name))
            {
                Some(_) => Ok(Reply::empty(204)),
                None => refuse(404, missing),
            },
            "rotateLog" if is_known => Ok(Reply::empty(204)),
            "rotateLog" => refuse(404, missing),
            _ => return None,
        })
    }
}

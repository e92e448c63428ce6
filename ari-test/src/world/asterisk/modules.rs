//! Modules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

#[derive(Debug, Clone, Copy)]
pub(super) struct Module {
    description: &'static str,
    support_level: &'static str,
    use_count: u32,
    can_reload: bool,
    is_running: bool,
}

/// The modules of a server, all of which run, without those that carry sound: the fake has none.
pub(super) fn all() -> BTreeMap<String, Module> {
    let modules = include_str!("modules.txt").lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let (name, use_count) = (columns.next()?, columns.next()?.parse().ok()?);
        let (support_level, description) = (columns.next()?, columns.next()?);
        let can_reload = RELOADED.contains(&name);
        Some((name.to_owned(), Module { description, support_level, use_count, can_reload, is_running: true }))
    });
    modules.collect()
}

/// Those that have a configuration to read again.
const RELOADED: [&str; 2] = ["res_ari.so", "res_musiconhold.so"];

impl World {
    pub(super) fn module_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("moduleName").unwrap_or_default();
        let module = self.server.modules.get(name).copied();
        let running = module.filter(|module| module.is_running);
        let missing = "Module not found in running modules";
        Some(match operation {
            "listModules" => {
                let running = self.server.modules.iter().filter(|(_, module)| module.is_running);
                Ok(Reply::json(200, &running.map(|(name, module)| model(name, *module)).collect::<Vec<_>>()))
            }
            "getModule" => match running {
                Some(module) => Ok(Reply::json(200, &model(name, module))),
                None => refuse(404, "Module could not be found in running modules"),
            },
            "loadModule" if running.is_some() => refuse(409, "Module is already loaded"),
            "loadModule" if module.is_none() => refuse(409, "Module load declined"),
            "loadModule" => Ok(self.run_module(name, true)),
            "unloadModule" => match running {
                None => refuse(404, missing),
                Some(Module { use_count: 1.., .. }) => refuse(409, "Module is in use"),
                Some(_) => Ok(self.run_module(name, false)),
            },
            "reloadModule" => match running {
                None => refuse(404, missing),
                Some(Module { can_reload: false, .. }) => refuse(409, "Module does not support reloading"),
                Some(_) => Ok(Reply::empty(204)),
            },
            _ => return None,
        })
    }

    fn run_module(&mut self, name: &str, is_running: bool) -> Reply {
        if let Some(module) = self.server.modules.get_mut(name) {
            module.is_running = is_running;
        }
        Reply::empty(204)
    }
}

fn model(name: &str, Module { description, support_level, use_count, .. }: Module) -> Value {
    json!({ "name": name, "description": description, "use_count": use_count, "status": "Running", "support_level": support_level })
}

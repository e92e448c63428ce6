//! Device states that applications control.

use super::events::{Event, Topic};
use super::models::NameState;
use super::{Outcome, World, refuse};
use crate::exchange::Reply;
use crate::surface::Arguments;

const STATES: &[&str] =
    &["NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD", "UNKNOWN"];

impl World {
    pub(super) fn device_requests(&mut self, operation: &str, arguments: &Arguments) -> Option<Outcome> {
        let name = arguments.text("deviceName").unwrap_or_default();
        Some(match operation {
            "list" => {
                let states = self.devices.iter().map(|(name, state)| NameState { name, state });
                Ok(Reply::json(200, &states.collect::<Vec<_>>()))
            }
            "get" => Ok(Reply::json(200, &NameState { name, state: self.device_state(name) })),
            "update" => self.update_device(name, arguments.text("deviceState").unwrap_or_default()),
            "delete" => self.delete_device(name),
            _ => return None,
        })
    }

    fn device_state(&self, name: &str) -> &str {
        match self.devices.get(name) {
            Some(state) => state,
            None if name.starts_with("Stasis:") && !name.contains('/') => "UNKNOWN",
            None => self.endpoint_device_state(name).unwrap_or("INVALID"),
        }
    }

    fn update_device(&mut self, name: &str, state: &str) -> Outcome {
        if !name.starts_with("Stasis:") {
            return refuse(409, "Uncontrolled device specified");
        }
        if !STATES.contains(&state) {
            return refuse(500, "Unknown device");
        }
        self.devices.insert(name.to_owned(), state.to_owned());
        self.device_event(name, state);
        Ok(Reply::empty(204))
    }

    fn delete_device(&mut self, name: &str) -> Outcome {
        if !name.starts_with("Stasis:") {
            return refuse(409, "Uncontrolled device specified");
        }
        if self.devices.remove(name).is_some() && self.traits.reports_deleted_devices {
            self.device_event(name, "UNKNOWN");
        }
        Ok(Reply::empty(204))
    }

    pub(super) fn device_event(&mut self, name: &str, state: &str) {
        let event = Event::new("DeviceStateChanged").with("device_state", &NameState { name, state });
        self.emit(Topic::Device(name), &event);
    }
}

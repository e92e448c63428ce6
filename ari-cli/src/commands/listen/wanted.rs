//! Which events are shown.

use std::cell::Cell;

use wildmatch::WildMatch;

use super::parsed;
use crate::calls::{Event, endpoint};
use crate::failure::Failure;
use crate::output::{self, Filter, Val, note};

/// Options that leave events out. An event is shown if it fits all of them.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// Only events of this type; `*` stands for anything: Channel*
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,

    /// Only events about this channel, by id, name or endpoint; `*` stands for anything: PJSIP/alice*
    #[arg(long = "channel", value_name = "CHANNEL")]
    channels: Vec<String>,

    /// Only events about this bridge or channels that enter or leave it, by id
    #[arg(long = "bridge", value_name = "BRIDGE")]
    bridges: Vec<String>,

    /// Only events for which this jq expression gives neither null nor false
    #[arg(long = "where", value_name = "EXPRESSION")]
    condition: Option<String>,
}

/// What an event has to be to be shown.
pub(super) struct Wanted {
    types: Vec<WildMatch>,
    channels: Vec<WildMatch>,
    bridges: Vec<WildMatch>,
    condition: Option<Filter>,
    has_complained: Cell<bool>,
}

impl Wanted {
    pub(super) fn new(options: &Options) -> Result<Self, Failure> {
        let patterns = |texts: &[String]| texts.iter().map(|text| WildMatch::new(text)).collect();
        Ok(Self {
            types: patterns(&options.types),
            channels: patterns(&options.channels),
            bridges: patterns(&options.bridges),
            condition: options.condition.as_deref().map(Filter::new).transpose()?,
            has_complained: Cell::new(false),
        })
    }

    /// Whether an event of this type and text is wanted.
    pub(super) fn has(&self, kind: &str, text: &str) -> bool {
        let is_any = |patterns: &[WildMatch], value: &str| patterns.iter().any(|pattern| pattern.matches(value));
        if !self.types.is_empty() && !is_any(&self.types, kind) {
            return false;
        }
        if self.channels.is_empty() && self.bridges.is_empty() {
            return self.fulfils(text);
        }
        let Some(event) = parsed(text) else { return false };
        let about = |patterns: &[WildMatch], mut names: Box<dyn Iterator<Item = String> + '_>| {
            patterns.is_empty() || names.any(|name| is_any(patterns, &name))
        };
        about(&self.channels, channel_names(&event))
            && about(&self.bridges, Box::new(event.bridges().map(str::to_owned)))
            && self.fulfils(text)
    }

    /// Whether the condition holds. Where it fails, as on a member that an event does not have, it does not.
    fn fulfils(&self, text: &str) -> bool {
        let Some(condition) = &self.condition else { return true };
        let Ok(value) = output::parse(text.as_bytes()) else { return false };
        condition.run(value).any(|result| match result {
            Ok(result) => !matches!(result, Val::Null | Val::Bool(false)),
            Err(failure) => {
                if !self.has_complained.replace(true) {
                    note!("--where does not hold where it fails, as here: {failure}");
                }
                false
            }
        })
    }
}

fn channel_names(event: &Event) -> Box<dyn Iterator<Item = String> + '_> {
    let names = event
        .channels()
        .flat_map(|channel| [channel.id().to_owned(), channel.name().to_owned(), endpoint(channel.name())]);
    Box::new(names.chain(event.target("channel").map(str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"type": "ChannelEnteredBridge", "bridge": {"id": "b1", "bridge_type": "mixing"},
        "channel": {"id": "1.1", "name": "PJSIP/alice-00000001", "dialplan": {}, "caller": {"number": "100"}}}"#;

    fn has(types: &[&str], channels: &[&str], bridges: &[&str], condition: Option<&str>) -> bool {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let options = Options {
            types: owned(types),
            channels: owned(channels),
            bridges: owned(bridges),
            condition: condition.map(str::to_owned),
        };
        Wanted::new(&options).unwrap().has("ChannelEnteredBridge", EVENT)
    }

    #[test]
    fn an_event_has_to_fit_every_option_and_one_value_of_each() {
        assert!(has(&[], &[], &[], None));
        assert!(has(&["Dial", "Channel*"], &["PJSIP/alice"], &["b1"], Some(".channel.caller.number == \"100\"")));
        assert!(has(&[], &["1.1"], &[], None) && has(&[], &["PJSIP/alice-00000001"], &[], None));
        assert!(!has(&["Dial"], &[], &[], None));
        assert!(!has(&[], &["PJSIP/bob"], &["b1"], None));
        assert!(!has(&[], &["1.1"], &["b2"], None));
        assert!(!has(&[], &[], &[], Some(".playback.id")));
    }

    #[test]
    fn a_condition_that_fails_does_not_hold() {
        assert!(!has(&[], &[], &[], Some(".channel.id | .[0].x")));
    }
}

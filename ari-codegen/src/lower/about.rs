//! Which channel an event is about, and where the event names it. Members are recognised by their wire names: a recorded
//! Rust name may be any.

use crate::rust::{AboutChannel, Field, RustType, Struct};

/// The kind of id by which channels are known.
const CHANNEL: &str = "ChannelId";

/// The member that is the channel of most events.
const MEMBER: &str = "channel";

/// The member of playbacks and recordings that names a channel or bridge.
const TARGET: &str = "target_uri";

/// What stands before the id of a channel in it.
const PREFIX: &str = "channel:";

/// Where each event about one channel names that channel.
pub(super) fn channels(events: &[Struct], models: &[Struct]) -> Vec<AboutChannel> {
    let models = Models(models);
    events.iter().filter_map(|event| models.channel_of(event)).collect()
}

struct Models<'a>(&'a [Struct]);

impl Models<'_> {
    fn channel_of(&self, event: &Struct) -> Option<AboutChannel> {
        let about = |fields: &[&Field], last: &Field| AboutChannel {
            event: event.name.clone(),
            path: fields.iter().chain([&last]).map(|field| field.name.clone()).collect(),
            optional: fields[0].is_option(),
            prefix: (last.wire == TARGET).then_some(PREFIX),
        };
        let named = event.fields.iter().find(|field| field.wire == MEMBER);
        if let Some((field, id)) = named.and_then(|field| Some((field, self.channel_id(field)?))) {
            return Some(about(&[field], id));
        }
        let mut always: Vec<_> = self.always(event).collect();
        match (always.pop(), always.is_empty()) {
            (Some((path, id)), true) => Some(about(&path, id)),
            _ => event.fields.iter().find_map(|field| Some(about(&[field], self.target(field)?))),
        }
    }

    /// The channels that an event always has, itself or in what it always has.
    fn always<'a>(&'a self, event: &'a Struct) -> impl Iterator<Item = (Vec<&'a Field>, &'a Field)> {
        event.fields.iter().filter(|field| !field.is_option()).flat_map(move |field| {
            let own = self.channel_id(field).map(|id| (vec![field], id));
            let inner = self.model(field).into_iter().flat_map(|model| &model.fields);
            let inner = inner.filter(|inner| !inner.is_option());
            own.into_iter().chain(inner.filter_map(move |inner| Some((vec![field, inner], self.channel_id(inner)?))))
        })
    }

    fn model(&self, field: &Field) -> Option<&Struct> {
        let RustType::Model(name) = &field.ty else { return None };
        self.0.iter().find(|model| model.name == *name)
    }

    /// The id of a channel, if the field is one.
    fn channel_id(&self, field: &Field) -> Option<&Field> {
        let model = self.model(field)?;
        let (wire, _) = model.identified_by.as_ref().filter(|(_, kind)| kind == CHANNEL)?;
        model.fields.iter().find(|id| id.wire == *wire)
    }

    /// The member of the field that names a channel or bridge, if it has one.
    fn target(&self, field: &Field) -> Option<&Field> {
        let is_target = |inner: &&Field| inner.wire == TARGET && inner.ty == RustType::String && !inner.is_option();
        self.model(field)?.fields.iter().find(is_target)
    }
}

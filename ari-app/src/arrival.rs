use ari_bindings::models::Channel;

use crate::dispatch::Origin;
use crate::ids::Ids;

/// How the call came into the application.
#[derive(Default)]
pub(crate) struct Arrival {
    pub(crate) args: Vec<String>,
    pub(crate) caller_number: String,
    pub(crate) caller_name: String,
    pub(crate) dialed: String,
    pub(crate) resumed: bool,
    pub(crate) outgoing: bool,
}

impl Arrival {
    /// That of a channel that enters the application with these arguments.
    pub(crate) fn new(ids: &Ids, channel: &Channel, mut args: Vec<String>, origin: &Origin) -> Self {
        let endpoint = match origin {
            Origin::Placed(session, token) => session.placing.as_ref().and_then(|placing| placing.endpoint(token)),
            Origin::Caller | Origin::Left => None,
        };
        let has_token = args.first().is_some_and(|argument| ids.is_call(argument));
        if has_token {
            args.remove(0);
        }
        Self {
            args,
            caller_number: channel.caller.number.clone(),
            caller_name: channel.caller.name.clone(),
            dialed: endpoint.unwrap_or_else(|| channel.dialplan.exten.clone()),
            resumed: matches!(origin, Origin::Left),
            // Releases before 16.4 do not list the arguments.
            outgoing: has_token || ids.is_call(channel.id.as_str()),
        }
    }
}

//! What is in the application without this program's doing: calls of an earlier run, or of a gap in the events.

use std::collections::HashSet;

use futures_util::future::join_all;

use ari_bindings::ids::{BridgeId, ChannelId};
use ari_bindings::models::{Application, Channel};
use ari_bindings::{Error, Release};

use crate::context::Context;
use crate::reconcile::look_up;

/// The oldest release that says which application of the dialplan a channel is in.
const NAMES_APPLICATION: Release = Release::new(16, 4, 0);

/// A channel that waits in the application without a call.
pub(crate) struct Unserved {
    pub(crate) channel: Channel,
    /// The arguments of `Stasis()`.
    pub(crate) args: Vec<String>,
}

/// The channels that wait in the application and belong to no call.
///
/// Fails only if the server gives no answer after several attempts.
pub(crate) async fn unserved(context: &Context) -> Result<Vec<Unserved>, Error> {
    let ari = &context.ari;
    let channels = look_up(|| async { ari.channels().list().await }).await?.unwrap_or_default();
    let applications = look_up(|| async { ari.applications().list().await }).await?.unwrap_or_default();
    context.retain_detached(|id| channels.iter().any(|channel| channel.id.as_str() == id));
    let names = names_application(context).await;
    let unserved = channels.into_iter().filter_map(|channel| {
        let args = arguments(&channel, &context.app, &applications, names)?;
        Some(Unserved { channel, args })
    });
    Ok(unserved.collect())
}

/// Whether the server says which application of the dialplan a channel is in.
async fn names_application(context: &Context) -> bool {
    let version = context.ari.server_version().await;
    version.ok().and_then(ari_bindings::ServerVersion::release).is_none_or(|release| release >= NAMES_APPLICATION)
}

/// The arguments of a channel that is in this application; `None` if it is not.
fn arguments(channel: &Channel, app: &str, applications: &[Application], names: bool) -> Option<Vec<String>> {
    let lists = |app: &str| applications.iter().any(|one| one.name == app && one.channel_ids.contains(&channel.id));
    if !lists(app) {
        return None;
    }
    match entered_with(channel, app, names) {
        // Another application that it has entered, and then has left: a move changes the list alone.
        None => entered(channel).filter(|other| !lists(other)).map(|_| Vec::new()),
        args => args,
    }
}

/// The application that a channel has entered from the dialplan.
fn entered(channel: &Channel) -> Option<&str> {
    let is_in_stasis = channel.dialplan.app_name.eq_ignore_ascii_case("Stasis");
    channel.dialplan.app_data.split(',').next().filter(|_| is_in_stasis)
}

/// The arguments of a channel that has entered this application. A server that names no application of the dialplan may
/// mean any of its channels; otherwise the channel is in none: it was dialled and has not answered.
fn entered_with(channel: &Channel, app: &str, names: bool) -> Option<Vec<String>> {
    if channel.dialplan.app_name.is_empty() {
        return (!names).then(Vec::new);
    }
    let args = channel.dialplan.app_data.split(',').skip(1).map(str::to_owned);
    (entered(channel) == Some(app)).then(|| args.collect())
}

/// Destroys the bridges and hangs up the legs that an earlier run of the application has left. Returns the outgoing calls
/// of that run that were answered.
///
/// Called before the first call is served, so that everything with the application's prefix is of an earlier run.
pub(crate) async fn clear(context: &Context) -> Result<HashSet<ChannelId>, Error> {
    let ari = &context.ari;
    let bridges = look_up(|| async { ari.bridges().list().await }).await?.unwrap_or_default();
    let bridges = bridges.iter().filter(|bridge| context.ids.is_own(bridge.id.as_str()));
    join_all(bridges.map(|bridge| context.destroy_bridge(bridge.id.as_str()))).await;
    let channels = look_up(|| async { ari.channels().list().await }).await?.unwrap_or_default();
    let names = names_application(context).await;
    let calls = channels.iter().filter(|channel| is_outgoing_call(context, channel, names));
    let calls: HashSet<_> = calls.map(|channel| channel.id.clone()).collect();
    let legs = channels.iter().map(|channel| channel.id.as_str()).filter(|id| context.ids.is_own(id));
    // The far end of a Local channel has its id with a suffix.
    let legs = legs.filter(|id| !calls.contains(&ChannelId::from(id.trim_end_matches(";2"))));
    join_all(legs.map(|leg| context.hang_up(leg))).await;
    Ok(calls)
}

/// As [`clear`], for an application with a single call, of which it lists everything. Returns its other channels.
pub(crate) async fn clear_application(context: &Context) -> Result<Vec<ChannelId>, Error> {
    let application = look_up(|| async { context.ari.application(&*context.app).get().await }).await?;
    let Application { channel_ids, bridge_ids, .. } = application.unwrap_or_default();
    let bridges = bridge_ids.iter().map(BridgeId::as_str).filter(|id| context.ids.is_own(id));
    join_all(bridges.map(|bridge| context.destroy_bridge(bridge))).await;
    let (legs, others): (Vec<_>, Vec<_>) = channel_ids.into_iter().partition(|id| context.ids.is_own(id.as_str()));
    join_all(legs.iter().map(|leg| context.hang_up(leg.as_str()))).await;
    Ok(others)
}

/// A channel of the application, unless it is gone.
pub(crate) async fn unserved_one(context: &Context, id: &ChannelId) -> Option<Unserved> {
    let channel = look_up(|| async { context.ari.channel(id).get().await }).await.ok()??;
    // The dialplan has named the application without the name of the channel.
    let args = channel.dialplan.app_data.split(',').skip(1).map(str::to_owned).collect();
    Some(Unserved { channel, args })
}

/// Whether a channel is an outgoing call that was answered.
fn is_outgoing_call(context: &Context, channel: &Channel, names: bool) -> bool {
    let Some(args) = entered_with(channel, &context.app, names) else { return false };
    let mut ids = args.first().into_iter().map(String::as_str).chain([channel.id.as_str()]);
    channel.state.as_str() == "Up" && ids.any(|id| context.ids.is_call(id) && !id.ends_with(";2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(name: &str, channels: &[&str]) -> Application {
        let mut application = Application::default();
        application.name = name.into();
        application.channel_ids = channels.iter().map(|&id| id.into()).collect();
        application
    }

    #[test]
    fn arguments_are_of_this_application_alone() {
        let mut channel = Channel::default();
        channel.id = "1".into();
        let applications = [application("app", &["1"]), application("other", &["2"])];
        assert_eq!(arguments(&channel, "app", &applications, false), Some(Vec::new()));
        assert_eq!(arguments(&channel, "app", &applications, true), None, "it rings");
        channel.dialplan.app_name = "Stasis".to_owned();
        channel.dialplan.app_data = "app,first,second".to_owned();
        let args = Some(vec!["first".to_owned(), "second".to_owned()]);
        assert_eq!(arguments(&channel, "app", &applications, true), args);
        assert_eq!(arguments(&channel, "other", &applications, true), None);
        assert_eq!(arguments(&channel, "ap", &applications, true), None);
        channel.dialplan.app_name = "Wait".to_owned();
        assert_eq!(arguments(&channel, "app", &applications, true), None);
    }

    #[test]
    fn moved_channel_is_of_the_application_that_lists_it() {
        let mut channel = Channel::default();
        channel.id = "1".into();
        channel.dialplan.app_name = "Stasis".to_owned();
        channel.dialplan.app_data = "before,first".to_owned();
        let applications = [application("before", &[]), application("now", &["1"])];
        assert_eq!(arguments(&channel, "now", &applications, true), Some(Vec::new()));
        assert_eq!(arguments(&channel, "before", &applications, true), None);
        // One that subscribes to it does not have it.
        let applications = [application("before", &["1"]), application("now", &["1"])];
        assert_eq!(arguments(&channel, "now", &applications, true), None);
    }
}

//! What is in the application without this program's doing: calls of an earlier run, or of a gap in the events.

use futures_util::future::join_all;

use ari_bindings::Error;
use ari_bindings::models::Channel;

use crate::context::Context;
use crate::reconcile::look_up;

/// A channel that waits in the application.
pub(crate) struct Waiting {
    pub(crate) channel: Channel,
    /// The arguments of `Stasis()`.
    pub(crate) args: Vec<String>,
}

/// The channels that wait in the application and belong to no call.
///
/// Fails only if the server gives no answer after several attempts.
pub(crate) async fn waiting(context: &Context) -> Result<Vec<Waiting>, Error> {
    let ari = &context.ari;
    let channels = look_up(|| async { ari.channels().list().await }).await?.unwrap_or_default();
    let application = look_up(|| async { ari.application(&*context.app).get().await }).await?;
    let members = application.map(|application| application.channel_ids).unwrap_or_default();
    context.retain_detached(|id| channels.iter().any(|channel| channel.id.as_str() == id));
    let waiting = channels.into_iter().filter(|channel| members.contains(&channel.id)).filter_map(|channel| {
        let args = arguments(&channel, &context.app)?;
        Some(Waiting { channel, args })
    });
    Ok(waiting.collect())
}

/// The arguments of a channel that is in this application; `None` if it is not. Releases before 16.4 do not say.
fn arguments(channel: &Channel, app: &str) -> Option<Vec<String>> {
    let dialplan = &channel.dialplan;
    if dialplan.app_name.is_empty() {
        return Some(Vec::new());
    }
    let mut data = dialplan.app_data.split(',');
    let is_here = dialplan.app_name.eq_ignore_ascii_case("Stasis") && data.next() == Some(app);
    is_here.then(|| data.map(str::to_owned).collect())
}

/// Destroys the bridges and hangs up the legs that an earlier run of the application has left.
///
/// Called before the first call is served, so that everything with the application's prefix is of an earlier run.
pub(crate) async fn clear(context: &Context) -> Result<(), Error> {
    let ari = &context.ari;
    let bridges = look_up(|| async { ari.bridges().list().await }).await?.unwrap_or_default();
    let bridges = bridges.iter().filter(|bridge| context.ids.is_own(bridge.id.as_str()));
    join_all(bridges.map(|bridge| context.destroy_bridge(bridge.id.as_str()))).await;
    let channels = look_up(|| async { ari.channels().list().await }).await?.unwrap_or_default();
    let legs = channels.iter().filter(|channel| context.ids.is_own(channel.id.as_str()));
    join_all(legs.map(|leg| context.hang_up(leg.id.as_str()))).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_of_this_application_alone() {
        let mut channel = Channel::default();
        assert_eq!(arguments(&channel, "app"), Some(Vec::new()));
        channel.dialplan.app_name = "Stasis".to_owned();
        channel.dialplan.app_data = "app,first,second".to_owned();
        assert_eq!(arguments(&channel, "app"), Some(vec!["first".to_owned(), "second".to_owned()]));
        assert_eq!(arguments(&channel, "ap"), None);
        channel.dialplan.app_name = "Wait".to_owned();
        assert_eq!(arguments(&channel, "app"), None);
    }
}

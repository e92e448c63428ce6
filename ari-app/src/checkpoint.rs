//! What a handler keeps of a call for the case that its program dies.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::CallError;
use crate::telemetry::verb;

/// The channel variable that holds it: it lives and ends with the call.
const VARIABLE: &str = "ARI_APP_CHECKPOINT";

/// How many bytes it may have. Asterisk reads no longer request than 40 KiB.
const MOST: usize = 16 << 10;

impl Call {
    /// Keeps how far the handler has come, for a program that takes the call over after a crash of this one:
    /// [`Call::resumed`] returns it there. Each checkpoint replaces the one before.
    ///
    /// It is kept as JSON in the variable `ARI_APP_CHECKPOINT` of the caller's channel, so it needs no storage of its own
    /// and ends with the call. It must not be longer than 16 KiB. While a sound plays or a recording goes on, Asterisk sets
    /// it only when that is over, and this waits as long.
    ///
    /// ```no_run
    /// use ari_app::{Call, CallError};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Order {
    ///     customer: Option<String>,
    ///     items: Vec<u32>,
    /// }
    ///
    /// async fn take_order(call: Call) -> Result<(), CallError> {
    ///     let mut order: Order = call.resumed().await?.unwrap_or_default();
    ///     call.answer().await?;
    ///     if order.customer.is_none() {
    ///         order.customer = call.ask("sound:vm-enter-num-to-call").await?;
    ///         call.checkpoint(&order).await?;
    ///     }
    ///     while let Some(item) = call.ask("sound:vm-press").await? {
    ///         order.items.extend(item.parse::<u32>());
    ///         call.checkpoint(&order).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    ///
    /// Fails with [`CallError::Invalid`] if the value has no JSON form or is too long.
    pub async fn checkpoint(&self, value: &(impl Serialize + Sync + ?Sized)) -> Result<(), CallError> {
        let text = text(value)?;
        verb("call.checkpoint", self.set_variable(VARIABLE, text)).await
    }

    /// What the earlier run has kept of the call by [`Call::checkpoint`]; `None` if it has kept nothing, or if the call is
    /// not [resumed](Call::is_resumed).
    ///
    /// Fails with [`CallError::Checkpoint`] if what was kept is no `T`: an earlier version of the program may have kept it.
    pub async fn resumed<T: DeserializeOwned>(&self) -> Result<Option<T>, CallError> {
        if !self.is_resumed() {
            return Ok(None);
        }
        // Of a variable that is not set, Asterisk may say that it is empty.
        match self.variable(VARIABLE).await?.filter(|text| !text.is_empty()) {
            Some(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|error| CallError::Checkpoint { reason: error.to_string().into() }),
            None => Ok(None),
        }
    }
}

fn text(value: &(impl Serialize + ?Sized)) -> Result<String, CallError> {
    let text = serde_json::to_string(value).map_err(|error| CallError::invalid("value", error.to_string()))?;
    if text.len() > MOST {
        let reason = format!("its JSON has {} bytes, and at most {MOST} are kept; keep a key to the rest", text.len());
        return Err(CallError::invalid("value", reason));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::arrival::Arrival;
    use crate::context::tests::context;
    use crate::session::Session;

    #[test]
    fn value_that_cannot_be_kept_is_refused() {
        assert_eq!(text(&Some(("sales", 3))).unwrap(), r#"["sales",3]"#);
        assert_eq!(text(&"a".repeat(MOST - 2)).unwrap().len(), MOST);
        let error = text(&"a".repeat(MOST - 1)).unwrap_err().to_string();
        assert!(error.contains("`value`") && error.contains("16385 bytes"), "{error}");
        let no_json = BTreeMap::from([(vec![1], 2)]);
        assert!(matches!(text(&no_json), Err(CallError::Invalid { argument: "value", .. })));
    }

    #[tokio::test]
    async fn longest_value_fits_into_a_request() {
        let channel = context().ari.channel("1");
        let request = channel.set_channel_var(VARIABLE).value("a".repeat(MOST)).into_request().unwrap();
        assert!(request.body().is_some(), "it would be too long for the request line");
    }

    #[tokio::test]
    async fn new_call_has_nothing_to_resume() {
        // There is no server that could be asked.
        let session = Session::new(Arc::clone(&context()), "1", true);
        let call = Call { session, arrival: Arc::new(Arrival::default()) };
        assert_eq!(call.resumed::<u32>().await.unwrap(), None);
    }
}

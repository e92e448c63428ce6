use std::time::Duration;

use tokio::time::timeout;

use crate::Call;
use crate::error::{CallError, End};
use crate::telemetry::verb;

/// How long a phone may take to follow [`Call::redirect`].
const FOLLOW: Duration = Duration::from_secs(10);

impl Call {
    /// Asks the caller's own phone to call somebody else instead: by a redirect if the call is not answered yet, else by
    /// a transfer request (in SIP, `302` and `REFER`). Returns how the call ended, or `None` if the phone has not followed
    /// after 10 s, and the caller is still there.
    ///
    /// The endpoint is of the caller's technology, such as `"PJSIP/sip:bob@example.com"`.
    pub async fn redirect(&self, endpoint: impl Into<String>) -> Result<Option<End>, CallError> {
        let endpoint = endpoint.into();
        let work = async {
            if !endpoint.contains('/') {
                return Err(CallError::invalid("endpoint", format!("{endpoint:?}: write TECHNOLOGY/RESOURCE")));
            }
            self.session.check()?;
            let done = self.channel().redirect(endpoint).await;
            self.done(done).await?;
            Ok(timeout(FOLLOW, self.ended()).await.ok())
        };
        verb("call.redirect", work).await
    }
}

use std::time::{Duration, Instant};

use crate::client::Retries;
use crate::{Error, Method};

/// How often this crate asks on its own behalf.
const OWN_RETRIES: u32 = 4;

/// Asks something on this crate's own behalf, and again if that is safe: just after a connection was lost, the next
/// one may be lost as well.
pub(crate) async fn insist<T, Question>(ask: impl Fn() -> Question) -> Result<T, Error>
where
    Question: IntoFuture<Output = Result<T, Error>>,
{
    let mut tries = Retries(OWN_RETRIES).start(Instant::now() + Duration::from_secs(60));
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let Some(delay) = tries.next(Method::Get, &error) else { return Err(error) };
        tokio::time::sleep(delay).await;
    }
}

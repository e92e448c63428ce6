//! A handler of the application, run to its end, and what its error means.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::call::Call;
use crate::error::CallError;
use crate::session::EXPLANATION;

/// The error of a handler.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs a handler to its end. Returns the failure, unless it is the end of the call.
pub(crate) async fn run<Handler, Work, Fault>(handler: &Handler, call: Call) -> Option<String>
where
    Handler: Fn(Call) -> Work,
    Work: Future<Output = Result<(), Fault>>,
    Fault: Into<Failure>,
{
    let work = async { handler(call.clone()).await };
    let failure = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => None,
        Ok(Err(fault)) => {
            let fault: Failure = fault.into();
            if is_end(&*fault) {
                // The medium of a call may end a moment before the call does.
                call.session.wait_for(EXPLANATION, |state| state.end.clone()).await;
            }
            (call.end().is_none() || !is_end(&*fault)).then(|| chain(&*fault))
        }
        Err(_) => Some("panicked".to_owned()),
    };
    if let Some(failure) = &failure {
        tracing::error!("the handler failed: {failure}");
    }
    failure
}

fn causes<'error>(
    error: &'error (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'error (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// Whether an error is [`CallError::Ended`], or has it as a cause.
fn is_end(error: &(dyn std::error::Error + 'static)) -> bool {
    // Libraries such as `anyhow` hide the type of what they carry, but not its text.
    causes(error).any(|error| match error.downcast_ref::<CallError>() {
        Some(error) => error.is_ended(),
        None => is_end_of_medium(error) || error.to_string().starts_with(CallError::ENDED),
    })
}

/// Whether an error is that the sound of a call has ended.
fn is_end_of_medium(error: &(dyn std::error::Error + 'static)) -> bool {
    #[cfg(feature = "media")]
    return error.downcast_ref().is_some_and(ari_media::MediaError::is_ended);
    #[cfg(not(feature = "media"))]
    {
        let _ = error;
        false
    }
}

/// An error with its causes.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{End, EndReason};

    #[derive(Debug)]
    struct Wrapped(CallError);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("while asking")
        }
    }

    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn is_end_looks_at_the_causes() {
        let ended = CallError::Ended(End::new(EndReason::HungUp, Some(16)));
        assert!(is_end(&ended));
        assert!(is_end(&*Failure::from(ended.to_string())));
        assert!(is_end(&Wrapped(ended)));
        assert!(!is_end(&Wrapped(CallError::invalid("media", "empty"))));
        assert!(!is_end(&std::io::Error::other("the database is gone")));
    }
}

//! Which connections become sessions, and who gets them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use crate::config::MediaConfig;
use crate::error::MediaError;
use crate::media::Media;

/// Decides about ids that the program does not expect: the configuration of the session, or refusal.
pub(crate) type AdmitOthers<K> = Box<dyn Fn(&K) -> Option<MediaConfig> + Send + Sync>;

/// The sessions of a listener, by the id that a connection presents.
pub(crate) struct Admission<K> {
    permits: Arc<Semaphore>,
    expected: Mutex<HashMap<K, Expectation>>,
    others: Option<AdmitOthers<K>>,
    accepted: mpsc::Sender<(K, Media)>,
}

struct Expectation {
    config: MediaConfig,
    media: oneshot::Sender<Media>,
}

/// A connection that becomes a session.
pub(crate) struct Admitted {
    pub(crate) config: MediaConfig,
    /// To be kept until the session ends.
    pub(crate) permit: OwnedSemaphorePermit,
    /// Who gets the medium, if the id was expected.
    pub(crate) expected: Option<oneshot::Sender<Media>>,
}

/// A medium that Asterisk is about to connect. Dropping it withdraws the admission of its connection.
#[must_use = "dropping it withdraws the admission"]
pub struct Expected {
    media: oneshot::Receiver<Media>,
    withdraw: Option<Box<dyn FnOnce() + Send>>,
}

impl<K: Clone + Eq + Hash + Send + 'static> Admission<K> {
    pub(crate) fn new(sessions: usize, others: Option<AdmitOthers<K>>) -> (Arc<Self>, mpsc::Receiver<(K, Media)>) {
        // A session that has ended leaves its medium here, so the permits alone are no bound.
        let (accepted, receiver) = mpsc::channel(sessions.clamp(1, Semaphore::MAX_PERMITS));
        let permits = Arc::new(Semaphore::new(sessions.min(Semaphore::MAX_PERMITS)));
        (Arc::new(Self { permits, expected: Mutex::default(), others, accepted }), receiver)
    }

    /// Admits one connection with this id.
    pub(crate) fn expect(self: &Arc<Self>, id: K, config: MediaConfig) -> Result<Expected, MediaError> {
        let (media, receiver) = oneshot::channel();
        let mut expected = self.expected();
        if expected.contains_key(&id) {
            return Err(MediaError::invalid("id", "a connection with this id is expected already; give each its own"));
        }
        expected.insert(id.clone(), Expectation { config, media });
        drop(expected);
        let admission = Arc::clone(self);
        let withdraw = move || {
            let mut expected = admission.expected();
            // The same id may be expected anew.
            if expected.get(&id).is_some_and(|expectation| expectation.media.is_closed()) {
                expected.remove(&id);
            }
        };
        Ok(Expected { media: receiver, withdraw: Some(Box::new(withdraw)) })
    }

    /// Admits a connection, or returns why not.
    pub(crate) fn admit(&self, id: &K) -> Result<Admitted, String> {
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            return Err("the limit of sessions is reached".to_owned());
        };
        if let Some(Expectation { config, media }) = self.expected().remove(id) {
            return Ok(Admitted { config, permit, expected: Some(media) });
        }
        match self.others.as_ref().and_then(|admit| admit(id)) {
            Some(config) => Ok(Admitted { config, permit, expected: None }),
            None => Err("its id is not expected".to_owned()),
        }
    }

    /// Delivers the medium of a session. If its receiver is gone, or too many wait to be accepted, the session ends.
    pub(crate) fn deliver(&self, id: K, media: Media, expected: Option<oneshot::Sender<Media>>) {
        let is_delivered = match expected {
            Some(expected) => expected.send(media).is_ok(),
            None => self.accepted.try_send((id, media)).is_ok(),
        };
        if !is_delivered {
            tracing::warn!("a session was closed: its medium is not received, or too many wait to be accepted");
        }
    }

    /// Gives up all that is expected.
    pub(crate) fn close(&self) {
        self.expected().clear();
    }

    /// How many sessions there may be beside those that are open.
    pub(crate) fn free(&self) -> usize {
        self.permits.available_permits()
    }

    fn expected(&self) -> MutexGuard<'_, HashMap<K, Expectation>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// Waits for the connection, for this long at most.
    ///
    /// # Errors
    ///
    /// [`MediaError::Timeout`] if Asterisk does not connect in time, [`MediaError::Ended`] if the connection failed before
    /// it was a session, or the listener was dropped.
    pub async fn media(mut self, most: Duration) -> Result<Media, MediaError> {
        match timeout(most, &mut self.media).await {
            Ok(media) => media.map_err(|_| MediaError::Ended),
            Err(_) => Err(MediaError::Timeout("Asterisk did not connect")),
        }
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.media.close();
        if let Some(withdraw) = self.withdraw.take() {
            withdraw();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::media::tests::pair;

    const CONFIG: MediaConfig = MediaConfig::new(Format::SLIN);

    fn refusal(admission: &Admission<u8>, id: u8) -> String {
        admission.admit(&id).err().expect("refused")
    }

    #[tokio::test]
    async fn expected_id_is_admitted_once_and_delivered_to_whoever_expects_it() {
        let (admission, mut accepted) = Admission::new(5, None);
        let expected = admission.expect(1, CONFIG).unwrap();
        assert!(admission.expect(1, CONFIG).is_err_and(|error| error.to_string().contains("expected already")));
        assert!(refusal(&admission, 2).contains("not expected"));
        let admitted = admission.admit(&1).unwrap();
        assert!(refusal(&admission, 1).contains("not expected"));
        admission.deliver(1, pair(&CONFIG).0, admitted.expected);
        assert!(expected.media(Duration::from_secs(1)).await.is_ok());
        assert!(accepted.try_recv().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn dropped_expectation_is_withdrawn_but_not_a_later_one_of_the_same_id() {
        let (admission, _accepted) = Admission::new(5, None);
        let first = admission.expect(1, CONFIG).unwrap();
        let error = first.media(Duration::from_secs(1)).await.err().unwrap();
        assert!(matches!(error, MediaError::Timeout("Asterisk did not connect")), "{error}");
        assert!(refusal(&admission, 1).contains("not expected"));

        let first = admission.expect(1, CONFIG).unwrap();
        admission.admit(&1).unwrap();
        let second = admission.expect(1, CONFIG).unwrap();
        drop(first);
        assert!(admission.admit(&1).is_ok());
        admission.close();
        assert!(second.media(Duration::from_secs(1)).await.err().unwrap().is_ended());
    }

    #[tokio::test]
    async fn others_are_admitted_by_choice_and_sessions_are_limited() {
        let others: AdmitOthers<u8> = Box::new(|id| (*id < 10).then_some(CONFIG));
        let (admission, mut accepted) = Admission::new(1, Some(others));
        assert!(refusal(&admission, 10).contains("not expected"));
        let admitted = admission.admit(&3).unwrap();
        assert!(refusal(&admission, 3).contains("limit of sessions"));
        assert_eq!(admission.free(), 0);
        admission.deliver(3, pair(&CONFIG).0, admitted.expected);
        assert_eq!(accepted.recv().await.unwrap().0, 3);
        drop(admitted.permit);
        assert!(admission.admit(&3).is_ok());
    }

    #[tokio::test]
    async fn media_that_nobody_accepts_are_bounded() {
        let others: AdmitOthers<u8> = Box::new(|_| Some(CONFIG));
        let (admission, mut accepted) = Admission::new(2, Some(others));
        for id in 0..5 {
            // Its session is over at once, which frees the permit.
            let admitted = admission.admit(&id).unwrap();
            admission.deliver(id, pair(&CONFIG).0, admitted.expected);
        }
        assert_eq!((accepted.recv().await.unwrap().0, accepted.recv().await.unwrap().0), (0, 1));
        assert!(accepted.try_recv().is_err());
    }
}

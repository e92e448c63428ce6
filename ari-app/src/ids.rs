//! Ids of what a call creates.
//!
//! Asterisk refuses an id that another living id begins with, so all have the same length. The prefix shows what a
//! previous run of the same application left behind.

use uuid::Uuid;

/// Makes the ids of one application.
pub(crate) struct Ids {
    prefix: Box<str>,
}

/// A kind of object with an id.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bridge,
    /// A channel that becomes a call when it answers.
    Call,
    Leg,
    Playback,
}

impl Ids {
    /// Those of an application, or of one of the processes that serve it; see [`App::instance`](crate::App::instance).
    pub(crate) fn new(app: &str, instance: Option<&str>) -> Self {
        let of_app = Uuid::new_v5(&Uuid::NAMESPACE_OID, app.as_bytes());
        let owner = instance.map_or(of_app, |instance| Uuid::new_v5(&of_app, instance.as_bytes()));
        // A hash, because the name may have any length and characters.
        let hash = owner.simple().to_string();
        Self { prefix: format!("ari-app-{}-", hash.get(..12).unwrap_or_default()).into() }
    }

    /// What all of them begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A new id.
    pub(crate) fn next(&self, kind: Kind) -> Box<str> {
        let letter = match kind {
            Kind::Bridge => 'b',
            Kind::Call => 'c',
            Kind::Leg => 'l',
            Kind::Playback => 'p',
        };
        format!("{}{letter}-{}", self.prefix, Uuid::new_v4().simple()).into()
    }

    /// Whether an id was made for this application.
    pub(crate) fn is_own(&self, id: &str) -> bool {
        id.starts_with(&*self.prefix)
    }

    /// Whether an id was made for an outgoing call of this application.
    pub(crate) fn is_call(&self, id: &str) -> bool {
        id.strip_prefix(&*self.prefix).is_some_and(|rest| rest.starts_with('c'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_has_one_length_and_the_prefix_of_its_application() {
        let (one, other) = (Ids::new("one", None), Ids::new("another application", None));
        let ids = [one.next(Kind::Bridge), one.next(Kind::Leg), one.next(Kind::Playback), one.next(Kind::Leg)];
        assert!(ids.iter().all(|id| id.len() == ids[0].len() && one.is_own(id) && !other.is_own(id)));
        assert_ne!(ids[1], ids[3]);
        assert_eq!(other.next(Kind::Leg).len(), ids[0].len());
        assert!(!one.is_own("1700000000.1"));
        let call = one.next(Kind::Call);
        assert!(one.is_call(&call) && one.is_own(&call) && !one.is_call(&ids[1]) && !other.is_call(&call));
        // The next run must recognise them.
        assert_eq!(Ids::new("one", None).prefix(), one.prefix());
    }

    #[test]
    fn instances_have_prefixes_of_their_own_of_one_length() {
        let [app, first, second, other] = [("one", None), ("one", Some("1")), ("one", Some("2")), ("on", Some("e1"))]
            .map(|(app, it)| Ids::new(app, it));
        let id = first.next(Kind::Call);
        assert!(first.is_call(&id) && ![&app, &second, &other].iter().any(|ids| ids.is_own(&id)));
        assert_eq!(app.next(Kind::Call).len(), id.len());
        assert_eq!(Ids::new("one", Some("1")).prefix(), first.prefix());
    }
}

//! The applications of a connection.

use std::borrow::Cow;

use serde::Deserialize;

use crate::value::Text;

/// The applications of a connection, and those that other connections have taken over.
#[derive(Debug, Default)]
pub(in crate::connection) struct Apps {
    own: Vec<String>,
    replaced: Vec<String>,
}

impl Apps {
    pub(super) fn new(own: Vec<String>) -> Self {
        Self { own, replaced: Vec::new() }
    }

    /// Those that are still ours.
    pub(in crate::connection) fn own(&self) -> &[String] {
        &self.own
    }

    /// The applications that were taken over.
    pub(in crate::connection) fn replaced(&self) -> &[String] {
        &self.replaced
    }

    pub(in crate::connection) fn add(&mut self, application: &str) {
        if !self.own.iter().any(|own| own == application) {
            self.own.push(application.to_owned());
        }
    }

    pub(in crate::connection) fn take(&mut self, application: &str) -> bool {
        let Some(at) = self.own.iter().position(|own| own == application) else { return false };
        self.replaced.push(self.own.remove(at));
        true
    }
}

/// The member `application` of an event, wherever it stands.
pub(crate) fn application(text: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Application<'a> {
        #[serde(borrow)]
        application: Text<'a>,
    }
    serde_json::from_str::<Application<'_>>(text).ok().map(|found| found.application.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_is_ours_once_and_taken_once() {
        let mut apps = Apps::new(vec!["x".to_owned()]);
        for app in ["y", "x", "y"] {
            apps.add(app);
        }
        assert_eq!(apps.own(), ["x", "y"]);
        assert!(apps.take("y") && !apps.take("y") && !apps.take("z"));
        assert_eq!((apps.own(), apps.replaced()), (&["x".to_owned()][..], &["y".to_owned()][..]));
    }
}

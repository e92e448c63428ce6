//! Since when items are there: each different list of releases becomes a constant.

use crate::record;
use crate::rust::Availability;

/// Lists that differ from each other, each with the name of its constant.
pub(super) struct Lists<T> {
    prefix: &'static str,
    lists: Vec<(String, Vec<T>)>,
}

impl<T: PartialEq> Lists<T> {
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, lists: Vec::new() }
    }

    /// The position of a list, which is added if it is new.
    pub(super) fn position(&mut self, list: Vec<T>) -> usize {
        let known = self.lists.iter().position(|(_, known)| *known == list);
        known.unwrap_or_else(|| {
            self.lists.push((format!("{}_{}", self.prefix, self.lists.len()), list));
            self.lists.len() - 1
        })
    }

    pub(super) fn into_inner(self) -> Vec<(String, Vec<T>)> {
        self.lists
    }
}

pub(super) fn availability(recorded: &record::Availability) -> Availability {
    let mut lists = Lists::new("SINCE");
    let items = recorded.items().map(|item| (item.to_owned(), lists.position(recorded.since(item)))).collect();
    Availability { newest: recorded.newest(), items, lists: lists.into_inner() }
}

//! Since when items are there: each different list of releases becomes a constant.

use crate::record;
use crate::rust::Availability;

pub(super) fn availability(recorded: &record::Availability) -> Availability {
    let mut lists = Vec::new();
    let mut items = Vec::new();
    for item in recorded.items() {
        let since = recorded.since(item);
        let known = lists.iter().position(|(_, list)| *list == since);
        let at = known.unwrap_or_else(|| {
            lists.push((format!("SINCE_{}", lists.len()), since));
            lists.len() - 1
        });
        items.push((item.to_owned(), at));
    }
    Availability { newest: recorded.newest(), lists, items }
}

//! The ids that the workers of an application make.

use std::collections::HashMap;

use ari_app::App;
use ari_bindings::Client;

/// How many lanes of an application are recognised.
pub(super) const LANES: u16 = 1024;

/// Finds the lane whose worker has made an id.
#[derive(Debug)]
pub(super) struct Prefixes {
    lanes: HashMap<String, u16>,
    length: usize,
}

impl Prefixes {
    pub(super) fn new(ari: &Client, app: &str) -> Self {
        let prefix = |lane| App::new(ari.clone(), app).instance(lane).id_prefix();
        let lanes: HashMap<_, _> = (0..LANES).map(|lane| (prefix(lane), lane)).collect();
        let length = lanes.keys().next().map_or(0, String::len);
        Self { lanes, length }
    }

    /// The lane of an id; `None` if none of them has made it.
    pub(super) fn lane(&self, id: &str) -> Option<u16> {
        self.lanes.get(id.get(..self.length)?).copied()
    }
}

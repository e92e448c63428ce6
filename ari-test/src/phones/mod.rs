//! People with telephones.

mod call;
mod person;
mod phone;

use std::time::Duration;

pub use call::Incoming;
pub use person::Person;
pub use phone::Phone;

/// How often a test looks for what it waits for.
const LOOK: Duration = Duration::from_millis(1);

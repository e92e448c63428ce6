// Placeholder until the generator overwrites it.
pub mod events;
pub mod ids;
pub mod models;
pub mod values;
mod operations;
pub use operations::*;

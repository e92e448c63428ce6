//! Tests of the test tools.

mod echo;
mod load;
mod proxy;

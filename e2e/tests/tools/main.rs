//! The tools of the tests do what they say.

mod echo;
mod load;
mod proxy;

//! The command `ari-fleet`.

fn main() {}

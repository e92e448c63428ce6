//! Tests against the real Asterisks of `tests/asterisk/releases.txt`.

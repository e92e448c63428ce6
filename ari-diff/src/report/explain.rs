//! What a rule means, and which rules there are.

use std::fmt::Write;

use crate::rules::{Rule, all};

/// What a rule detects, why it matters to whom, and what to do.
#[must_use]
pub fn explain(rule: &Rule) -> String {
    format!(
        "{}: {}\n\n  direction  {}\n  wire       {:<5}  {}\n  Rust       {:<5}  {}\n  do         {}\n",
        rule.id,
        rule.detects,
        rule.direction.name(),
        rule.wire,
        rule.wire_why,
        rule.rust,
        rule.rust_why,
        rule.advice
    )
}

/// All rules, one a line.
#[must_use]
pub fn list() -> String {
    let width = all().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut out = format!("{:<width$}  {:<12}  wire   Rust   detects\n", "rule", "direction");
    for rule in all() {
        let direction = rule.direction.name();
        let _ =
            writeln!(out, "{:<width$}  {direction:<12}  {:<5}  {:<5}  {}", rule.id, rule.wire, rule.rust, rule.detects);
    }
    out
}

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Entry, What};

/// What became of the calls of a fleet, from the journals of its workers.
#[derive(Debug, Default)]
pub struct Account {
    /// Calls that a handler was given.
    pub handled: usize,
    /// Calls that were given to another handler later.
    pub resumed: usize,
    /// Steps that were carried out.
    pub steps: usize,
    /// The longest time between two steps of a call, in milliseconds.
    pub longest_pause_ms: u64,
    /// Verbs that failed while the call went on.
    pub failed: usize,
    /// What must not happen, in words.
    pub violations: Vec<String>,
}

/// Examines the entries of all workers.
#[must_use]
pub fn account(entries: &[Entry]) -> Account {
    let mut calls: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        calls.entry(&entry.call).or_default().push(entry);
    }
    let mut account = Account { handled: calls.len(), ..Account::default() };
    for (call, entries) in calls {
        account.of_call(call, &entries);
    }
    account
}

impl Account {
    fn of_call(&mut self, call: &str, entries: &[&Entry]) {
        let is = |wanted: fn(&What) -> bool| move |entry: &&&Entry| wanted(&entry.what);
        self.resumed += usize::from(entries.iter().filter(is(|what| matches!(what, What::Began { .. }))).count() > 1);
        self.failed += entries.iter().filter(is(|what| matches!(what, What::Failed(_)))).count();
        let steps: Vec<&Entry> = entries.iter().copied().filter(|entry| matches!(entry.what, What::Step(_))).collect();
        self.steps += steps.len();
        self.check_alone(call, &steps);
        self.check_checkpoints(call, &steps);
        for pair in steps.windows(2) {
            self.longest_pause_ms = self.longest_pause_ms.max(pair[1].to.saturating_sub(pair[0].to) / 1000);
        }
    }

    /// Once Asterisk has carried out a step of one handler, none of an earlier handler may be carried out that was
    /// asked for later.
    fn check_alone(&mut self, call: &str, steps: &[&Entry]) {
        let mut runs: Vec<(&str, u64)> = Vec::new();
        for step in steps {
            match runs.iter().position(|(run, _)| *run == step.run) {
                None => runs.push((&step.run, step.to)),
                Some(index) => {
                    if let Some((_, since)) = runs.get(index + 1).filter(|(_, since)| step.from > *since) {
                        let mut text = String::new();
                        let late = step.from - since;
                        // Writing to a string cannot fail.
                        let _ = write!(text, "{call}: {} acted {late} µs after its successor had", step.worker);
                        self.violations.push(text);
                        return;
                    }
                }
            }
        }
    }

    /// A handler that takes over does no step again that was carried out before.
    fn check_checkpoints(&mut self, call: &str, steps: &[&Entry]) {
        let (mut runs, mut last): (Vec<&str>, u64) = (Vec::new(), 0);
        for entry in steps {
            let What::Step(step) = entry.what else { continue };
            if !runs.contains(&&*entry.run) {
                runs.push(&entry.run);
                if step <= last {
                    self.violations.push(format!("{call}: {} did step {step} again after step {last}", entry.worker));
                }
            }
            last = last.max(step);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(run: &str, what: What, from: u64, to: u64) -> Entry {
        Entry { worker: format!("worker of {run}"), call: "c".into(), run: run.into(), what, from, to }
    }

    #[test]
    fn a_takeover_is_no_violation() {
        let entries = [
            entry("a", What::Began { resumed: false, step: None }, 0, 0),
            entry("a", What::Step(1), 1, 2),
            entry("b", What::Began { resumed: true, step: Some(1) }, 5000, 5000),
            // Carried out before, and reported late.
            entry("b", What::Step(2), 6000, 7000),
            entry("a", What::Step(2), 3, 8000),
        ];
        let account = account(&entries);
        assert_eq!((account.handled, account.resumed, account.steps), (1, 1, 3));
        assert!(account.violations.is_empty(), "{:?}", account.violations);
    }

    #[test]
    fn two_at_once_are_a_violation() {
        let entries =
            [entry("a", What::Step(1), 1, 2), entry("b", What::Step(2), 3, 4), entry("a", What::Step(2), 5, 6)];
        assert_eq!(account(&entries).violations.len(), 1);
    }

    #[test]
    fn a_lost_checkpoint_is_a_violation() {
        let entries = [
            entry("a", What::Step(3), 1, 2),
            entry("b", What::Began { resumed: true, step: Some(2) }, 3, 3),
            entry("b", What::Step(3), 4, 5),
        ];
        assert_eq!(account(&entries).violations.len(), 1);
    }
}

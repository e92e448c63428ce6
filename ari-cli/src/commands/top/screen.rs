//! What is on the screen, and what keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::state::State;

/// What the user looks at.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// The id of the selected channel.
    pub(super) selected: Option<String>,
    /// Whether it is looked at closer.
    pub(super) is_close: bool,
    /// The channel to hang up, if the user confirms it: id and name.
    pub(super) asked: Option<(String, String)>,
    /// What is to be said in the last line.
    pub(super) message: Option<Message>,
}

/// Something to say.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) is_bad: bool,
}

/// What a key asks the program for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Quit,
    /// Hang up the channel with this id.
    HangUp(String),
}

impl Screen {
    /// Does what a key says.
    pub(super) fn press(&mut self, key: KeyEvent, state: &State) -> Option<Wish> {
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            return Some(Wish::Quit);
        }
        self.message = None;
        if let Some((id, _)) = self.asked.take() {
            return matches!(key.code, KeyCode::Char('y' | 'Y')).then_some(Wish::HangUp(id));
        }
        match key.code {
            KeyCode::Char('q') => return Some(Wish::Quit),
            KeyCode::Esc | KeyCode::Left | KeyCode::Backspace => self.is_close = false,
            KeyCode::Enter | KeyCode::Right => self.is_close = self.selected.is_some(),
            KeyCode::Down | KeyCode::Char('j') => self.step(state, 1),
            KeyCode::Up | KeyCode::Char('k') => self.step(state, -1),
            KeyCode::PageDown => self.step(state, 10),
            KeyCode::PageUp => self.step(state, -10),
            KeyCode::Home => self.step(state, isize::MIN),
            KeyCode::End => self.step(state, isize::MAX),
            KeyCode::Char('h') | KeyCode::Delete => {
                let row = self.selected.as_ref().and_then(|id| state.channels.get(id));
                self.asked = row.map(|row| (row.id.clone(), row.name.clone()));
            }
            _ => {}
        }
        None
    }

    /// Selects a channel that exists.
    pub(super) fn settle(&mut self, state: &State) {
        let exists = self.selected.as_ref().is_some_and(|id| state.channels.contains_key(id));
        // A channel that is looked at closer stays, so that its end can be seen.
        if !exists && !self.is_close {
            self.selected = state.sorted().first().map(|row| row.id.clone());
        }
    }

    fn step(&mut self, state: &State, by: isize) {
        let rows = state.sorted();
        let now = rows.iter().position(|row| Some(&row.id) == self.selected.as_ref()).unwrap_or(0);
        let last = rows.len().saturating_sub(1);
        let next = now.saturating_add_signed(by).min(last);
        self.selected = rows.get(next).map(|row| row.id.clone());
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::calls::Event;

    fn state() -> State {
        let mut state = State::default();
        for id in ["a", "b"] {
            let channel = json!({ "id": id, "name": format!("PJSIP/{id}"), "dialplan": {} });
            let event = Event::new(json!({ "type": "ChannelCreated", "channel": channel })).unwrap();
            state.apply(&event, DateTime::UNIX_EPOCH);
        }
        state
    }

    fn press(screen: &mut Screen, state: &State, code: KeyCode) -> Option<Wish> {
        screen.press(code.into(), state)
    }

    #[test]
    fn hanging_up_has_to_be_confirmed() {
        let (state, mut screen) = (state(), Screen::default());
        screen.settle(&state);
        press(&mut screen, &state, KeyCode::Down);
        assert_eq!(press(&mut screen, &state, KeyCode::Char('h')), None);
        assert_eq!(screen.asked, Some(("b".to_owned(), "PJSIP/b".to_owned())));
        assert_eq!(press(&mut screen, &state, KeyCode::Enter), None);
        assert_eq!(press(&mut screen, &state, KeyCode::Char('y')), None, "Enter has declined");
        press(&mut screen, &state, KeyCode::Char('h'));
        assert_eq!(press(&mut screen, &state, KeyCode::Char('y')), Some(Wish::HangUp("b".to_owned())));
    }

    #[test]
    fn the_selection_stays_within_the_list() {
        let (state, mut screen) = (state(), Screen::default());
        screen.settle(&state);
        for (key, expected) in [
            (KeyCode::Up, "a"),
            (KeyCode::End, "b"),
            (KeyCode::PageDown, "b"),
            (KeyCode::Home, "a"),
            (KeyCode::Down, "b"),
        ] {
            press(&mut screen, &state, key);
            assert_eq!(screen.selected.as_deref(), Some(expected));
        }
        let empty = State::default();
        screen.settle(&empty);
        assert_eq!(screen.selected, None);
        assert_eq!(press(&mut screen, &empty, KeyCode::Enter), None);
        assert!(!screen.is_close);
    }
}

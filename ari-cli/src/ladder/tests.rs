use super::*;
use crate::calls::{Event, Log};
use crate::{feed, pictures};

fn log(name: &str) -> Log {
    let mut log = Log::default();
    for event in feed::recording(&pictures::recording(name)).unwrap().into_iter().filter_map(feed::event_of) {
        log.add(event);
    }
    log
}

fn diagram(name: &str, details: bool) -> Diagram {
    Diagram::of(log(name).calls().next().unwrap(), details)
}

fn text(name: &str, width: usize) -> String {
    Painter::new(width, false).paint(&diagram(name, false))
}

#[test]
fn a_call_fits_80_columns() {
    let text = text("call.jsonl", 80);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!("80", text);
}

#[test]
fn a_call_fills_a_wide_terminal() {
    insta::assert_snapshot!("200", text("call.jsonl", 200));
}

#[test]
fn an_application_sees_its_own_entries() {
    insta::assert_snapshot!("application", text("application.jsonl", 100));
}

#[test]
fn columns_that_do_not_fit_are_counted() {
    let text = text("call.jsonl", 45);
    assert!(text.lines().all(|line| line.chars().count() <= 45), "{text}");
    assert!(text.contains("columns more need a wider terminal"), "{text}");
}

#[test]
fn details_show_variables() {
    let (few, all) = (diagram("call.jsonl", false), diagram("call.jsonl", true));
    let has_variable = |diagram: &Diagram| diagram.rows.iter().any(|row| row.label.starts_with("BRIDGEPEER="));
    assert!(!has_variable(&few) && has_variable(&all));
}

#[test]
fn what_a_server_sends_reaches_neither_the_terminal_nor_the_page_as_it_is() {
    let json = r#"{"type": "ChannelUserevent", "eventname": "<script>\u001b[2J\u0000", "channel":
        {"id": "a", "name": "PJSIP/<b>\u001b\"", "dialplan": {}}}"#;
    let mut log = Log::default();
    log.add(Event::parse(json).unwrap());
    let call = log.calls().next().unwrap();
    let text = Painter::new(80, true).paint(&Diagram::of(call, false));
    assert!(!text.contains("\u{1b}[2J") && text.contains("<script>\u{fffd}[2J"), "{text}");
    let html = page(&[(call, Diagram::of(call, false))]);
    assert!(!html.contains("<script>") && !html.contains("<b>") && !html.contains('\u{1b}'), "{html}");
}

#[test]
fn a_gap_is_a_row() {
    let mut log = log("application.jsonl");
    log.add(Event::parse(r#"{"type": "StasisStart", "channel": {"id": "z", "name": "z", "dialplan": {}}}"#).unwrap());
    log.gap("disconnected: closed by the server");
    let call = log.calls().last().unwrap();
    let text = Painter::new(80, false).paint(&Diagram::of(call, false));
    assert!(text.contains("┈ disconnected: closed by the server ┈"), "{text}");
}

#[test]
fn pictures_of_trace_are_current() {
    pictures::check("ari-trace.svg", &picture(&diagram("call.jsonl", false)));
}

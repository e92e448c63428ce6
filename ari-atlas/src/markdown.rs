//! The project's prose as HTML, with a link wherever it names an operation, a model or an event.

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::site::Site;

/// A text in paragraphs.
pub(crate) fn blocks(site: &Site<'_>, root: &str, text: &str) -> Markup {
    rendered(site, root, text, |_| true)
}

/// A text for where paragraphs have no room.
pub(crate) fn inline(site: &Site<'_>, root: &str, text: &str) -> Markup {
    rendered(site, root, text, |event| !matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph)))
}

fn rendered(site: &Site<'_>, root: &str, text: &str, keeps: fn(&Event<'_>) -> bool) -> Markup {
    let events = Parser::new_ext(text, Options::ENABLE_TABLES).filter(keeps).map(|event| match event {
        Event::Code(code) => Event::InlineHtml(CowStr::from(linked(site, root, &code).into_string())),
        // Texts contain no HTML: what looks like it is an example.
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    PreEscaped(out)
}

/// Code, as a link where it is the name of something.
fn linked(site: &Site<'_>, root: &str, code: &str) -> Markup {
    code_link(site.page(code).map(|page| format!("{root}{page}")), code)
}

/// Code, as a link if it has a target.
pub(crate) fn code_link(target: Option<String>, text: &str) -> Markup {
    let code = html! { code { (text) } };
    if let Some(target) = target {
        html! { a href=(target) { (code) } }
    } else {
        code
    }
}

/// A text without the marks of Markdown.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => out.push_str(&text),
            Event::SoftBreak | Event::HardBreak => out.push(' '),
            _ => {}
        }
    }
    out
}

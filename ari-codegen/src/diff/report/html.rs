//! One page that needs nothing else: light and dark, on a phone and on paper.

use std::fmt::Write;

use super::{context, heading, places, title, total, values};
use crate::diff::judge::{Finding, Report};
use crate::diff::rules::{Audience, Level};

const STYLE: &str = include_str!("page.css");

/// The report as a page.
#[must_use]
pub fn html(report: &Report) -> String {
    let title = escaped(&title(report));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    counts(&mut out, report);
    let groups = report.groups();
    if groups.len() > 1 {
        out.push_str("<nav aria-label=\"Resources\">\n");
        for (resource, findings) in &groups {
            let name = heading(*resource);
            let _ = writeln!(out, "<a href=\"#{}\">{} {}</a>", anchor(*resource), escaped(name), findings.len());
        }
        out.push_str("</nav>\n");
    }
    for (resource, findings) in groups {
        let _ = writeln!(out, "<h2 id=\"{}\">{}</h2>\n<ul>", anchor(resource), escaped(heading(resource)));
        for found in findings {
            finding(&mut out, found);
        }
        out.push_str("</ul>\n");
    }
    meanings(&mut out, report);
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn counts(out: &mut String, report: &Report) {
    let _ = writeln!(out, "<p>{}</p>", escaped(&counted(report)));
    if report.findings.is_empty() {
        return;
    }
    out.push_str("<table class=\"counts\">\n<thead><tr><th scope=\"col\">for</th>");
    for level in Level::ALL {
        let _ = write!(out, "<th scope=\"col\" class=\"{level}\">{level}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for (name, audience) in [("clients: wire", Audience::Wire), ("bindings: Rust", Audience::Rust)] {
        let _ = write!(out, "<tr><th scope=\"row\">{name}</th>");
        for level in Level::ALL {
            let count = report.count(audience, level);
            let class = if count == 0 { " class=\"zero\"" } else { "" };
            let _ = write!(out, "<td{class}>{count}</td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn finding(out: &mut String, finding: &Finding) {
    let accepted = if finding.accepted.is_some() { " accepted" } else { "" };
    let _ = writeln!(out, "<li class=\"change{accepted}\">");
    out.push_str("<div class=\"levels\">");
    for (name, level) in [("wire", finding.wire), ("Rust", finding.rust)] {
        let _ = write!(out, "<span>{name} <b class=\"{level}\">{level}</b></span>");
    }
    let _ = writeln!(out, "<span class=\"rule\">{}</span></div>", rule(finding));
    let _ = writeln!(out, "<div class=\"subject\"><code>{}</code></div>", escaped(&finding.change.subject));
    let lines = [
        ("context", Some(finding.rule.detects.to_owned())),
        ("context", context(finding)),
        ("what", values(finding)),
        ("what", finding.accepted.as_ref().map(|reason| format!("accepted: {reason}"))),
        ("where", Some(places(finding).join(" → "))),
    ];
    for (class, line) in lines.into_iter().filter_map(|(class, line)| Some((class, line?))) {
        let _ = writeln!(out, "<div class=\"{class}\">{}</div>", escaped(&line));
    }
    out.push_str("</li>\n");
}

/// The rule's name, as a link to what it means where the page says that.
fn rule(finding: &Finding) -> String {
    let id = finding.rule.id;
    if finding.worst() >= Level::Risk { format!("<a href=\"#why-{id}\">{id}</a>") } else { id.to_owned() }
}

fn meanings(out: &mut String, report: &Report) {
    let rules = report.rules(Level::Risk);
    if rules.is_empty() {
        return;
    }
    out.push_str("<h2 id=\"why\">Why it matters</h2>\n<dl>\n");
    for rule in rules {
        let _ = writeln!(out, "<dt id=\"why-{0}\">{0}: {1}</dt>", rule.id, escaped(rule.detects));
        for (whom, text) in [("wire", rule.wire_why), ("Rust", rule.rust_why), ("do", rule.advice)] {
            let _ = writeln!(out, "<dd><span class=\"context\">{whom}</span> {}</dd>", escaped(text));
        }
    }
    out.push_str("</dl>\n");
}

/// `9 changes · 1 accepted`: the table says the rest.
fn counted(report: &Report) -> String {
    let accepted = report.findings.len() - report.open().count();
    if accepted == 0 { total(report) } else { format!("{} · {accepted} accepted", total(report)) }
}

fn anchor(resource: Option<&str>) -> String {
    format!("in-{}", resource.map_or_else(|| "release".to_owned(), escaped))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

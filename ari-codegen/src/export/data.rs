//! What other tools use: which releases have what, as JSON, and a badge of the newest of them.

use serde_json::json;

use crate::document::{Members, Node};
use crate::record::Availability;

/// Width of a letter of Verdana at this size, near enough: `textLength` makes it exact.
const LETTER: usize = 7;
const MARGIN: usize = 6;

/// The releases that were looked at, and of each item the runs of releases that have it: `22.10.0` from there to the
/// branch's end, `20.1.0..20.3.0` where it ends before.
pub(super) fn availability(availability: &Availability) -> Node {
    let releases: Node = availability.branches().flatten().map(|release| json!(release.to_string())).collect();
    let items = availability.items().map(|item| {
        let spans: Node = availability.spans(item).iter().map(|span| json!(span.to_string())).collect();
        (item.to_owned(), spans)
    });
    Members::default().with("releases", releases).with("items", items.collect::<Members>()).into()
}

/// A badge: two words, as an image.
pub(super) fn badge(label: &str, message: &str) -> String {
    let [left, right] = [label, message].map(|text| text.len() * LETTER + 2 * MARGIN);
    let width = left + right;
    let text = |text: &str, at: usize| {
        let (x, length) = (at + MARGIN, text.len() * LETTER);
        format!("    <text x=\"{x}\" y=\"14\" textLength=\"{length}\">{text}</text>\n")
    };
    let (label_text, message_text) = (text(label, 0), text(message, left));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"20\" role=\"img\" \
         aria-label=\"{label}: {message}\">
  <title>{label}: {message}</title>
  <clipPath id=\"r\"><rect width=\"{width}\" height=\"20\" rx=\"3\"/></clipPath>
  <g clip-path=\"url(#r)\">
    <rect width=\"{left}\" height=\"20\" fill=\"#555\"/>
    <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"#c2410c\"/>
  </g>
  <g fill=\"#fff\" font-family=\"Verdana,Geneva,DejaVu Sans,sans-serif\" font-size=\"11\">
{label_text}{message_text}  </g>
</svg>
"
    )
}

//! A column of a table as a picture: bars in SVG, readable on a light and on a dark page.

use std::fmt::Write as _;

use crate::contenders::OURS;

/// Sizes in pixels.
const ROW: usize = 26;
const LABELS: usize = 340;
const BARS: f64 = 300.0;
const WIDTH: usize = 740;

const STYLE: &str = "text{font:13px sans-serif;fill:#333}.bar{fill:#9aa7b5}.ours .bar{fill:#2b6cb0}\
                     .ours text{font-weight:bold}\
                     @media(prefers-color-scheme:dark){text{fill:#ddd}.bar{fill:#5c6773}.ours .bar{fill:#63a4e8}}";

/// Labels and numbers, the shorter the better.
pub(crate) fn svg(title: &str, unit: &str, rows: &[(String, f64)]) -> String {
    let largest = rows.iter().map(|(_, value)| *value).fold(f64::MIN_POSITIVE, f64::max);
    let height = ROW * (rows.len() + 1) + 8;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{0}</title>\n<style>{STYLE}</style>\n\
         <text x=\"4\" y=\"18\">{0}: {1}</text>\n",
        escaped(title),
        escaped(unit)
    );
    for (index, (label, value)) in rows.iter().enumerate() {
        let y = ROW * (index + 1);
        let length = (value / largest * BARS).max(1.0);
        let group = if label.starts_with(OURS) { "<g class=\"ours\">" } else { "<g>" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            svg,
            "{group}<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\
             <rect class=\"bar\" x=\"{LABELS}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{value}</text></g>",
            LABELS - 8,
            y + 18,
            escaped(label),
            y + 5,
            ROW - 8,
            number(LABELS) + length + 6.0,
            y + 18,
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn number(pixels: usize) -> f64 {
    crate::statistics::number(pixels)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('`', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_value_has_the_longest_bar() {
        let svg = svg("A <b>", "ns", &[("one".into(), 10.0), (OURS.into(), 5.0)]);
        assert!(svg.contains("A &lt;b&gt;: ns"), "{svg}");
        assert!(svg.contains("width=\"300.0\"") && svg.contains("width=\"150.0\""), "{svg}");
        assert_eq!(svg.matches("class=\"ours\"").count(), 1);
    }
}

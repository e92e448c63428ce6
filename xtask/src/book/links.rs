//! Links that lead nowhere. Those to other hosts are not followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::files::{cannot, read};
use crate::workspace::shown;

/// Those of pages as they are built: files and the places in them.
pub(super) fn of_pages(pages: &[PathBuf]) -> Result<Vec<String>> {
    let mut texts = BTreeMap::new();
    for page in pages {
        let place = page.canonicalize().with_context(|| cannot("find", page))?;
        texts.insert(place, read(page)?);
    }
    let ids: BTreeMap<&Path, BTreeSet<&str>> =
        texts.iter().map(|(page, text)| (page.as_path(), between(text, " id=\"", '"').collect())).collect();
    let mut faults = Vec::new();
    // What is shown in place of a missing page has links from the root of a host.
    for (page, text) in texts.iter().filter(|(page, _)| !page.ends_with("404.html")) {
        for link in between(text, "href=\"", '"').filter(|link| is_relative(link)) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let fault = match find(page, file) {
                None => "no such file",
                Some(target) if place.is_empty() || ids.get(&*target).is_none_or(|ids| ids.contains(place)) => continue,
                Some(_) => "no such place",
            };
            faults.push(format!("{}: {link}: {fault}", shown(page)));
        }
    }
    Ok(faults)
}

/// Lets a page lead to Markdown that is no part of the book, which mdBook takes for pages. (The book is as deep in the
/// repository as its sources, so that their links to other files hold for both.)
pub(super) fn fix(page: &Path) -> Result<()> {
    let text = read(page)?;
    let mut updated = text.clone();
    for link in between(&text, "href=\"", '"').filter(|link| is_relative(link)) {
        let Some(file) = link.split('#').next().and_then(|file| file.strip_suffix(".html")) else { continue };
        let markdown = format!("{file}.md");
        if find(page, &format!("{file}.html")).is_none() && find(page, &markdown).is_some() {
            updated = updated.replace(&format!("href=\"{file}.html"), &format!("href=\"{markdown}"));
        }
    }
    if updated != text {
        fs::write(page, updated).with_context(|| cannot("write", page))?;
    }
    Ok(())
}

/// Those of Markdown as it is read in the repository: files.
pub(super) fn of_sources(sources: &[PathBuf]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for source in sources {
        let text = read(source)?;
        for link in between(&text, "](", ')').filter(|link| is_relative(link)) {
            let file = link.split('#').next().unwrap_or(link);
            if find(source, file).is_none() {
                faults.push(format!("{}: {link}: no such file", shown(source)));
            }
        }
    }
    Ok(faults)
}

fn is_relative(link: &str) -> bool {
    !link.contains(':') && !link.contains(' ')
}

/// The file that a page links to.
fn find(page: &Path, file: &str) -> Option<PathBuf> {
    if file.is_empty() {
        return page.canonicalize().ok();
    }
    page.parent()?.join(file).canonicalize().ok()
}

/// What stands after each beginning, up to the end.
fn between<'a>(text: &'a str, beginning: &'a str, end: char) -> impl Iterator<Item = &'a str> {
    text.split(beginning).skip(1).filter_map(move |rest| rest.split_once(end)).map(|(found, _)| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with files of these names and texts.
    fn folder<const N: usize>(name: &str, files: [(&str, &str); N]) -> (PathBuf, [PathBuf; N]) {
        let folder = std::env::temp_dir().join(format!("ari-book-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let files = files.map(|(name, text)| {
            fs::write(folder.join(name), text).unwrap();
            folder.join(name)
        });
        (folder, files)
    }

    #[test]
    fn pages_lead_to_markdown_that_is_no_page() {
        let text = r#"<a href="b.html#x"> <a href="c.html#y"> <a href="d.html">"#;
        let (folder, [a, ..]) = folder("fix", [("a.html", text), ("b.md", ""), ("c.html", ""), ("c.md", "")]);
        fix(&a).unwrap();
        let updated = fs::read_to_string(a).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(updated, r#"<a href="b.md#x"> <a href="c.html#y"> <a href="d.html">"#);
    }

    #[test]
    fn dead_links_are_found() {
        let a = r##"<h1 id="top"></h1> <a href="b.html#here"> <a href="#top"> <a href="https://x.y/z">"##;
        let b = r#"<h2 class="x" id="here"></h2> <a href="a.html#gone"> <a href="c.html">"#;
        let source = "[a](a.html#any) [gone](d.md) [elsewhere](https://x.y)";
        let (folder, [a, b, source]) = folder("dead", [("a.html", a), ("b.html", b), ("s.md", source)]);
        let of_pages = of_pages(&[a, b]).unwrap();
        let of_sources = of_sources(&[source]).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let ends = |faults: &[String], ends: &[&str]| {
            assert_eq!(faults.len(), ends.len(), "{faults:?}");
            assert!(faults.iter().zip(ends).all(|(fault, end)| fault.ends_with(end)), "{faults:?}");
        };
        ends(&of_pages, &["b.html: a.html#gone: no such place", "b.html: c.html: no such file"]);
        ends(&of_sources, &["s.md: d.md: no such file"]);
    }
}

//! The configuration files of `e2e/asterisk/etc`, with their placeholders filled in.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::place;
use super::ports::Ports;

/// Writes configuration and SIP scenarios to `target`, and removes what was there before.
pub(crate) fn write_all(ports: &Ports, target: &Path) -> Result<()> {
    if target.exists() {
        fs::remove_dir_all(target).with_context(|| target.display().to_string())?;
    }
    let scenarios = target.join("sipp");
    fs::create_dir_all(&scenarios).with_context(|| scenarios.display().to_string())?;
    let values = ports.values();
    each_file(&place::sources().join("etc"), |name, text| {
        let text = fill(text, &values).with_context(|| format!("e2e/asterisk/etc/{name}"))?;
        write(&target.join(name), &text)
    })?;
    each_file(&place::sources().join("sipp"), |name, text| write(&scenarios.join(name), text))
}

/// `text` with every `@NAME@` replaced by its value; an unknown name is an error.
fn fill(text: &str, values: &[(&str, String)]) -> Result<String> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('@') {
        let (before, from) = rest.split_at(start);
        filled.push_str(before);
        let name: &str = from[1..].split('@').next().unwrap_or_default();
        let is_placeholder = from[1..].len() > name.len() && is_name(name);
        if !is_placeholder {
            filled.push('@');
            rest = &from[1..];
            continue;
        }
        let Some((_, value)) = values.iter().find(|(known, _)| *known == name) else {
            bail!("unknown placeholder @{name}@");
        };
        filled.push_str(value);
        rest = &from[name.len() + 2..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

fn each_file(dir: &Path, mut action: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let path = entry.with_context(|| dir.display().to_string())?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        action(name, &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill_port(text: &str) -> Result<String> {
        fill(text, &[("PORT", "8088".to_owned())])
    }

    #[test]
    fn fills_every_placeholder() {
        assert_eq!(fill_port("a=@PORT@\nb=@PORT@@PORT@\n").unwrap(), "a=8088\nb=80888088\n");
    }

    #[test]
    fn leaves_other_at_signs_alone() {
        let text = "sip:phone-b@127.0.0.1 Local/wait@default @ @x@ @@ @";
        assert_eq!(fill_port(text).unwrap(), text);
        assert_eq!(fill_port("sip:b@127.0.0.1:@PORT@").unwrap(), "sip:b@127.0.0.1:8088");
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        assert!(fill_port("@PROT@").unwrap_err().to_string().contains("@PROT@"));
    }

    #[test]
    fn every_file_of_the_project_can_be_filled() {
        let values = Ports { http: 1, sip: 2, phone: 3, rtp_start: 4 }.values();
        each_file(&place::sources().join("etc"), |_, text| fill(text, &values).map(drop)).unwrap();
    }
}

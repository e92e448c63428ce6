//! The one place that writes what the commands make: only what changed, and nothing while checking.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::workspace::shown;

/// A folder whose files are made by a command.
pub(crate) struct Folder<'a> {
    /// Where it is.
    pub(crate) path: &'a Path,
    /// The expected files, by path under it.
    pub(crate) files: Vec<(String, String)>,
    /// Whether a file that it has besides these was made by the command and has to go.
    pub(crate) is_ours: fn(&Path) -> bool,
}

/// Files that are written together: all are written beside their places before the first one takes its place.
#[derive(Default)]
pub(crate) struct Staged {
    /// Temporary files and the places that they take.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    /// Writes a file beside its place if it differs from what is there; returns whether it does.
    pub(crate) fn add(&mut self, path: &Path, text: &str) -> Result<bool> {
        if read_if_there(path)?.as_deref() == Some(text) {
            return Ok(false);
        }
        if path.is_dir() {
            bail!("cannot write {}: it is a folder", shown(path));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        self.files.push((temporary.clone(), path.to_owned()));
        fs::write(&temporary, text).with_context(|| cannot("write", path))?;
        Ok(true)
    }

    /// Moves the files to their places.
    pub(crate) fn commit(mut self) -> Result<()> {
        for (temporary, path) in self.files.drain(..) {
            fs::rename(&temporary, &path).with_context(|| cannot("write", &path))?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    /// Leaves nothing behind where one of the files could not be written.
    fn drop(&mut self) {
        for (temporary, _) in &self.files {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// The first place where a folder differs from what is expected.
pub(crate) struct Drift(String);

impl std::fmt::Display for Drift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Folder<'_> {
    /// Adds the files to those that are written together; returns how many differ.
    pub(crate) fn stage(&self, staged: &mut Staged) -> Result<usize> {
        let mut changed = 0;
        for (name, text) in &self.files {
            changed += usize::from(staged.add(&self.path.join(name), text)?);
        }
        Ok(changed)
    }

    /// Writes the expected files and removes others; returns how many changed.
    pub(crate) fn write(&self) -> Result<usize> {
        let mut changed = 0;
        for (name, text) in &self.files {
            changed += usize::from(ensure(&self.path.join(name), text)?);
        }
        for stale in self.stale()? {
            fs::remove_file(&stale).with_context(|| cannot("remove", &stale))?;
            changed += 1;
        }
        Ok(changed)
    }

    /// Where the folder first differs from what is expected, if it does.
    pub(crate) fn drift(&self) -> Result<Option<Drift>> {
        for (name, text) in &self.files {
            let drift = file_drift(&self.path.join(name), text)?;
            if drift.is_some() {
                return Ok(drift);
            }
        }
        let stale = self.stale()?.into_iter().next();
        Ok(stale.map(|path| Drift(format!("{}: nothing generates this file", shown(&path)))))
    }

    fn stale(&self) -> Result<Vec<PathBuf>> {
        let wanted: BTreeSet<PathBuf> = self.files.iter().map(|(name, _)| self.path.join(name)).collect();
        let mut stale = Vec::new();
        let mut open = vec![self.path.to_owned()];
        while let Some(folder) = open.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error).with_context(|| cannot("list", &folder)),
            };
            for entry in entries {
                let path = entry.with_context(|| cannot("list", &folder))?.path();
                if path.is_dir() {
                    open.push(path);
                } else if !wanted.contains(&path) && (self.is_ours)(&path) {
                    stale.push(path);
                }
            }
        }
        stale.sort();
        Ok(stale)
    }
}

/// Where a file first differs from what is expected, if it does.
pub(crate) fn file_drift(path: &Path, text: &str) -> Result<Option<Drift>> {
    Ok(match read_if_there(path)? {
        None => Some(Drift(format!("{}: missing", shown(path)))),
        Some(current) if current != *text => Some(first_difference(path, &current, text)),
        Some(_) => None,
    })
}

/// Writes a file if that changes it; returns whether it did.
pub(crate) fn ensure(path: &Path, text: &str) -> Result<bool> {
    if read_if_there(path)?.as_deref() == Some(text) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    }
    fs::write(path, text).with_context(|| cannot("write", path))?;
    Ok(true)
}

/// A file's text; `None` where there is no file.
fn read_if_there(path: &Path) -> Result<Option<String>> {
    match fs::read(path) {
        // A checkout may have turned line ends into those of its system.
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| cannot("read", path)),
    }
}

/// A file's text.
pub(crate) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| cannot("read", path))
}

/// The context of an I/O error: what could not be done to which path.
pub(crate) fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} {}", shown(path))
}

fn first_difference(path: &Path, current: &str, expected: &str) -> Drift {
    let (mut current, mut expected) = (current.lines(), expected.lines());
    let mut number = 0;
    loop {
        number += 1;
        let (found, wanted) = (current.next(), expected.next());
        if found != wanted || found.is_none() {
            let line =
                |line: Option<&str>| line.map_or("the end of the file".to_owned(), |line| format!("`{}`", line.trim()));
            return Drift(format!("{}:{number}: expected {}, found {}", shown(path), line(wanted), line(found)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &Path, files: &[(&str, &str)]) -> Folder<'static> {
        Folder {
            path: Box::leak(path.to_owned().into_boxed_path()),
            files: files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
            is_ours: |path| path.extension().is_some_and(|extension| extension == "rs"),
        }
    }

    fn fresh(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("xtask-files-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn writes_once_and_keeps_what_is_right() {
        let path = fresh("write");
        let wanted = folder(&path, &[("a.rs", "one\n"), ("sub/b.rs", "two\n")]);
        assert_eq!(wanted.write().unwrap(), 2);
        let written = fs::metadata(path.join("a.rs")).unwrap().modified().unwrap();
        assert_eq!(wanted.write().unwrap(), 0);
        assert_eq!(fs::metadata(path.join("a.rs")).unwrap().modified().unwrap(), written);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn removes_only_its_own_stale_files() {
        let path = fresh("stale");
        folder(&path, &[("old.rs", "x\n"), ("notes.txt", "mine\n")]).write().unwrap();
        assert_eq!(folder(&path, &[("new.rs", "y\n")]).write().unwrap(), 2);
        assert!(!path.join("old.rs").exists());
        assert!(path.join("notes.txt").exists());
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn drift_names_the_first_differing_line() {
        let path = fresh("drift");
        folder(&path, &[("a.rs", "one\ntwo\nthree\n")]).write().unwrap();
        let drift = |files: &[(&str, &str)]| folder(&path, files).drift().unwrap().map(|drift| drift.to_string());
        assert_eq!(drift(&[("a.rs", "one\ntwo\nthree\n")]), None);
        assert!(drift(&[("a.rs", "one\n2\nthree\n")]).unwrap().ends_with("a.rs:2: expected `2`, found `two`"));
        assert!(
            drift(&[("a.rs", "one\ntwo\n")]).unwrap().ends_with("a.rs:3: expected the end of the file, found `three`")
        );
        assert!(drift(&[("b.rs", "")]).unwrap().ends_with("b.rs: missing"));
        assert!(drift(&[]).unwrap().ends_with("a.rs: nothing generates this file"));
        fs::remove_dir_all(path).unwrap();
    }
}

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

/// Changes of files that are made together: new texts are written beside their places before the first one takes its
/// place, and a change that fails takes back those before it.
#[derive(Default)]
pub(crate) struct Staged {
    changes: Vec<Change>,
    /// Folders that were made for the files, outer ones first.
    folders: Vec<PathBuf>,
}

struct Change {
    path: PathBuf,
    /// The file that takes the place; `None` where the present one is removed.
    temporary: Option<PathBuf>,
    /// What was there before.
    before: Option<Vec<u8>>,
}

impl Change {
    fn make(&self) -> Result<()> {
        match &self.temporary {
            Some(temporary) => fs::rename(temporary, &self.path).with_context(|| cannot("write", &self.path)),
            None => fs::remove_file(&self.path).with_context(|| cannot("remove", &self.path)),
        }
    }

    fn take_back(&self) {
        // The failure that led here is the one to report.
        let _ = match &self.before {
            Some(before) => fs::write(&self.path, before),
            None => fs::remove_file(&self.path),
        };
    }
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
            let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
            self.folders.extend(missing.into_iter().rev().map(Path::to_owned));
            fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.tmp", std::process::id()));
        let temporary = path.with_file_name(name);
        self.changes.push(Change {
            path: path.to_owned(),
            temporary: Some(temporary.clone()),
            before: fs::read(path).ok(),
        });
        fs::write(&temporary, text).with_context(|| cannot("write", path))?;
        Ok(true)
    }

    /// Removes a file together with the other changes.
    fn remove(&mut self, path: PathBuf) -> Result<()> {
        let before = Some(fs::read(&path).with_context(|| cannot("read", &path))?);
        self.changes.push(Change { path, temporary: None, before });
        Ok(())
    }

    /// Makes all changes, or none.
    pub(crate) fn commit(mut self) -> Result<()> {
        for (index, change) in self.changes.iter().enumerate() {
            if let Err(error) = change.make() {
                self.changes[..index].iter().rev().for_each(Change::take_back);
                return Err(error);
            }
        }
        self.changes.clear();
        self.folders.clear();
        Ok(())
    }
}

impl Drop for Staged {
    /// Leaves nothing behind where a change could not be made.
    fn drop(&mut self) {
        for temporary in self.changes.iter().filter_map(|change| change.temporary.as_ref()) {
            let _ = fs::remove_file(temporary);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
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
    /// Adds the expected files, and the removal of others, to what is done together; returns how many change.
    pub(crate) fn stage(&self, staged: &mut Staged) -> Result<usize> {
        let mut changed = 0;
        for (name, text) in &self.files {
            changed += usize::from(staged.add(&self.path.join(name), text)?);
        }
        for stale in self.stale()? {
            staged.remove(stale)?;
            changed += 1;
        }
        Ok(changed)
    }

    /// Writes the expected files and removes others; returns how many changed.
    pub(crate) fn write(&self) -> Result<usize> {
        let mut staged = Staged::default();
        let changed = self.stage(&mut staged)?;
        staged.commit()?;
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

    /// The entries of a folder.
    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn commit_that_fails_takes_back_every_change() {
        let path = fresh("roll-back");
        folder(&path, &[("a.rs", "one\n"), ("stale.rs", "x\n")]).write().unwrap();
        let mut staged = Staged::default();
        folder(&path, &[("a.rs", "two\n"), ("new/b.rs", "y\n"), ("c.rs", "z\n")]).stage(&mut staged).unwrap();
        fs::create_dir(path.join("c.rs")).unwrap();
        assert!(staged.commit().is_err());
        fs::remove_dir(path.join("c.rs")).unwrap();
        assert_eq!(names(&path), ["a.rs", "stale.rs"]);
        assert_eq!(read(&path.join("a.rs")).unwrap(), "one\n");
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn staged_files_without_commit_leave_nothing_behind() {
        let path = fresh("dropped");
        let mut staged = Staged::default();
        folder(&path.join("23.4.1"), &[("a.json", "{}\n")]).stage(&mut staged).unwrap();
        drop(staged);
        assert!(!path.exists());
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

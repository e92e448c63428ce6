//! What is compared: the declarations of a release, a folder or a server.

use std::path::{Path, PathBuf};

use ari_bindings::{Client, Error, Method, Request};
use ari_codegen::{Release, Source, swagger};
use ari_diff::Declared;

use crate::context::Context;
use crate::embedded;
use crate::failure::Failure;

/// Where declarations come from.
#[derive(Debug)]
enum Side {
    Embedded(Release),
    Folder(PathBuf),
    Server(Client),
}

/// Reads the declarations that an argument names.
pub(super) async fn read(argument: &str, context: &Context) -> Result<Declared, Failure> {
    Side::of(argument, context)?.declared(argument).await
}

/// Reads the declarations of the server that the command is about.
pub(super) async fn server(context: &Context) -> Result<Declared, Failure> {
    Side::Server(context.http_client("")?).declared("").await
}

impl Side {
    fn of(argument: &str, context: &Context) -> Result<Self, Failure> {
        if let Some(profile) = argument.strip_prefix("server:") {
            return Ok(Self::Server(context.http_client(profile)?));
        }
        if argument.contains("://") {
            return Ok(Self::Server(context.http_client(argument)?));
        }
        let path = Path::new(argument);
        match embedded::release(argument) {
            Some(release) => Ok(Self::Embedded(release)),
            None if path.is_dir() => Ok(Self::Folder(folder(path))),
            None => Err(unknown(argument)),
        }
    }

    async fn declared(&self, argument: &str) -> Result<Declared, Failure> {
        let listing = self.file("resources.json").await?;
        let mut resources = Vec::new();
        for entry in swagger::read_listing(&listing).map_err(|found| Failure::usage(found.to_string()))?.resources {
            let source = self.file(&format!("{}.json", entry.name())).await?;
            resources.push((entry.name().to_owned(), source));
        }
        let name = match self {
            Self::Embedded(release) => release.to_string(),
            Self::Folder(_) => argument.trim_end_matches('/').to_owned(),
            Self::Server(client) => client.base_url().to_owned(),
        };
        let release = self.release(argument).await?;
        Declared::read(name, release, &listing, &resources).map_err(|found| Failure::usage(found.to_string()))
    }

    async fn file(&self, name: &str) -> Result<Source, Failure> {
        match self {
            Self::Embedded(release) => {
                embedded::file(*release, name).ok_or_else(|| Failure::other(format!("{release} has no {name}")))
            }
            Self::Folder(folder) => {
                // In Asterisk's sources, the files that the listing names are one folder deeper.
                let [beside, under] = [folder.join(name), folder.join("api-docs").join(name)];
                let path = if under.exists() { under } else { beside };
                let file = path.display().to_string();
                let text = std::fs::read_to_string(&path);
                let text = text.map_err(|error| Failure::usage(format!("cannot read {file}: {error}")))?;
                Ok(Source { file, text })
            }
            Self::Server(client) => {
                let request = Request::new(Method::Get, format!("/api-docs/{name}"));
                let response = client.send(request).await?;
                let text = String::from_utf8_lossy(response.body()).into_owned();
                Ok(Source { file: format!("{}/api-docs/{name}", client.base_url()), text })
            }
        }
    }

    /// The release, where the source says it.
    async fn release(&self, argument: &str) -> Result<Option<Release>, Failure> {
        match self {
            Self::Embedded(release) => Ok(Some(*release)),
            Self::Folder(folder) => {
                let file = [folder.join(".version"), folder.join("../.version")];
                let version = file.iter().find_map(|file| std::fs::read_to_string(file).ok());
                let named = || Path::new(argument).file_name()?.to_str()?.parse().ok();
                Ok(version.and_then(|version| Release::of_server(version.trim())).or_else(named))
            }
            Self::Server(client) => match client.server_version().await {
                Ok(version) => Ok(Release::of_server(version.version())),
                // Without res_ari_asterisk, a server does not say it.
                Err(Error::Refused { status: 404, .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// The folder of the listing: in Asterisk's sources, that of its REST interface.
fn folder(path: &Path) -> PathBuf {
    let inner = path.join("rest-api");
    if inner.join("resources.json").exists() { inner } else { path.to_owned() }
}

fn unknown(argument: &str) -> Failure {
    let known: Vec<String> = embedded::releases().iter().map(ToString::to_string).collect();
    let known = known.join(", ");
    if embedded::is_number(argument) {
        return Failure::usage(format!(
            "the declarations of {argument} are not part of this program, only those of {known}"
        ))
        .with_remedy("give one of these, a folder of Asterisk's sources, or a server that runs it");
    }
    Failure::usage(format!("{argument} is no folder, release or server")).with_remedy(format!(
        "releases are {known}; a server is a URL, `server:` for the one in use, or `server:NAME` for a profile"
    ))
}

//! Which server a command speaks to, and as whom.

use std::env;

use ari_bindings::{Client, ClientBuilder};

use crate::cli::Globals;
use crate::failure::Failure;

/// Where the HTTP server of Asterisk is unless http.conf says otherwise.
const LOCAL: &str = "http://localhost:8088/ari";

/// A server and its user.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// The base URL, such as `http://localhost:8088/ari`.
    pub(crate) url: String,
    /// The user of ari.conf.
    pub(crate) user: String,
}

impl Server {
    /// The server that the options, the environment or the default name.
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        let url = globals.url.clone().unwrap_or_else(|| LOCAL.to_owned());
        if has_credentials(&url) {
            return Err(Failure::usage("the URL has a user or password, which other users of this machine can see")
                .with_remedy("give the user by --user or ARI_USER, and the password by ARI_PASSWORD"));
        }
        let Some(user) = globals.user.clone() else {
            return Err(Failure::usage(format!("no user for {url}")).with_remedy("--user NAME or ARI_USER"));
        };
        Ok(Self { url, user })
    }

    /// A client for it, to be configured further.
    pub(crate) fn client(&self) -> Result<ClientBuilder, Failure> {
        Ok(Client::builder(&self.url).credentials(&self.user, self.password()?))
    }

    fn password(&self) -> Result<String, Failure> {
        env::var("ARI_PASSWORD").map_err(|_| {
            Failure::usage(format!("no password for {} at {}", self.user, self.url)).with_remedy("set ARI_PASSWORD")
        })
    }
}

fn has_credentials(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    authority.split('/').next().is_some_and(|authority| authority.contains('@'))
}

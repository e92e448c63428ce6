//! The addresses of NATS servers, and the user and password that can stand in them.

use async_nats::ConnectOptions;
use percent_encoding::percent_decode_str;

use crate::Error;

/// The addresses of one or several servers.
#[derive(Debug)]
pub(crate) struct Servers<'a>(Vec<&'a str>);

impl<'a> Servers<'a> {
    /// Those of a text with commas between them.
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text.split(',').map(str::trim).filter(|server| !server.is_empty()).collect())
    }

    /// Connects. A user and password in one of the addresses go to all servers: the client reads only its options.
    pub(crate) async fn connect(&self, mut options: ConnectOptions) -> Result<async_nats::Client, Error> {
        if let Some((user, password)) = self.0.iter().find_map(|server| user_of(server)) {
            options = options.user_and_password(user, password);
        }
        options.connect(&self.0).await.map_err(|source| Error::Connect { servers: self.shown(), source })
    }

    /// For messages, without passwords.
    fn shown(&self) -> String {
        self.0.iter().map(|server| without_user(server)).collect::<Vec<_>>().join(",")
    }
}

/// The user and password of `nats://user:password@host`.
fn user_of(server: &str) -> Option<(String, String)> {
    let (user, _) = server.split_once("://").map_or(server, |(_, rest)| rest).rsplit_once('@')?;
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decode(user), decode(password)))
}

fn without_user(server: &str) -> String {
    let (scheme, rest) = server.split_once("://").unwrap_or(("nats", server));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_and_password_are_decoded_and_not_shown() {
        let servers = Servers::new("nats://a:4222, tls://me:p%40ss@b:4222,");
        assert_eq!(servers.0.iter().find_map(|server| user_of(server)), Some(("me".to_owned(), "p@ss".to_owned())));
        assert_eq!(servers.shown(), "nats://a:4222,tls://b:4222");
        assert_eq!(user_of("127.0.0.1"), None);
    }
}

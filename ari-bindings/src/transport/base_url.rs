//! The base URL of an ARI server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use zeroize::Zeroizing;

use crate::Error;

/// A base URL without credentials and trailing slash.
#[derive(Debug, Clone)]
pub(crate) struct BaseUrl {
    url: Url,
    text: Box<str>,
    /// Host and port as in `text`.
    authority: Box<str>,
}

/// A user and a password, which is wiped from memory when dropped.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: Zeroizing<String>,
}

impl Credentials {
    /// The value of the header that has them.
    pub(crate) fn basic(&self) -> Result<Zeroizing<String>, Error> {
        const SCHEME: &str = "Basic ";
        if self.user.contains(':') {
            return Err(Error::config("a user name cannot contain `:`"));
        }
        let pair = Zeroizing::new(format!("{}:{}", self.user, *self.password));
        // A buffer that grows would leave copies behind.
        let mut basic = Zeroizing::new(String::with_capacity(SCHEME.len() + pair.len() * 4 / 3 + 4));
        basic.push_str(SCHEME);
        STANDARD.encode_string(pair.as_bytes(), &mut basic);
        Ok(basic)
    }
}

impl BaseUrl {
    /// Reads a base URL, and the credentials that it may contain.
    pub(crate) fn parse(text: &str) -> Result<(Self, Option<Credentials>), Error> {
        let text = text.trim();
        let fault = |what: &str| {
            let shown = without_secrets(text);
            Error::config(format!("base URL {shown:?}: {what}, as in \"http://localhost:8088/ari\""))
        };
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(fault("it must begin with http:// or https://"));
        };
        if rest.contains(['?', '#']) {
            return Err(fault("it must end with its path, and credentials go into `credentials`"));
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        if path.contains('@') {
            return Err(fault("user and password in it must be percent-encoded UTF-8"));
        }
        if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%+".contains(&byte)) {
            return Err(fault("its path has characters that do not belong there; write it"));
        }
        let text = format!("{scheme}://{authority}{}", path.trim_end_matches('/'));
        if !matches!(scheme, "http" | "https") {
            return Err(fault("its scheme must be http or https, also for events"));
        }
        if authority.ends_with(':') {
            return Err(fault("its port is not a number up to 65535; write it"));
        }
        let url: Url = text.parse().map_err(|error| fault(&format!("{error}; write it")))?;
        let credentials = userinfo.map(credentials).transpose();
        let credentials = credentials.map_err(|()| fault("user and password in it must be percent-encoded UTF-8"))?;
        Ok((Self { url, text: text.into(), authority: authority.into() }, credentials))
    }

    /// The URL without trailing slash.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL as the HTTP client expects it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The path without trailing slash, such as `/ari`; empty for none.
    pub(crate) fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// Whether the scheme is https.
    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether nothing that is sent there leaves this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The host, an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> &str {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// Host and port as the Host header has them.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

/// What stands before the `@` of a URL.
fn credentials(userinfo: &str) -> Result<Credentials, ()> {
    let decode = |text| percent_decode_str(text).decode_utf8().map(String::from).map_err(drop);
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Ok(Credentials { user: decode(user)?, password: decode(password)?.into() })
}

/// What can be shown of text that need not be a URL: the scheme, and what can only be a host and its port.
fn without_secrets(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            (format!("{scheme}://"), rest)
        }
        _ => (String::new(), text),
    };
    if text.contains('@') {
        return format!("{scheme}…");
    }
    let is_host = |character: char| character.is_alphanumeric() || "-._[".contains(character);
    let host = rest.split_once(|character| !is_host(character)).map_or(rest, |(host, _)| host);
    let more = &rest[host.len()..];
    let port = more.strip_prefix(':').map(|port| port.split('/').next().unwrap_or_default());
    match port.filter(|port| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit())) {
        Some(port) if more.len() == 1 + port.len() => format!("{scheme}{host}:{port}"),
        Some(port) => format!("{scheme}{host}:{port}/…"),
        None if more.is_empty() => format!("{scheme}{host}"),
        None => format!("{scheme}{host}…"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (BaseUrl, Option<Credentials>) {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn parse_accepts_any_prefix_and_trailing_slash() {
        for (text, shown, prefix) in [
            ("http://localhost:8088/ari", "http://localhost:8088/ari", "/ari"),
            ("http://localhost:8088/ari/", "http://localhost:8088/ari", "/ari"),
            (" https://pbx.example/a/b/ari ", "https://pbx.example/a/b/ari", "/a/b/ari"),
            ("http://[::1]:8088", "http://[::1]:8088", ""),
        ] {
            let (url, credentials) = parse(text);
            assert_eq!((url.as_str(), url.prefix()), (shown, prefix));
            assert!(credentials.is_none());
        }
        assert_eq!(parse("http://[::1]:1").0.host(), "::1");
    }

    #[test]
    fn authority_has_host_and_port() {
        assert_eq!(parse("http://me:secret@[::1]:8088/ari").0.authority(), "[::1]:8088");
    }

    #[test]
    fn parse_takes_credentials_out_of_the_url() {
        let (url, credentials) = parse("http://me:p%40ss%2F@localhost:8088/ari");
        let credentials = credentials.unwrap();
        assert_eq!(url.as_str(), "http://localhost:8088/ari");
        assert_eq!((&*credentials.user, credentials.password.as_str()), ("me", "p@ss/"));
    }

    #[test]
    fn base_url_errors_show_no_secrets() {
        for text in [
            "",
            "localhost:8088/ari",
            "me:secret@localhost:8088/ari",
            "ws://me:secret@localhost:8088/ari",
            "http://me:secret@",
            "http://me:secret@localhost:99999/ari",
            "http://me:%ff@localhost/secret%ff@x",
            "http://localhost/ari?api_key=me:secret",
            "http://localhost/ari#secret",
            "http://me:secret@local host/ari",
            "http://me:secret@localhost:/ari",
            "http://me:secret?1@localhost/ari",
            "http://me:1/secret@localhost/ari",
            "http://localhost/ari?api_key=me:s@secret",
            "http://me:secret",
            "http://me:secret/ari",
            "http://localhost/ari&api_key=me:secret",
            "http://localhost:8088/ari;secret",
        ] {
            let error = BaseUrl::parse(text).map(drop).unwrap_err().to_string();
            assert!(error.contains("\"http://localhost:8088/ari\""), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn errors_show_what_can_only_be_scheme_host_and_port() {
        for (text, shown) in [
            ("", ""),
            ("localhost", "localhost"),
            ("localhost:8088", "localhost:8088"),
            ("localhost:8088/ari", "localhost:8088/…"),
            ("ftp://pbx-1.my_example", "ftp://pbx-1.my_example"),
            ("http://[::1]:8088/ari?x", "http://[…"),
            ("http://localhost/ari", "http://localhost…"),
            ("http://localhost:", "http://localhost…"),
            ("http://localhost:/ari", "http://localhost…"),
            ("http://me:1secret", "http://me…"),
            ("http://me:secret1/ari", "http://me…"),
            ("http://me:secret@localhost", "http://…"),
            ("me:secret@localhost", "…"),
            ("me:secret://localhost", "me…"),
            ("secret+://localhost", "secret…"),
        ] {
            assert_eq!(without_secrets(text), shown, "{text}");
        }
    }
}

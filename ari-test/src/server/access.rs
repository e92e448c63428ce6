//! Users, passwords and rights.

use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::exchange::Reply;

/// A user of ari.conf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) read_only: bool,
}

/// The users of a server, which a reload may change.
#[derive(Debug)]
pub(crate) struct Access(Mutex<Vec<User>>);

impl Access {
    pub(crate) fn new(users: Vec<User>) -> Self {
        Self(Mutex::new(users))
    }

    pub(super) fn add(&self, user: User) {
        self.lock().push(user);
    }

    /// Replaces the users.
    pub(crate) fn set(&self, users: Vec<User>) {
        *self.lock() = users;
    }

    /// The user that clients of this process are.
    pub(crate) fn first(&self) -> Option<User> {
        self.lock().first().cloned()
    }

    /// The user of this name, or the first one where no name is given.
    pub(crate) fn named(&self, name: Option<&str>) -> Option<User> {
        self.lock().iter().find(|user| name.is_none_or(|name| user.name == name)).cloned()
    }

    /// The user of a request, or the refusal. `api_key` of the query counts only where there is no header.
    pub(crate) fn authenticate(&self, headers: &HeaderMap, query: Option<&str>) -> Result<User, Reply> {
        let shown = basic(headers).or_else(|| api_key(query.unwrap_or_default()));
        let user = shown.and_then(|(name, password)| {
            self.lock().iter().find(|user| user.name == name && user.password == password).cloned()
        });
        user.ok_or_else(|| Reply::message(401, "Authentication required"))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<User>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for Access {
    fn clone(&self) -> Self {
        Self::new(self.lock().clone())
    }
}

impl User {
    pub(crate) fn new(name: &str, password: &str, read_only: bool) -> Self {
        Self { name: name.to_owned(), password: password.to_owned(), read_only }
    }

    /// Refuses what a user that may only read would change.
    pub(crate) fn allows(&self, method: &Method) -> Result<(), Reply> {
        if self.read_only && !matches!(*method, Method::GET | Method::OPTIONS) {
            return Err(Reply::message(403, "Write access denied"));
        }
        Ok(())
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    pair(&String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?)
}

fn api_key(query: &str) -> Option<(String, String)> {
    let key = query.split('&').rev().find_map(|pair| pair.strip_prefix("api_key="))?;
    pair(&percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy())
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn access() -> Access {
        Access::new(vec![User::new("all", "p:s", false), User::new("looks", "p:s", true)])
    }

    fn headers(credentials: &str) -> HeaderMap {
        let value = format!("basic {}", STANDARD.encode(credentials));
        HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::try_from(value).unwrap())])
    }

    fn name(headers: &HeaderMap, query: &str) -> Result<String, u16> {
        access().authenticate(headers, Some(query)).map(|user| user.name).map_err(|refusal| refusal.status)
    }

    #[test]
    fn header_comes_before_api_key() {
        let none = HeaderMap::new();
        assert_eq!(name(&headers("all:p:s"), ""), Ok("all".to_owned()));
        assert_eq!(name(&none, "app=x&api_key=looks:p%3As"), Ok("looks".to_owned()));
        assert_eq!(name(&headers("all:wrong"), "api_key=all:p:s"), Err(401));
        for query in ["", "api_key=all", "api_key=all:wrong", "x_api_key=all:p:s"] {
            assert_eq!(name(&none, query), Err(401), "{query}");
        }
    }

    #[test]
    fn some_users_may_only_read() {
        let user = access().authenticate(&headers("looks:p:s"), None).unwrap();
        assert!(user.allows(&Method::GET).is_ok() && user.allows(&Method::OPTIONS).is_ok());
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::HEAD] {
            assert_eq!(user.allows(&method).unwrap_err().status, 403, "{method}");
        }
    }
}

//! From a raw request to the operation that is meant and its arguments, or to the reply with which Asterisk refuses it.
//!
//! Asterisk does not check values, types or required parameters against its declarations; only the code of some
//! operations does.

mod arguments;
mod body;
mod checks;
mod decode;
mod route;
mod table;

use ari_bindings::Release;

pub(crate) use arguments::{Arguments, split};
pub(crate) use body::is_read;
pub(crate) use checks::INVALID_VARIABLE;
pub(crate) use table::{Kind, Operation, Parameter, has};

use crate::exchange::{RawRequest, Reply, SessionRequest};
use crate::server::page;
use decode::Pairs;
use route::Routes;

/// A request that Asterisk hands to the code of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static Operation,
    pub(crate) arguments: Arguments,
}

/// What a server offers.
#[derive(Debug)]
pub(crate) struct Surface {
    release: Release,
    routes: Routes,
}

impl Surface {
    /// The operations of a release, without those that need one of the absent modules.
    pub(crate) fn new(release: Release, absent_modules: &[String]) -> Self {
        Self { release, routes: Routes::of(release, absent_modules) }
    }

    /// The operation that a request calls and its arguments, or the refusal.
    pub(crate) fn read(&self, request: &RawRequest) -> Result<Call, Reply> {
        let (form, json) = body::read(request)?;
        let (operation, path) = self.routes.find(request)?;
        if operation.opens_events {
            return Err(page(self.release, 426, ""));
        }
        let mut pairs = form;
        pairs.extend(Pairs::of(request.query.as_deref().unwrap_or_default()));
        let arguments = Arguments::read(operation, self.release, &path, &pairs, json)?;
        checks::check(operation, self.release, &arguments)?;
        Ok(Call { operation, arguments })
    }
}

/// What a request for an event connection asks for; none without applications.
pub(crate) fn session(request: &RawRequest) -> Option<SessionRequest> {
    let pairs = Pairs::of(request.query.as_deref().unwrap_or_default());
    let apps = split(pairs.last("app")?);
    let subscribe_all = pairs.last("subscribeAll").is_some_and(arguments::is_true);
    Some(SessionRequest { apps, subscribe_all })
}

#[cfg(test)]
mod tests;

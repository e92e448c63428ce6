//! What every generated request is made of: a client, the request so far, and how to send it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::request::{Body, Content, Expect, NUL, Parameter, has_nul_within};
use crate::{Client, Download, Error, Operation, Request};

/// The most values that Asterisk takes in one list.
const MOST_VALUES: usize = 127;

/// A builder of a request. The first fault is kept until the request is built.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    client: Client,
    request: Request,
    fault: Option<Fault>,
}

/// What makes a request invalid.
#[derive(Debug, Clone)]
struct Fault {
    parameter: &'static str,
    reason: &'static str,
}

impl Call {
    pub(crate) fn new(client: &Client, operation: &'static Operation) -> Self {
        Self { client: client.clone(), request: Request::of(operation), fault: None }
    }

    /// Fills in one path parameter.
    pub(crate) fn path(mut self, name: &'static str, value: &str) -> Self {
        self.request = self.request.path_parameter(name, value);
        self
    }

    /// Sets a text parameter of the query.
    pub(crate) fn text(self, name: &'static str, value: String) -> Self {
        self.set(name, Parameter::Text(value))
    }

    /// Sets a whole number of the query that Asterisk keeps in 32 bits, where a greater one would become another.
    pub(crate) fn int(mut self, name: &'static str, value: i64) -> Self {
        if i32::try_from(value).is_err() {
            self.fail(name, "it is not within the 32 bits that Asterisk keeps");
        }
        self.long(name, value)
    }

    /// Sets a whole number of the query.
    pub(crate) fn long(self, name: &'static str, value: i64) -> Self {
        self.set(name, Parameter::Int(value))
    }

    /// Sets a truth value of the query.
    pub(crate) fn bool(self, name: &'static str, value: bool) -> Self {
        self.set(name, Parameter::Bool(value))
    }

    /// Sets a number of the query.
    #[allow(dead_code, reason = "no release has such a parameter, but the type exists")]
    pub(crate) fn double(mut self, name: &'static str, value: f64) -> Self {
        if !value.is_finite() {
            self.fail(name, "it is not a finite number");
        }
        self.set(name, Parameter::Double(value))
    }

    /// Appends to a list of the query.
    pub(crate) fn list(mut self, name: &'static str, values: Vec<String>) -> Self {
        let present = self.request.query.iter_mut().find(|(present, _)| *present == name);
        let count = match present {
            Some((_, Parameter::List(present))) => {
                present.extend(values);
                present.len()
            }
            _ if values.is_empty() => return self,
            _ => {
                let count = values.len();
                self = self.set(name, Parameter::List(values));
                count
            }
        };
        if count > MOST_VALUES {
            self.fail(name, "it has more than the 127 values that Asterisk takes");
        }
        self
    }

    /// Sets a member of the JSON body.
    pub(crate) fn member(mut self, name: &'static str, value: Value) -> Self {
        if has_nul_within(&value) {
            self.fail(name, NUL);
        }
        let mut members = match self.request.body.take() {
            Some(Body::Members(Value::Object(members))) => members,
            _ => Map::new(),
        };
        members.insert(name.to_owned(), value);
        self.request.body = Some(Body::Members(Value::Object(members)));
        self
    }

    /// Sets the JSON body as a whole.
    pub(crate) fn whole(mut self, value: Value) -> Self {
        self.request.body = Some(Body::Whole(value));
        self
    }

    /// The request, or its first fault.
    pub(crate) fn into_request(self) -> Result<Request, Error> {
        let Self { client, mut request, fault } = self;
        if let Some(Fault { parameter, reason }) = fault {
            return Err(request.invalid(parameter, reason));
        }
        if !request.fits(client.prefix()) && !matches!(request.body, Some(Body::Whole(_))) {
            request.move_query_to_body();
        }
        request.check(client.prefix())?;
        Ok(request)
    }

    /// Sends a request whose response is JSON.
    pub(crate) fn json<T: DeserializeOwned>(self) -> ResponseFuture<T> {
        self.sending(Expect::Text, |request, content| content.into_response(request).json())
    }

    /// Sends a request whose response has no content.
    pub(crate) fn void(self) -> ResponseFuture<()> {
        self.sending(Expect::Text, |_, _| Ok(()))
    }

    /// Sends a request whose response is a file.
    pub(crate) fn download(self) -> ResponseFuture<Download> {
        self.sending(Expect::File, |request, content| content.into_download(&request))
    }

    fn sending<T>(self, expect: Expect, decode: Decode<T>) -> ResponseFuture<T> {
        let reply = Box::pin(async move {
            let client = self.client.clone();
            client.execute(self.into_request()?, expect).await
        });
        ResponseFuture { reply, decode }
    }

    fn set(mut self, name: &'static str, value: Parameter) -> Self {
        let query = &mut self.request.query;
        match query.iter_mut().find(|(present, _)| *present == name) {
            Some((_, present)) => *present = value,
            None => query.push((name.into(), value)),
        }
        self
    }

    /// Makes the request invalid.
    pub(crate) fn fail(&mut self, parameter: &'static str, reason: &'static str) {
        self.fault.get_or_insert(Fault { parameter, reason });
    }
}

/// A request, and the content of the response to it.
type Reply = Result<(Request, Content), Error>;

/// Decodes the content of a response.
type Decode<T> = fn(Request, Content) -> Result<T, Error>;

/// A request in progress: what awaiting a request awaits.
#[must_use = "a request does nothing until it is awaited"]
pub struct ResponseFuture<T> {
    reply: Pin<Box<dyn Future<Output = Reply> + Send>>,
    decode: Decode<T>,
}

impl<T> Future for ResponseFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let decode = self.decode;
        self.reply.as_mut().poll(cx).map(|reply| reply.and_then(|(request, content)| decode(request, content)))
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

/// Makes a request type, a tuple struct around a [`Call`], something to be awaited.
macro_rules! call {
    ($name:ident -> json $reply:ty) => {
        crate::client::call!(@ $name, $reply, json);
    };
    ($name:ident -> void) => {
        crate::client::call!(@ $name, (), void);
    };
    ($name:ident -> download) => {
        crate::client::call!(@ $name, crate::Download, download);
    };
    (@ $name:ident, $reply:ty, $send:ident) => {
        impl $name {
            /// The request as a plain value, instead of sending it.
            pub fn into_request(self) -> Result<crate::Request, crate::Error> {
                self.0.into_request()
            }
        }

        impl std::future::IntoFuture for $name {
            type Output = Result<$reply, crate::Error>;
            type IntoFuture = crate::ResponseFuture<$reply>;

            fn into_future(self) -> Self::IntoFuture {
                self.0.$send()
            }
        }
    };
}

pub(crate) use call;

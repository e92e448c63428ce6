//! Requests by nothing but an HTTP library.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::header::AUTHORIZATION;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::{Target, bare};
use crate::Failure;
use crate::requests::{Api, What};

/// `asterisk:asterisk`, which the server of this benchmark does not look at.
const CREDENTIALS: &str = "Basic YXN0ZXJpc2s6YXN0ZXJpc2s=";

/// A client with a pool of connections.
struct Hyper {
    client: Client<HttpConnector, Empty<Bytes>>,
    url: String,
}

pub(super) fn connect(target: &Target) -> Arc<dyn Api> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    Arc::new(Hyper { client, url: target.url() })
}

impl Api for Hyper {
    fn get(&self, what: What) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let request = Request::get(format!("{}/{}", self.url, what.path())).header(AUTHORIZATION, CREDENTIALS);
            let response = self.client.request(request.body(Empty::new())?).await?;
            let body = response.into_body().collect().await?.to_bytes();
            bare::read(what, &body)
        })
    }
}

//! The command `ari` in the place of the bindings: each request of a scene becomes a call of the command, whose output
//! and exit status must agree with what the server answered.

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::{env, io};

use ari_bindings::operations::OPERATIONS;
use ari_bindings::{Bytes, HttpService, Operation, ServiceError, Upgrade};
use ari_e2e::Server;
use heck::ToKebabCase as _;
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::proxy::{Exchange, Log};

/// The exit status of a command line that is wrong, as one with a value that is not among the declared ones.
const USAGE: i32 = 2;

/// Sends requests by the command, and opens event connections itself.
pub(crate) struct ByCommand {
    program: PathBuf,
    url: String,
    server: Server,
    log: Arc<Log>,
}

impl ByCommand {
    /// The command that was built beside this program. It reaches the server at this URL, whose traffic is logged.
    pub(crate) fn new(url: &str, server: &Server, log: &Arc<Log>) -> Self {
        let program = env::current_exe().expect("a path").with_file_name("ari");
        assert!(program.exists(), "no {}; `cargo build --package ari-cli` makes it", program.display());
        Self { program, url: url.to_owned(), server: server.clone(), log: Arc::clone(log) }
    }

    async fn run(&self, arguments: &[String]) -> io::Result<Output> {
        let mut command = Command::new(&self.program);
        command.env("ARI_URL", &self.url).env("ARI_CONFIG", "/nonexistent").args(["--output", "json"]);
        command.env("ARI_USER", self.server.get("ARI_USER")).env("ARI_PASSWORD", self.server.get("ARI_PASSWORD"));
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true).output().await
    }

    /// The last exchange with the server for this request.
    fn exchange(&self, request: &Request<Bytes>) -> Exchange {
        let path = self.below(request);
        let own = |exchange: &&Exchange| exchange.method == request.method().as_str() && is_same(&exchange.path, &path);
        let exchanges = self.log.exchanges();
        exchanges.iter().rev().find(own).cloned().unwrap_or_else(|| panic!("the command sent no {path}"))
    }

    /// The path and query below the base URL.
    fn below(&self, request: &Request<Bytes>) -> String {
        let uri = request.uri().to_string();
        uri.strip_prefix(&self.url).unwrap_or_else(|| panic!("{uri} is not below {}", self.url)).to_owned()
    }
}

impl HttpService for ByCommand {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ServiceError> {
        let below = self.below(&request);
        let arguments = arguments(request.method().as_str(), &below, request.body());
        let mut output = self.run(&arguments).await.map_err(ServiceError::NotSent)?;
        if output.status.code() == Some(USAGE) {
            // The scene wants to see how the server refuses what the command knows to be wrong.
            let raw = raw(request.method().as_str(), &below, request.body());
            output = self.run(&raw).await.map_err(ServiceError::NotSent)?;
        }
        let exchange = self.exchange(&request);
        agree(&arguments, &output, &exchange);
        let is_success = exchange.status < 400;
        let body = if is_success { Bytes::from(output.stdout) } else { Bytes::from(exchange.body) };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(exchange.status).expect("a status");
        Ok(response)
    }

    async fn upgrade(&self, request: Request<()>) -> Result<Upgrade, ServiceError> {
        upgrade(&request).await.map_err(ServiceError::NotSent)
    }
}

/// Fails if the command says anything else than the server.
fn agree(arguments: &[String], output: &Output, exchange: &Exchange) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let outcome = format!("ari {arguments:?} gave {}, {stderr:?}, after {}", output.status, exchange.status);
    let expected = match exchange.status {
        404 => 3,
        401 | 403 => 4,
        400.. => 6,
        _ => 0,
    };
    // A 404 of an operation that the release lacks has a status of its own.
    let is_lacking = exchange.status == 404 && output.status.code() == Some(8);
    assert!(output.status.code() == Some(expected) || is_lacking, "{outcome}");
    if exchange.status >= 400 {
        assert!(is_lacking || stderr.contains(&exchange.status.to_string()), "{outcome}");
    } else if let Ok(sent) = serde_json::from_str::<Value>(&exchange.body) {
        assert_eq!(serde_json::from_slice::<Value>(&output.stdout).ok(), Some(sent), "{outcome}");
    }
}

/// The call of the command for a request, with every parameter as an option.
fn arguments(method: &str, below: &str, body: &[u8]) -> Vec<String> {
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let (operation, values) = OPERATIONS
        .iter()
        .filter(|operation| operation.method.as_str() == method)
        .filter_map(|operation| Some((operation, filled(operation, path)?)))
        .min_by_key(|(_, values)| values.len())
        .unwrap_or_else(|| panic!("no operation is {method} {path}"));
    let mut arguments = vec![operation.resource.to_owned(), operation.name.to_owned()];
    arguments.extend(values.iter().map(|(name, value)| option(name, value)));
    arguments.extend(pairs(query).map(|(name, value)| option(&name, &value)));
    if !body.is_empty() {
        let value: Value = serde_json::from_slice(body).expect("a body of JSON");
        arguments.extend(of_body(operation, &value));
    }
    arguments
}

/// Whether two paths with queries say the same, in any order and encoding.
fn is_same(one: &str, other: &str) -> bool {
    let said = |below: &str| {
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let mut pairs: Vec<_> = pairs(query).collect();
        pairs.sort();
        (decoded(path), pairs)
    };
    said(one) == said(other)
}

/// The same as `ari api`, which checks nothing.
fn raw(method: &str, below: &str, body: &[u8]) -> Vec<String> {
    let mut arguments = vec!["api".to_owned(), method.to_owned(), below.to_owned()];
    if !body.is_empty() {
        arguments.push(format!("--json={}", String::from_utf8_lossy(body)));
    }
    arguments
}

fn option(name: &str, value: &str) -> String {
    format!("--{}={value}", name.to_kebab_case())
}

/// The parameters of a path, if it is one of this operation.
fn filled(operation: &Operation, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (template, path): (Vec<&str>, Vec<&str>) = (operation.path.split('/').collect(), path.split('/').collect());
    if template.len() != path.len() {
        return None;
    }
    let mut values = Vec::new();
    for (part, segment) in template.into_iter().zip(path) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => values.push((name, decoded(segment))),
            None if part == segment => {}
            None => return None,
        }
    }
    Some(values)
}

/// The options of a body, which is one parameter or has a member for each.
fn of_body(operation: &Operation, body: &Value) -> Vec<String> {
    let is_member = |name: &str| ["variables", "fields"].contains(&name);
    match body.as_object() {
        Some(members) if members.keys().any(|name| is_member(name)) => {
            members.iter().map(|(name, value)| option(name, &value.to_string())).collect()
        }
        _ if operation.path.ends_with("/eventFilter") => vec![option("filter", &body.to_string())],
        _ => vec![option("variables", &body.to_string())],
    }
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), decoded(value)))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

/// Opens a WebSocket over TCP, as the bindings do without a service.
async fn upgrade(request: &Request<()>) -> io::Result<Upgrade> {
    let authority = request.uri().authority().ok_or_else(|| io::Error::other("no host"))?;
    let mut stream = TcpStream::connect(authority.as_str()).await?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    );
    for (name, value) in request.headers() {
        head.extend([name.as_str(), ": ", value.to_str().map_err(io::Error::other)?, "\r\n"]);
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await?;
    let mut reply = Vec::new();
    // Byte by byte: what follows is of the WebSocket.
    while !reply.ends_with(b"\r\n\r\n") {
        reply.push(stream.read_u8().await?);
    }
    if reply.starts_with(b"HTTP/1.1 101 ") {
        return Ok(Upgrade::accepted(stream));
    }
    Err(io::Error::other(String::from_utf8_lossy(&reply).into_owned()))
}

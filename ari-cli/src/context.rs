//! What the commands share: the server, and where output goes.

use std::cell::RefCell;

use ari_bindings::{Client, Events, Request, Response, Transport};

use crate::cli::Globals;
use crate::failure::Failure;
use crate::output::{self, Output};
use crate::server::Server;

/// What the commands share.
#[derive(Debug)]
pub(crate) struct Context {
    globals: Globals,
    /// What carries requests over WebSockets.
    events: RefCell<Vec<Events>>,
    /// Where results go.
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(globals: Globals) -> Result<Self, Failure> {
        if globals.no_color {
            anstream::ColorChoice::Never.write_global();
        }
        let output = Output::new(globals.output, globals.jq.as_deref())?;
        Ok(Self { globals, events: RefCell::default(), output })
    }

    /// The server that the command is about.
    pub(crate) fn server(&self) -> Result<Server, Failure> {
        Server::of(&self.globals)
    }

    /// A client for it, with the time limit of the command line. With `--websocket`, its requests travel over an event
    /// connection, which lasts as long as the command.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        let builder = self.server()?.client()?.timeout(self.globals.max_time);
        if !self.globals.websocket {
            return Ok(builder.build()?);
        }
        let client = builder.transport(Transport::WebSocket).build()?;
        let events = client.events(format!("ari-{}", std::process::id())).await?;
        self.events.borrow_mut().push(events);
        Ok(client)
    }

    /// The user that the command line names.
    pub(crate) fn user(&self) -> Option<&str> {
        self.globals.user.as_deref()
    }

    /// A client that sends requests by HTTP, whatever else is chosen: for what only HTTP serves. `which` is the URL of a
    /// server or the name of a profile; if empty, it is the server that the command is about.
    pub(crate) fn http_client(&self, which: &str) -> Result<Client, Failure> {
        let globals = self.globals.clone();
        let server = match Some(which.to_owned()).filter(|which| !which.is_empty()) {
            None => self.server()?,
            url if which.contains("://") => Server::of(&Globals { url, ..globals })?,
            server => Server::of(&Globals { server, url: None, ..globals })?,
        };
        Ok(server.client()?.timeout(self.globals.max_time).build()?)
    }

    /// Whether requests are printed and not sent.
    pub(crate) fn dry_run(&self) -> bool {
        self.globals.dry_run
    }

    /// Sends a request and prints what it answers with, or prints the request (`--dry-run`).
    pub(crate) async fn send(&self, request: Request) -> Result<(), Failure> {
        if self.dry_run() {
            return output::curl(&self.server()?, &request);
        }
        let response = self.client().await?.send(request).await?;
        self.print(&response)
    }

    /// Prints a response: as chosen if it is JSON, and else as it came.
    pub(crate) fn print(&self, response: &Response) -> Result<(), Failure> {
        if response.body().is_empty() {
            return Ok(());
        }
        match output::parse(response.body()) {
            Ok(value) => self.output.print(&value),
            Err(_) => output::raw(response.body()),
        }
    }
}

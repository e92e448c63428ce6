//! Clients of the same process.

use std::io;

use ari_bindings::{Bytes, Client, ClientBuilder, HttpService, ServiceError, Upgrade};
use http::{Request, Response};

use crate::Fake;
use crate::server::{BUFFER, Line, open, respond, serve};

impl Fake {
    /// A client of this server, without a network: requests and events stay within the process.
    ///
    /// # Panics
    ///
    /// If the prefix of the server is not a path of a URL, or the name of its first user contains a colon.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client_builder().build().expect("the base URL is valid")
    }

    /// The settings of such a client: its base URL, the credentials of the first user, and what takes the place of the
    /// network.
    #[expect(clippy::missing_panics_doc, reason = "there is always a user")]
    pub fn client_builder(&self) -> ClientBuilder {
        let user = self.settings().access.first().expect("there is always a user");
        Client::builder(format!("http://asterisk.invalid{}/ari", self.settings().prefix))
            .credentials(user.name, user.password)
            .http_service(InProcess(self.clone()))
    }
}

/// Carries requests to a server of the same process.
struct InProcess(Fake);

impl HttpService for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ServiceError> {
        let network = self.0.network();
        let mut line = self.connect().await?;
        let is_lost = network.loses(&self.0.settings().prefix, &request);
        let responding = async {
            let response = respond(&self.0, request).await;
            network.delay().await;
            if is_lost { Err(lost()) } else { Ok(response) }
        };
        tokio::select! {
            biased;
            error = line.cut() => Err(ServiceError::Lost(error)),
            response = responding => response,
        }
    }

    async fn upgrade(&self, request: Request<()>) -> Result<Upgrade, ServiceError> {
        let line = self.connect().await?;
        let is_lost = self.0.network().loses(&self.0.settings().prefix, &request);
        let opened = open(&self.0, request.into_parts().0).await;
        self.0.network().delay().await;
        if is_lost {
            return Err(lost());
        }
        Ok(match opened {
            Ok(opened) => {
                let (near, far) = tokio::io::duplex(BUFFER);
                tokio::spawn(serve(opened, far, line));
                Upgrade::accepted(near)
            }
            Err(refusal) => Upgrade::refused(refusal),
        })
    }
}

fn lost() -> ServiceError {
    ServiceError::Lost(io::ErrorKind::UnexpectedEof.into())
}

impl InProcess {
    /// Reaches the server, as soon as the network lets it.
    async fn connect(&self) -> Result<Line, ServiceError> {
        let network = self.0.network();
        let mut line = network.line();
        if network.is_refusing() {
            return Err(ServiceError::NotSent(io::ErrorKind::ConnectionRefused.into()));
        }
        tokio::select! {
            biased;
            error = line.cut() => Err(ServiceError::NotSent(error)),
            () = network.thawed() => Ok(network.line()),
        }
    }
}

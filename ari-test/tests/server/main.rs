//! What reaches the server over a network, or what takes its place.

mod access;
mod faults;
mod outbound;
#[cfg(feature = "cli")]
mod program;
mod raw;
mod sessions;

use ari_bindings::{Client, Event, Events, Transport};
use ari_test::{Fake, Port};

/// The next event.
async fn next(events: &mut Events) -> Event {
    events.next().await.expect("the connection goes on").unwrap()
}

/// The events until one of this type, which is included.
async fn until(events: &mut Events, kind: &str) -> Vec<String> {
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|last| last != kind) {
        kinds.push(next(events).await.kind().to_owned());
    }
    kinds
}

/// A client of a port with this transport.
fn client(port: &Port, transport: Transport) -> Client {
    let builder = Client::builder(port.url()).credentials("asterisk", "asterisk");
    builder.transport(transport).build().unwrap()
}

/// Runs the same test without a network and over one, with both transports.
async fn on_each_way<T: AsyncFn(Fake, Client)>(test: T) {
    for transport in [Transport::Http, Transport::WebSocket] {
        let fake = Fake::new();
        test(fake.clone(), fake.client_builder().transport(transport).build().unwrap()).await;
        let fake = Fake::new();
        let port = fake.listen("127.0.0.1:0").await.unwrap();
        test(fake, client(&port, transport)).await;
    }
}

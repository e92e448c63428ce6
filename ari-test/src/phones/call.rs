//! Calls from outside.

use tokio::time::{sleep, timeout};

use super::{LOOK, Person};
use crate::Fake;
use crate::world::{Arrival, STEP};

/// A call that is about to come in; see [`Fake::call`].
#[derive(Debug)]
#[must_use = "a call does nothing until `from` is awaited"]
pub struct Incoming {
    fake: Fake,
    to: String,
    args: Vec<String>,
    name: String,
    endpoint: Option<String>,
}

impl Fake {
    /// A call to an application, if there is one of that name, and else to an extension of the dialplan.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), ari_bindings::Error> {
    /// use ari_test::Fake;
    ///
    /// let fake = Fake::new();
    /// let ari = fake.client();
    /// let mut events = ari.events("hello").await?;
    /// let mut caller = fake.call("hello").from("100").await;
    /// ari.channel(caller.id()).answer().await?;
    /// ari.channel(caller.id()).play("sound:hello-world").await?;
    /// caller.waits_for("sound:hello-world").await;
    /// caller.hangs_up().await;
    /// # events.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call(&self, to: &str) -> Incoming {
        Incoming { fake: self.clone(), to: to.to_owned(), args: Vec::new(), name: String::new(), endpoint: None }
    }
}

impl Incoming {
    /// The arguments with which the dialplan sends the call into the application.
    pub fn args<T: Into<String>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// The caller's name.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The telephone that calls, such as `PJSIP/alice`; unless set, the number after `PJSIP/`.
    pub fn on(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }

    /// Makes the call from a number, as soon as there is such an application or extension. Returns once the call has
    /// entered it, which it may do later where the server opens a connection for each call.
    ///
    /// # Panics
    ///
    /// If there is none within [`FakeBuilder::patience`](crate::FakeBuilder::patience).
    pub async fn from(self, number: &str) -> Person {
        let Self { fake, to, args, name, endpoint } = self;
        let waiting = async {
            while !fake.with_world(|world| world.takes_calls(&to) || world.has_extension(&to)) {
                sleep(LOOK).await;
            }
        };
        let patience = fake.settings().patience;
        let found = timeout(patience, waiting).await;
        assert!(found.is_ok(), "there is neither an application nor an extension {to} within {patience:?}");
        let id = fake.with_world(|world| {
            let exten = if world.takes_calls(&to) { world.extension_into(&to, &args) } else { to };
            let endpoint = endpoint.unwrap_or_else(|| format!("PJSIP/{number}"));
            let id = world.arrive(&Arrival { exten: exten.clone(), caller: number.to_owned(), name, endpoint });
            world.acts(&id, format!("calls {exten}"));
            id
        });
        // The dialplan runs in the first step.
        sleep(STEP).await;
        Person::new(fake, id)
    }
}

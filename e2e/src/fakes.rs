//! Fakes in the place of servers, in the process of the tests.

use std::collections::BTreeMap;
use std::env;
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};
use std::thread;

use ari_test::{Fake, Port};
use tokio::runtime::{Builder, Handle};

/// The fakes by release, which live as long as the process.
static FAKES: Mutex<BTreeMap<String, Started>> = Mutex::new(BTreeMap::new());

struct Started {
    fake: Fake,
    version: String,
    port: Port,
}

/// Whether the tests are to run against fakes: `ARI_TEST_STATES=fake`.
pub(crate) fn are_wanted() -> bool {
    env::var_os("ARI_TEST_STATES").is_some_and(|states| states == "fake")
}

/// What the state file of the server of this release would have.
pub(crate) fn state(release: &str) -> BTreeMap<String, String> {
    let fakes = &mut *FAKES.lock().unwrap_or_else(PoisonError::into_inner);
    let started = fakes.entry(release.to_owned()).or_insert_with(|| start(release));
    let port = started.port.address().port().to_string();
    let pairs = [
        ("VERSION", &*started.version),
        ("ARI_URL", started.port.url()),
        ("ARI_USER", "asterisk"),
        ("ARI_PASSWORD", "asterisk"),
        ("ARI_READER_USER", "reader"),
        ("ARI_READER_PASSWORD", "reader"),
        ("HTTP_PORT", &port),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The fake of this release, if there is one.
pub(crate) fn fake(release: &str) -> Option<Fake> {
    let fakes = FAKES.lock().unwrap_or_else(PoisonError::into_inner);
    fakes.get(release).map(|started| started.fake.clone())
}

/// The releases that Debian ships in the suites of `e2e/asterisk/releases.txt`.
const VERSIONS: [(&str, &str); 2] = [("16", "16.28.0"), ("22", "22.10.1")];

/// Starts a fake of a release such as `22.10.1`, which is set up like the servers of `e2e/asterisk`.
///
/// # Panics
///
/// If the text is not a release, or no tokio runtime is running.
#[must_use]
pub fn like_server(version: &str, seed: u64) -> Fake {
    let builder = Fake::builder().release(version).seed(seed).without_module("res_stasis_mailbox");
    let fake = builder.read_only_user("reader", "reader").session_limit(1000).channel_variables(["ARI_TEST"]).start();
    for phone in ["PJSIP/phone-a", "PJSIP/phone-b"] {
        fake.phone(phone);
    }
    fake
}

/// Starts a fake of this branch with the seed of `ARI_TEST_SEED`.
fn start(release: &str) -> Started {
    let version = VERSIONS.iter().find(|(branch, _)| *branch == release).map_or(release, |(_, version)| version);
    let seed = env::var("ARI_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_default();
    let (sender, started) = mpsc::channel();
    let own = version.to_owned();
    runtime().spawn(async move {
        let fake = like_server(&own, seed);
        let port = fake.listen("127.0.0.1:0").await;
        let _ = sender.send((fake, port));
    });
    let (fake, port) = started.recv().expect("the runtime goes on");
    Started { fake, version: version.to_owned(), port: port.expect("a free port") }
}

/// A runtime that outlives those of the tests.
fn runtime() -> &'static Handle {
    static RUNTIME: OnceLock<Handle> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let handle = runtime.handle().clone();
        thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        handle
    })
}

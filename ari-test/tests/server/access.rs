//! Users, passwords and prefixes, as a client sees them.

use ari_bindings::{Client, Error};
use ari_test::Fake;

#[tokio::test]
async fn wrong_passwords_are_refused_for_requests_and_events() {
    let fake = Fake::builder().credentials("me", "secret").start();
    fake.client().channels().list().await.unwrap();
    let wrong = fake.client_builder().credentials("me", "wrong").build().unwrap();
    assert!(matches!(wrong.channels().list().await, Err(Error::Unauthorized { .. })));
    assert!(matches!(wrong.events("x").await, Err(Error::Unauthorized { .. })));
}

#[tokio::test]
async fn read_only_user_may_not_write() {
    let fake = Fake::builder().read_only_user("looks", "secret").start();
    let looks = fake.client_builder().credentials("looks", "secret").build().unwrap();
    looks.channels().list().await.unwrap();
    let error = looks.bridges().create().await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(403), Some("Write access denied")));
}

#[tokio::test]
async fn long_names_of_applications_are_refused_since_outbound_connections() {
    for (release, expected) in [("16.30.1", None), ("22.10.1", Some(500))] {
        let fake = Fake::builder().release(release).start();
        let refused = fake.client().events("x".repeat(74)).await.err();
        assert_eq!(refused.and_then(|error| error.status()), expected, "{release}");
    }
}

#[tokio::test]
async fn prefix_precedes_the_path() {
    let fake = Fake::builder().prefix("/pbx/").start();
    let port = fake.listen("127.0.0.1:0").await.unwrap();
    assert_eq!(port.url(), format!("http://{}/pbx/ari", port.address()));
    let client = |url: &str| Client::builder(url).credentials("asterisk", "asterisk").build().unwrap();
    let unknown = client(&format!("http://{}/ari", port.address()));
    assert!(matches!(unknown.channels().list().await, Err(Error::NotAri { status: 404, .. })));
    for ari in [client(port.url()), fake.client()] {
        ari.channels().list().await.unwrap();
    }
}

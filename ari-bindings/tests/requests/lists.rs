//! One value or several for a list, media URIs, and handles from models.

use ari_bindings::models::{Channel, Playback};
use ari_bindings::{Client, Error, IntoList, Media};

fn client() -> Client {
    Client::builder("http://localhost:8088/ari").build().unwrap()
}

fn media(media: impl IntoList<String>) -> String {
    client().channel("1").play(media).into_request().unwrap().query().unwrap()
}

#[test]
fn lists_take_one_value_or_several() {
    let beep = "media=sound%3Abeep";
    assert_eq!(media("sound:beep"), beep);
    let one = "sound:beep".to_owned();
    assert_eq!(media(&one), beep);
    assert_eq!(media(one), beep);
    assert_eq!(media(Media::sound("beep")), beep);
    let both = "media=sound%3Abeep%2Cdigits%3A1";
    assert_eq!(media(["sound:beep", "digits:1"]), both);
    assert_eq!(media(vec![Media::sound("beep"), Media::digits(1)]), both);
    assert_eq!(media(["sound:beep", "digits:1"].as_slice()), both);
    let owned = vec!["sound:beep".to_owned(), "digits:1".to_owned()];
    assert_eq!(media(&owned), both);
    assert_eq!(media(owned), both);

    let mut channel = Channel::default();
    channel.id = "2".into();
    let added = client().bridge("b").add_channel(&channel).into_request().unwrap();
    assert_eq!(added.query().as_deref(), Some("channel=2"));
}

#[test]
fn models_turn_into_handles() {
    let ari = client();
    let mut playback = Playback::default();
    playback.id = "p".into();
    let handle = playback.handle(&ari);
    assert_eq!(handle.playback_id().as_str(), "p");
    assert_eq!(handle.client().base_url(), ari.base_url());
}

#[test]
fn integers_beyond_32_bits_are_refused() {
    let channels = client().channels();
    let error = channels.originate("Local/1@x").timeout(1 << 31).into_request().unwrap_err();
    assert!(matches!(error, Error::InvalidRequest { parameter: "timeout", .. }), "{error}");
    assert!(error.to_string().contains("32 bits"), "{error}");
    assert!(channels.originate("Local/1@x").timeout(-1).into_request().is_ok());
    assert!(channels.originate("Local/1@x").priority(1 << 31).into_request().is_ok(), "a `long`");
}

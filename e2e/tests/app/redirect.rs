//! `redirect`.

use ari_app::CallError;
use ari_e2e::Phone;

use crate::running::serve;

#[tokio::test]
async fn redirect_sends_the_phone_elsewhere() {
    serve(
        |call, notes| async move {
            notes.add(call.redirect("alice").await.unwrap_err().to_string());
            let other = call.redirect("Local/echo@default").await.unwrap_err();
            notes.add(matches!(other, CallError::Ari(error) if error.status() == Some(422)));
            notes.add(call.redirect("PJSIP/sip:echo@127.0.0.1").await?.map(|end| end.reason));
            Ok(())
        },
        |app| async move {
            for (scenario, extension) in [("redirected", "stasis"), ("referred", "first")] {
                let phone = Phone::calling(&app.server, scenario, &format!("{extension}-{}", app.name)).call();
                let (first, ()) = tokio::join!(app.note(), phone);
                assert!(first.contains("TECHNOLOGY/RESOURCE"), "{first}");
                assert_eq!(app.note().await, "true");
                assert_eq!(app.note().await, "Some(HungUp)", "{scenario}");
            }
            app.end().await;
        },
    )
    .await;
}

//! `redirect`.

use ari_app::{Call, CallError};
use ari_e2e::{Phone, Server, on_each_server, unique};

use crate::caller::{Running, notes};

#[tokio::test]
async fn redirect_sends_the_phone_elsewhere() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let name = unique("app");
        let app = Running::with(
            &server,
            name.clone(),
            |app| app,
            move |call: Call| {
                let notes = notes.clone();
                async move {
                    notes.add(call.redirect("alice").await.unwrap_err().to_string());
                    let other = call.redirect("Local/echo@default").await.unwrap_err();
                    notes.add(matches!(other, CallError::Ari(error) if error.status() == Some(422)));
                    notes.add(call.redirect("PJSIP/sip:echo@127.0.0.1").await?.map(|end| end.reason));
                    Ok(())
                }
            },
        )
        .await;
        for (scenario, extension) in [("redirected", "stasis"), ("referred", "first")] {
            let phone = Phone::calling(&server, scenario, &format!("{extension}-{name}")).call();
            let (first, ()) = tokio::join!(report.next(), phone);
            assert!(first.contains("TECHNOLOGY/RESOURCE"), "{first}");
            assert_eq!(report.next().await, "true");
            assert_eq!(report.next().await, "Some(HungUp)", "{scenario}");
        }
        app.end().await;
    })
    .await;
}

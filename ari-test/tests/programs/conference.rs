//! The example `conference`.

use ari_test::Fake;

use crate::{Running, on_seeds};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/conference.rs"]
mod example;

#[tokio::test(start_paused = true)]
async fn members_are_announced_muted_and_leave() {
    on_seeds(async |fake: Fake| {
        let app = Running::start(&fake, "conference", example::join).await;
        let mut first = fake.call("conference").args(["20021"]).from("100").await;
        first.waits_for("sound:conf-onlyperson").await;
        first.waits_for("moh").await;
        let mut second = fake.call("conference").args(["20021"]).from("101").await;
        first.waits_for("sound:conf-hasjoin").await;
        second.presses("1").await;
        second.waits_for("sound:conf-now-muted").await;
        second.presses("1").await;
        second.waits_for("sound:conf-now-unmuted").await;
        second.presses("#").await;
        second.waits_for("sound:vm-goodbye").await;
        assert_eq!(second.ended().await, 16);
        first.hangs_up().await;
        app.ended_well(2).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn rooms_are_apart() {
    on_seeds(async |fake: Fake| {
        let app = Running::start(&fake, "conference", example::join).await;
        let mut callers = Vec::new();
        for room in ["1", "2"] {
            let mut caller = fake.call("conference").args([room]).from(room).await;
            caller.waits_for("sound:conf-onlyperson").await;
            caller.waits_for("moh").await;
            callers.push(caller);
        }
        for mut caller in callers {
            caller.hangs_up().await;
        }
        app.ended_well(2).await;
    })
    .await;
}

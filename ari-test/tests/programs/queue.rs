//! The example `queue`.

use ari_app::Queue;
use ari_test::Fake;

use crate::{Running, SECOND, on_seeds};

#[allow(dead_code, missing_docs, unreachable_pub, reason = "a program, included as a module")]
#[path = "../../../ari-app/examples/queue.rs"]
mod example;

#[tokio::test(start_paused = true)]
async fn callers_wait_for_the_agent_who_is_free() {
    on_seeds(async |fake: Fake| {
        let mut alice = fake.phone("PJSIP/alice").answers_after(2 * SECOND);
        fake.phone("PJSIP/bob").busy();
        let agents = Queue::new(["PJSIP/bob", "PJSIP/alice"]).ring(20 * SECOND).rest(SECOND);
        let app = Running::start(&fake, "queue", move |call| example::wait(call, agents.clone())).await;
        let mut first = fake.call("queue").from("100").await;
        let mut agent = alice.rung().await;
        agent.is_answered().await;
        let mut second = fake.call("queue").from("101").await;
        second.waits_for("moh").await;
        second.waits_for("sound:queue-thereare").await;
        second.waits_for("number:1").await;
        agent.hangs_up().await;
        first.waits_for("sound:vm-goodbye").await;
        let mut agent = alice.rung().await;
        agent.is_answered().await;
        second.hangs_up().await;
        agent.ended().await;
        app.ended_well(2).await;
    })
    .await;
}

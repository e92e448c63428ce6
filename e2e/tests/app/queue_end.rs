//! What ends a queue, or a conversation out of it: a hang-up at any moment, a shutdown, a gap in the events.

use std::sync::Arc;
use std::time::Duration;

use ari_app::{Call, CallError, Queue, Queued};
use ari_bindings::Client;
use ari_e2e::{FaultProxy, Server, eventually, on_each_server, unique};
use tokio::time::timeout;

use crate::queue::{AGENT, attend};
use crate::running::{Notes, Running, serve, serve_with};

const SECOND: Duration = Duration::from_secs(1);

/// A caller, or the agent, hangs up after the first, the second, … event of the call, or the handler is dropped then.
#[tokio::test]
async fn a_hangup_after_any_event_in_a_queue_leaves_nothing() {
    const MOST: usize = 12;
    const QUIET: Duration = Duration::from_secs(2);
    serve(
        |call, _| async move {
            let mut events = call.events();
            let nth: usize = call.caller_number().parse().unwrap_or(MOST);
            let queue = Queue::new(["Local/ring@default", "Local/wait@default"]);
            let queue = if nth % 2 == 0 { queue.ring_all() } else { queue.ring(SECOND) };
            let counted = async {
                for _ in 0..nth / 3 {
                    if !matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {
                        break;
                    }
                }
            };
            let waits = async {
                call.answer().await?;
                let wait = call.queue(&queue).announce(SECOND, |_| ["sound:beep", "digits:1"]);
                if let Queued::Agent(leg) = wait.await? {
                    call.bridge(leg).until_hangup().await?;
                }
                Ok::<(), CallError>(())
            };
            tokio::select! {
                served = waits => served?,
                () = counted => match (nth % 3, call.id().strip_suffix(";2")) {
                    (0, Some(caller)) => drop(call.client().channel(caller).hangup().await),
                    (1, _) => call.hangup().await?,
                    // What was dropped ends without the end of the call, which would end it, too.
                    _ => {
                        eventually(|| async { queue.waiting() == 0 }).await;
                        call.detach();
                        call.hangup().await?;
                    }
                }
            }
            Ok(())
        },
        |app| async move {
            let mut callers = Vec::new();
            for nth in 0..3 * MOST {
                callers.push(app.dialling(nth).await);
            }
            for caller in callers {
                caller.waits_for_hangup().await;
                app.ended_well(1).await;
            }
            app.assert_clean().await;
            app.end().await;
        },
    )
    .await;
}

/// The caller, or an agent who calls in, hangs up after the first, the second, … event of the call.
#[tokio::test]
async fn a_hangup_after_any_event_of_a_conversation_leaves_nothing() {
    const MOST: usize = 24;
    const QUIET: Duration = Duration::from_secs(2);
    serve_with(
        || (0..MOST).map(|_| Queue::default()).collect(),
        |call, _, queues: Arc<[Queue]>| async move {
            let number: usize = call.caller_number().parse().unwrap();
            let (nth, is_agent) = (number % 100, number >= 100);
            let queue = &queues[nth];
            let mut events = call.events();
            let hangup = async {
                for _ in 0..nth / 2 {
                    if !matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {
                        break;
                    }
                }
                call.hangup().await
            };
            let work = async {
                call.answer().await?;
                if is_agent {
                    while let Some(caller) = queue.next(&call).await? {
                        caller.connect().await?;
                    }
                } else {
                    call.queue(queue).timeout(5 * SECOND).await?;
                    queue.close();
                }
                Ok(())
            };
            if (nth % 2 == 0) == is_agent {
                let (worked, hung_up) = tokio::join!(work, hangup);
                queue.close();
                hung_up.and(worked)
            } else {
                let worked = work.await;
                queue.close();
                worked
            }
        },
        |app, _| async move {
            let mut callers = Vec::new();
            for nth in 0..MOST {
                callers.push(app.dialling(nth).await);
                callers.push(app.dialling(100 + nth).await);
            }
            for caller in callers {
                caller.waits_for_hangup().await;
                app.ended_well(1).await;
            }
            app.assert_clean().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn shutdown_ends_those_who_wait_and_talk() {
    on_each_server(|server: Server| async move {
        let queue = Queue::default();
        let handler = {
            let queue = queue.clone();
            move |call, notes| attend(call, notes, queue.clone())
        };
        let app = Running::with(&server, unique("app"), |app| app.drain(SECOND), handler).await;
        let agent = app.numbered(AGENT).await;
        let first = app.numbered(1).await;
        assert_eq!(app.note().await, r#""takes 1""#);
        app.until_talks(1).await;
        let second = app.numbered(2).await;
        eventually(|| async { queue.waiting() == 1 }).await;
        app.shut_down();
        for caller in [agent, first, second] {
            caller.waits_for_hangup().await;
        }
        app.end().await;
        assert_eq!(queue.waiting(), 0);
    })
    .await;
}

#[tokio::test]
async fn those_who_hang_up_in_a_gap_leave_the_queue() {
    const SHORT: Duration = Duration::from_millis(500);
    on_each_server(|server: Server| async move {
        let proxy = FaultProxy::to_url(server.url());
        let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
        let ari = Client::builder(proxy.url(server.url())).credentials(user.0, user.1);
        // A request over a connection that the gap has cut would get no answer for 30 s.
        let ari = ari.idle_timeout(SHORT / 2).build().unwrap();
        let (name, queue) = (unique("app"), Queue::default());
        let events = ari.events([name.as_str()]).ping_interval(SHORT).ping_timeout(SHORT).await.unwrap();
        let line = queue.clone();
        let handler = move |call: Call, notes: Notes| {
            let queue = line.clone();
            async move {
                if call.caller_number() == AGENT.to_string() {
                    return attend(call, notes, queue).await;
                }
                call.answer().await?;
                // Without a sound, no request is under way in the gap.
                call.queue(&queue).silent().await.map(drop)
            }
        };
        let app = Running::over(&server, (ari, events), name, |app| app, handler);
        let agent = app.numbered(AGENT).await;
        let first = app.numbered(1).await;
        assert_eq!(app.note().await, r#""takes 1""#);
        app.until_talks(1).await;
        let second = app.numbered(2).await;
        eventually(|| async { queue.waiting() == 1 }).await;
        let third = app.numbered(3).await;
        eventually(|| async { queue.waiting() == 2 }).await;
        proxy.half_open().await;
        first.hangs_up().await;
        second.hangs_up().await;
        proxy.heal().await;
        assert_eq!(app.note().await, "Some(Gone)");
        // Whether the second is noticed before the agent takes that one is a matter of luck.
        while app.note().await != r#""takes 3""# {}
        app.until_talks(1).await;
        agent.hangs_up().await;
        third.waits_for_hangup().await;
        app.end().await;
        assert_eq!(queue.waiting(), 0);
    })
    .await;
}

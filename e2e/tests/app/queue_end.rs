//! What ends a queue, or a conversation out of it: a hang-up at any moment, a shutdown, a gap in the events.

use std::time::Duration;

use ari_app::{Call, Queue, Queued};
use ari_bindings::Client;
use ari_e2e::{FaultProxy, Server, eventually, on_each_server, unique};
use tokio::time::timeout;

use crate::caller::{Caller, Running, notes};
use crate::queue::{AGENT, serve, until_talks};

const SECOND: Duration = Duration::from_secs(1);

/// A caller, or the agent, hangs up after the first, the second, … event of the call, or the handler is dropped then.
#[tokio::test]
async fn a_hangup_after_any_event_in_a_queue_leaves_nothing() {
    const MOST: usize = 12;
    const QUIET: Duration = Duration::from_secs(2);
    on_each_server(|server: Server| async move {
        let mut app = Running::start(&server, move |call: Call| async move {
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
                Ok(())
            };
            tokio::select! {
                served = waits => served?,
                () = counted => match (nth % 3, call.id().strip_suffix(";2")) {
                    (0, Some(caller)) => drop(call.client().channel(caller).hangup().await),
                    (1, _) => call.hangup().await?,
                    // What was dropped ends although the call goes on.
                    _ => {
                        eventually(|| async { queue.waiting() == 0 }).await;
                        call.sleep(SECOND).await?;
                    }
                }
            }
            Ok(())
        })
        .await;
        let mut callers = Vec::new();
        for nth in 0..3 * MOST {
            callers.push(Caller::dialling(&server, &app.name, nth).await);
        }
        for caller in callers {
            caller.waits_for_hangup().await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None, "{summary:?}");
        }
        app.assert_clean().await;
        app.end().await;
    })
    .await;
}

/// The caller, or an agent who calls in, hangs up after the first, the second, … event of the call.
#[tokio::test]
async fn a_hangup_after_any_event_of_a_conversation_leaves_nothing() {
    const MOST: usize = 24;
    const QUIET: Duration = Duration::from_secs(2);
    on_each_server(|server: Server| async move {
        let queues: Vec<_> = (0..MOST).map(|_| Queue::default()).collect();
        let mut app = Running::start(&server, move |call: Call| {
            let number: usize = call.caller_number().parse().unwrap();
            let (nth, is_agent) = (number % 100, number >= 100);
            let queue = queues[nth].clone();
            async move {
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
                        call.queue(&queue).timeout(5 * SECOND).await?;
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
            }
        })
        .await;
        let mut callers = Vec::new();
        for nth in 0..MOST {
            callers.push(Caller::dialling(&server, &app.name, nth).await);
            callers.push(Caller::dialling(&server, &app.name, 100 + nth).await);
        }
        for caller in callers {
            caller.waits_for_hangup().await;
            let summary = app.summary().await;
            assert_eq!(summary.failure, None, "{summary:?}");
        }
        app.assert_clean().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn shutdown_ends_those_who_wait_and_talk() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let queue = Queue::default();
        let handler = {
            let queue = queue.clone();
            move |call: Call| serve(call, queue.clone(), notes.clone())
        };
        let app = Running::with(&server, unique("app"), |app| app.drain(SECOND), handler).await;
        let agent = Caller::numbered(&server, &app.name, AGENT).await;
        let first = Caller::numbered(&server, &app.name, 1).await;
        assert_eq!(report.next().await, r#""takes 1""#);
        until_talks(&app, 1).await;
        let second = Caller::numbered(&server, &app.name, 2).await;
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
        let (notes, mut report) = notes();
        let proxy = FaultProxy::to_url(server.url());
        let user = (server.get("ARI_USER"), server.get("ARI_PASSWORD"));
        let ari = Client::builder(proxy.url(server.url())).credentials(user.0, user.1).build().unwrap();
        let (name, queue) = (unique("app"), Queue::default());
        let events = ari.events([name.as_str()]).ping_interval(SHORT).ping_timeout(SHORT).await.unwrap();
        let handler = {
            let queue = queue.clone();
            move |call: Call| serve(call, queue.clone(), notes.clone())
        };
        let app = Running::over(ari, events, name.clone(), |app| app, handler);
        let agent = Caller::numbered(&server, &name, AGENT).await;
        let first = Caller::numbered(&server, &name, 1).await;
        assert_eq!(report.next().await, r#""takes 1""#);
        until_talks(&app, 1).await;
        let second = Caller::numbered(&server, &name, 2).await;
        eventually(|| async { queue.waiting() == 1 }).await;
        let third = Caller::numbered(&server, &name, 3).await;
        eventually(|| async { queue.waiting() == 2 }).await;
        proxy.half_open().await;
        first.hangs_up().await;
        second.hangs_up().await;
        proxy.heal().await;
        assert_eq!(report.next().await, "Some(Gone)");
        // Whether the second is noticed before the agent takes that one is a matter of luck.
        while report.next().await != r#""takes 3""# {}
        until_talks(&app, 1).await;
        agent.hangs_up().await;
        third.waits_for_hangup().await;
        app.end().await;
        assert_eq!(queue.waiting(), 0);
    })
    .await;
}

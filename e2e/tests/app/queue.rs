//! `queue`.

use std::time::Duration;

use ari_app::{Call, CallError, Queue, Queued};
use ari_e2e::eventually;
use tokio::time::timeout;

use crate::running::{Notes, serve_with};

const SECOND: Duration = Duration::from_secs(1);

/// The number of the agent who calls in.
pub(crate) const AGENT: usize = 900;

/// Serves callers of a queue: the agent takes one after the other until the queue is closed.
pub(crate) async fn attend(call: Call, notes: Notes, queue: Queue) -> Result<(), CallError> {
    call.answer().await?;
    if call.caller_number() == AGENT.to_string() {
        while let Some(caller) = queue.next(&call).await? {
            notes.add(format!("takes {}", caller.call().caller_number()));
            notes.add(caller.connect().await?.map(|end| end.reason));
        }
        return Ok(());
    }
    // A sound longer than the test: the caller is connected in the middle of it.
    let queued = call.queue(&queue).announce(60 * SECOND, |_| "sound:tt-monkeys").await?;
    notes.add(name(&queued));
    if let Queued::Agent(leg) = queued {
        call.bridge(leg).until_hangup().await?;
    }
    Ok(())
}

fn name(queued: &Queued) -> String {
    match queued {
        Queued::Agent(_) => "agent".to_owned(),
        Queued::Served { .. } => "served".to_owned(),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn callers_wait_in_line_for_an_agent() {
    serve_with(
        // The first agent is busy each time.
        || Queue::new(["Local/busy@default", "Local/wait@default"]).rest(Duration::from_millis(200)),
        |call, notes, queue| async move {
            call.answer().await?;
            let number = call.caller_number().to_owned();
            let (noting, of) = (notes.clone(), number.clone());
            let wait = call.queue(&queue).announce(Duration::from_secs(60), move |position| {
                noting.add((&of, position));
                vec![format!("number:{position}")]
            });
            let wait = if number == "4" { wait.timeout(Duration::from_secs(1)) } else { wait };
            match wait.await? {
                Queued::Agent(leg) => {
                    notes.add((&number, "agent"));
                    call.bridge(leg).until_hangup().await?;
                }
                _ => notes.add((&number, "timeout")),
            }
            Ok(())
        },
        |app, queue| async move {
            let first = app.numbered(1).await;
            assert_eq!(app.note().await, r#"("1", "agent")"#);
            let second = app.numbered(2).await;
            assert_eq!(app.note().await, r#"("2", 1)"#);
            let third = app.numbered(3).await;
            assert_eq!(app.note().await, r#"("3", 2)"#);
            let fourth = app.numbered(4).await;
            assert_eq!(app.note().await, r#"("4", 3)"#);
            assert_eq!(app.note().await, r#"("4", "timeout")"#);
            fourth.waits_for_hangup().await;
            assert_eq!(queue.waiting(), 2);
            third.hangs_up().await;
            eventually(|| async { queue.waiting() == 1 }).await;
            first.hangs_up().await;
            assert_eq!(app.note().await, r#"("2", "agent")"#);
            second.hangs_up().await;
            app.ended_well(4).await;
            assert_eq!(queue.waiting(), 0);
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn agent_call_takes_the_longest_waiting_caller() {
    serve_with(Queue::default, attend, |app, queue| async move {
        let first = app.numbered(1).await;
        eventually(|| async { queue.waiting() == 1 }).await;
        let second = app.numbered(2).await;
        eventually(|| async { queue.waiting() == 2 }).await;
        let agent = app.numbered(AGENT).await;
        assert_eq!(app.note().await, r#""takes 1""#);
        app.until_talks(1).await;
        // The caller hangs up, and the agent gets the next.
        first.hangs_up().await;
        assert_eq!(app.note().await, "Some(HungUp)");
        assert_eq!(app.note().await, r#""takes 2""#);
        app.until_talks(1).await;
        // The agent hangs up, and the handler of the caller goes on.
        agent.hangs_up().await;
        assert_eq!(app.note().await, r#""served""#);
        second.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn dialled_agents_serve_one_caller_each() {
    let queue = || {
        let agents = ["Local/busy@default", "Local/ring@default", "Local/wait@default", "Local/echo@default"];
        Queue::new(agents).ring_all().ring(3 * SECOND).rest(SECOND)
    };
    serve_with(queue, attend, |app, _| async move {
        let first = app.numbered(1).await;
        app.until_talks(1).await;
        let second = app.numbered(2).await;
        app.until_talks(2).await;
        app.until_legs(2).await;
        let bridges = app.ari.bridges().list().await.unwrap();
        let legs = bridges.iter().flat_map(|bridge| &bridge.channels);
        for leg in legs.filter(|leg| leg.as_str().starts_with(&app.prefix)) {
            app.ari.channel(leg).hangup().await.unwrap();
        }
        for _ in 0..2 {
            assert_eq!(app.note().await, r#""agent""#);
        }
        first.waits_for_hangup().await;
        second.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn agents_are_dialled_in_turn_until_one_answers() {
    let queue = || Queue::new(["Local/ring@default", "Local/busy@default", "Local/wait@default"]).ring(SECOND);
    serve_with(queue, attend, |app, _| async move {
        let caller = app.numbered(1).await;
        app.until_talks(1).await;
        app.until_legs(1).await;
        caller.hangs_up().await;
        let summary = app.summary().await;
        assert_eq!((summary.failure, summary.legs), (None, 3));
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn queue_reports_each_other_outcome() {
    serve_with(
        || Queue::default().most(1),
        |call, notes, queue| async move {
            call.answer().await?;
            let position = |position: usize| ["sound:beep".to_owned(), format!("digits:{position}")];
            let wait = || call.queue(&queue).announce(SECOND, position).leave_on("#");
            if call.caller_number() != "100" {
                notes.add(name(&wait().await?));
                return Ok(());
            }
            notes.add(name(&wait().timeout(SECOND).await?));
            notes.add(name(&wait().await?));
            notes.add(name(&call.queue(&queue).silent().await?));
            notes.add(name(&wait().await?));
            Ok(())
        },
        |app, queue| async move {
            let caller = app.caller().await;
            assert_eq!(app.note().await, r#""Timeout""#);
            eventually(|| async { queue.waiting() == 1 }).await;
            caller.presses("1#").await;
            assert_eq!(app.note().await, r#""Left('#')""#);
            eventually(|| async { queue.waiting() == 1 }).await;
            let other = app.numbered(2).await;
            assert_eq!(app.note().await, r#""Full""#);
            other.waits_for_hangup().await;
            queue.close();
            assert_eq!(app.note().await, r#""Closed""#);
            assert_eq!(app.note().await, r#""Closed""#);
            caller.waits_for_hangup().await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn either_handler_can_end_the_conversation() {
    serve_with(
        Queue::default,
        |call, notes, queue| async move {
            call.answer().await?;
            if call.caller_number() == AGENT.to_string() {
                // Not connected: the caller keeps the place.
                drop(queue.next(&call).await?);
                let caller = queue.next(&call).await?.expect("it is open");
                notes.add(timeout(SECOND, caller.connect()).await.is_err());
                let caller = queue.next(&call).await?.expect("it is open");
                notes.add(caller.connect().await?);
                return Ok(());
            }
            notes.add(name(&call.queue(&queue).await?));
            let wait = std::future::IntoFuture::into_future(call.queue(&queue));
            notes.add(timeout(3 * SECOND, wait).await.is_err());
            call.ended().await;
            Ok(())
        },
        |app, _| async move {
            let caller = app.numbered(1).await;
            let agent = app.numbered(AGENT).await;
            let mut first = [app.note().await, app.note().await];
            first.sort_unstable();
            assert_eq!(first, [r#""served""#, "true"]);
            let mut second = [app.note().await, app.note().await];
            second.sort_unstable();
            assert_eq!(second, ["None", "true"]);
            agent.waits_for_hangup().await;
            caller.hangs_up().await;
            app.end().await;
        },
    )
    .await;
}

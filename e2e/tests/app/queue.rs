//! `queue`.

use std::time::Duration;

use ari_app::{Call, Queue, Queued};
use ari_e2e::{Server, eventually, on_each_server};

use crate::caller::{Caller, Running, notes};

#[tokio::test]
async fn callers_wait_in_line_for_an_agent() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        // The first agent is busy each time.
        let queue = Queue::new(["Local/busy@default", "Local/wait@default"]).rest(Duration::from_millis(200));
        let line = queue.clone();
        let mut app = Running::start(&server, move |call: Call| {
            let (notes, queue) = (notes.clone(), queue.clone());
            async move {
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
            }
        })
        .await;
        let first = Caller::numbered(&server, &app.name, 1).await;
        assert_eq!(report.next().await, r#"("1", "agent")"#);
        let second = Caller::numbered(&server, &app.name, 2).await;
        assert_eq!(report.next().await, r#"("2", 1)"#);
        let third = Caller::numbered(&server, &app.name, 3).await;
        assert_eq!(report.next().await, r#"("3", 2)"#);
        let fourth = Caller::numbered(&server, &app.name, 4).await;
        assert_eq!(report.next().await, r#"("4", 3)"#);
        assert_eq!(report.next().await, r#"("4", "timeout")"#);
        fourth.waits_for_hangup().await;
        assert_eq!(line.waiting(), 2);
        third.hangs_up().await;
        eventually(|| async { line.waiting() == 1 }).await;
        first.hangs_up().await;
        assert_eq!(report.next().await, r#"("2", "agent")"#);
        second.hangs_up().await;
        for _ in 0..4 {
            assert_eq!(app.summary().await.failure, None);
        }
        assert_eq!(line.waiting(), 0);
        app.end().await;
    })
    .await;
}

#[tokio::test]
async fn queue_without_agents_is_refused() {
    on_each_server(|server: Server| async move {
        let (notes, mut report) = notes();
        let app = Running::start(&server, move |call: Call| {
            let notes = notes.clone();
            async move {
                call.answer().await?;
                notes.add(call.queue(&Queue::new(Vec::<String>::new())).await.unwrap_err().to_string());
                Ok(())
            }
        })
        .await;
        let caller = Caller::to(&server, &app.name).await;
        assert!(report.next().await.contains("`endpoints`"));
        caller.waits_for_hangup().await;
        app.end().await;
    })
    .await;
}

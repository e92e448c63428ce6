//! What each verb returns when the caller hangs up in it, and after that: the table of the guide's chapter.

use std::time::Duration;

use ari_app::{Call, CallError, Dialed, Leg, Queue, Review, Reviewed};
use ari_bindings::values::Direction;
use ari_e2e::unique;
use tokio::time::timeout;

use crate::running::serve_over_http;

/// For how long nothing happens in a verb that waits.
const QUIET: Duration = Duration::from_millis(500);

/// The verbs that wait, with their outcomes.
const OUTCOMES: [(&str, &str); 16] = [
    ("say", "Ended"),
    ("playing", "Ended"),
    ("ask", "Ended"),
    ("menu", "Ended"),
    ("record", "HungUp"),
    ("recording", "HungUp"),
    ("review", "HungUp"),
    ("dial", "Ended"),
    ("early media", "Ended"),
    ("bridge", "Ended"),
    ("key", "Ended"),
    ("transfer", "Ended"),
    ("queue", "Ended"),
    ("next", "Ended"),
    ("conference", "Ended"),
    ("snoop", "Ended"),
];

fn name(outcome: Result<String, CallError>) -> String {
    match outcome {
        Ok(outcome) => outcome,
        Err(CallError::Ended(_)) => "Ended".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn leg(call: &Call) -> Result<Leg, CallError> {
    let Dialed::Answered(leg) = call.dial("Local/wait@default").await? else { panic!("it answers") };
    Ok(leg)
}

/// Awaits a verb; returns its outcome as text.
async fn wait_in(verb: &str, call: &Call) -> Result<String, CallError> {
    let (long, ringing) = ("sound:demo-congrats", "Local/ring@default");
    Ok(match verb {
        "say" => format!("{:?}", call.say(long).await?),
        "playing" => format!("{:?}", call.say(long).start().await?.finished().await?),
        "ask" => format!("{:?}", call.ask(long).await?),
        "menu" => format!("{:?}", call.menu(long).choice("1", ()).await?),
        "record" => format!("{:?}", call.record(unique("recording")).await?.stopped),
        "recording" => format!("{:?}", call.record(unique("recording")).start().await?.finished().await?.stopped),
        "review" => match call.record(unique("recording")).review(Review::new("sound:beep")).await? {
            Reviewed::HungUp(_) => "HungUp".to_owned(),
            other => format!("{other:?}"),
        },
        "dial" => format!("{:?}", call.dial(ringing).await?),
        "early media" => format!("{:?}", call.dial(ringing).early_media().await?),
        "bridge" => format!("{:?}", call.bridge(leg(call).await?).until_hangup().await?),
        "key" => format!("{:?}", call.bridge(leg(call).await?).until_key("*").await?),
        "transfer" => format!("{:?}", call.transfer(leg(call).await?, ringing).await?),
        "queue" => format!("{:?}", call.queue(&Queue::new(ringing)).await?),
        "next" => format!("{:?}", Queue::default().next(call).await?),
        "conference" => format!("{:?}", call.conference(unique("room")).await?),
        "snoop" => {
            // Its end may be reported before the caller's.
            call.snoop(call.channel().channel_id()).await?.expect("it is up").ended().await?;
            return Err(CallError::Ended(call.ended().await));
        }
        _ => unreachable!("no other verb is listed"),
    })
}

#[tokio::test]
async fn verb_that_waits_returns_when_the_caller_hangs_up() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            let (verb, _) = OUTCOMES[call.caller_number().parse::<usize>().unwrap()];
            let mut events = call.events();
            let hangup = async {
                while matches!(timeout(QUIET, events.recv()).await, Ok(Ok(_))) {}
                // The caller has the other end of the Local channel.
                let caller = call.id().strip_suffix(";2").expect("a Local channel").to_owned();
                call.client().channel(caller).hangup().await.unwrap();
            };
            let (outcome, ()) = tokio::join!(wait_in(verb, &call), hangup);
            notes.add((verb, name(outcome)));
            call.answer().await
        },
        |app| async move {
            let mut callers = Vec::new();
            for number in 0..OUTCOMES.len() {
                callers.push(app.numbered(number).await);
            }
            let mut outcomes = Vec::new();
            for caller in callers {
                outcomes.push(app.note().await);
                caller.waits_for_hangup().await;
            }
            let mut expected = OUTCOMES.map(|outcome| format!("{outcome:?}"));
            outcomes.sort();
            expected.sort();
            assert_eq!(outcomes, expected);
            app.ended_well(OUTCOMES.len()).await;
            app.end().await;
        },
    )
    .await;
}

#[tokio::test]
async fn every_verb_fails_after_the_end() {
    serve_over_http(
        |call: Call, notes| async move {
            call.answer().await?;
            let leg = leg(&call).await?;
            call.hangup().await?;
            call.ended().await;
            for (verb, _) in OUTCOMES {
                // They dial first, which fails.
                notes.add((verb, name(wait_in(verb, &call).await)));
            }
            let nothing = |outcome: Result<(), CallError>| name(outcome.map(|()| "done".to_owned()));
            notes.add(("answer", nothing(call.answer().await)));
            notes.add(("ring", nothing(call.ring().await)));
            notes.add(("dtmf", nothing(call.dtmf("1").await)));
            notes.add(("set_variable", nothing(call.set_variable("A", "b").await)));
            notes.add(("variable", nothing(call.variable("A").await.map(drop))));
            notes.add(("hold", nothing(call.hold().await)));
            notes.add(("unhold", nothing(call.unhold().await)));
            notes.add(("mute", nothing(call.mute(Direction::Both).await)));
            notes.add(("unmute", nothing(call.unmute(Direction::Both).await)));
            notes.add(("sleep", nothing(call.sleep(Duration::from_secs(1)).await)));
            notes.add(("redirect", nothing(call.redirect("PJSIP/nobody").await.map(drop))));
            notes.add(("bridge", nothing(call.bridge(leg).until_hangup().await.map(drop))));
            notes.add(("move_to", nothing(call.move_to(unique("nobody")).await.map(drop))));
            notes.add(("continue", nothing(call.continue_in_dialplan().await)));
            notes.add("over");
            Ok(())
        },
        |app| async move {
            app.caller().await.waits_for_hangup().await;
            let mut count = 0;
            loop {
                let note = app.note().await;
                if note == r#""over""# {
                    break;
                }
                assert!(note.ends_with(r#", "Ended")"#), "{note}");
                count += 1;
            }
            assert_eq!(count, OUTCOMES.len() + 14);
            app.ended_well(1).await;
            app.end().await;
        },
    )
    .await;
}

//! The extensions that every fake has: those of the project's own tests on real servers.
//!
//! | extension | far end |
//! |---|---|
//! | `wait` | answers and is silent |
//! | `echo` | answers and sends back what it gets |
//! | `talk` | answers and talks without end |
//! | `dtmf` | answers and dials `1234#` a second later |
//! | `playback` | answers, plays a short text and hangs up |
//! | `early` | never answers, but plays early media |
//! | `ring` | rings without end |
//! | `picked-up` | rings until a call to `pickup` takes it |
//! | `busy` | is busy |
//! | `fail` | has no route |
//! | `userevent` | answers and raises a user event |
//! | `1000`, `2001` to `2012` | enters the application of one of the bindings' examples |
//! | `stasis-NAME`, `args-NAME` | enters the application NAME, with the arguments `first` and `second` |
//! | `back-NAME`, `twice-NAME` | then waits; enters NAME again |
//! | `first-NAME` | answers before it enters NAME |
//! | `broadcast-NAME` | offers the call to the applications whose names begin with NAME |

use std::time::Duration;

use super::App;

const LONG: Duration = Duration::from_secs(3600);

pub(super) fn find(exten: &str) -> Option<Vec<App>> {
    fixed(exten).or_else(|| example_with_argument(exten)).or_else(|| patterns(exten))
}

fn fixed(exten: &str) -> Option<Vec<App>> {
    Some(match exten {
        "wait" | "1001" => vec![App::Answer, App::Wait(LONG), App::Hangup(0)],
        "echo" | "1002" => vec![App::Answer, App::Echo, App::Hangup(0)],
        "playback" | "1003" => {
            vec![App::Answer, App::Playback("hello-world", Duration::from_millis(1420)), App::Hangup(0)]
        }
        "early" => vec![App::Progress, App::Playback("tt-monkeys,noanswer", Duration::from_secs(16)), App::Goto(2)],
        "pickup" => vec![App::Pickup("Local/picked-up@default"), App::Hangup(0)],
        "ring" | "picked-up" | "1004" => vec![App::Ringing, App::Wait(LONG), App::Hangup(0)],
        "busy" | "1005" => vec![App::Busy, App::Hangup(0)],
        "dtmf" | "1006" => {
            let digits = App::SendDtmf("1234#".to_owned());
            vec![App::Answer, App::Wait(Duration::from_secs(1)), digits, App::Wait(LONG), App::Hangup(0)]
        }
        "talk" | "1007" => vec![App::Answer, App::Playback("tt-monkeys", Duration::from_secs(16)), App::Goto(2)],
        "tone" => vec![App::Answer, App::Tone, App::Wait(LONG), App::Hangup(0)],
        "fail" | "1008" => vec![App::Hangup(3)],
        "2011" => {
            let prefix = "broadcast-".to_owned();
            vec![App::Broadcast { timeout: Duration::from_secs(5), prefix }, App::Hangup(0)]
        }
        "userevent" | "1009" => {
            let headers = vec![("colour".to_owned(), "blue".to_owned())];
            vec![App::Answer, App::UserEvent { name: "greeting".to_owned(), headers }, App::Wait(LONG)]
        }
        number => vec![stasis(example(number)?, &[]), App::Hangup(0)],
    })
}

/// The application of the bindings' examples that has this number.
fn example(number: &str) -> Option<&'static str> {
    Some(match number {
        "1000" => "hello-world",
        "2001" => "ivr",
        "2004" => "record_and_play",
        "2005" => "queue",
        "2008" => "external_media",
        "2009" => "user_events",
        "2012" => "outbound",
        _ => return None,
    })
}

/// Those that get the rest of the number as their argument.
fn example_with_argument(number: &str) -> Option<Vec<App>> {
    let (app, argument) = match number.get(..4)? {
        "2002" => ("conference", number),
        "2006" => ("transfer", &number[4..]),
        "2007" => ("snoop", &number[4..]),
        _ => return None,
    };
    Some(vec![stasis(app, &[argument]), App::Hangup(0)])
}

fn patterns(exten: &str) -> Option<Vec<App>> {
    let (kind, name) = exten.split_once('-').filter(|(_, name)| !name.is_empty())?;
    Some(match kind {
        "stasis" => vec![stasis(name, &[]), App::Hangup(0)],
        "args" => vec![stasis(name, &["first", "second"]), App::Hangup(0)],
        "back" => vec![stasis(name, &[]), App::Wait(LONG), App::Hangup(0)],
        "twice" => vec![stasis(name, &["first"]), stasis(name, &["second"]), App::Hangup(0)],
        "first" => vec![App::Answer, stasis(name, &[]), App::Hangup(0)],
        "broadcast" => {
            vec![App::Broadcast { timeout: Duration::from_secs(2), prefix: name.to_owned() }, App::Hangup(0)]
        }
        _ => return None,
    })
}

fn stasis(app: &str, args: &[&str]) -> App {
    App::Stasis { app: app.to_owned(), args: args.iter().map(ToString::to_string).collect() }
}

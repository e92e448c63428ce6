//! The dialplan, and what people at the other ends do.

mod extensions;
mod run;
mod script;

use std::collections::BTreeMap;
use std::time::Duration;

pub(super) use run::DtmfTimes;
pub(crate) use script::Act;
pub(super) use script::Program;

use super::World;
use super::recordings::encode;

/// An application of the dialplan, with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum App {
    Answer,
    /// Sends digits to the caller.
    SendDtmf(String),
    Wait(Duration),
    Progress,
    Ringing,
    Busy,
    Hangup(u32),
    Echo,
    /// Plays to the caller, for so long.
    Playback(&'static str, Duration),
    /// Plays an endless tone.
    Tone,
    Stasis {
        app: String,
        args: Vec<String>,
    },
    /// Offers the call to all applications whose names begin so.
    Broadcast {
        timeout: Duration,
        prefix: String,
    },
    UserEvent {
        name: String,
        headers: Vec<(String, String)>,
    },
    /// Takes a call that rings on a channel whose name begins so.
    Pickup(&'static str),
    /// Continues at this priority of the same extension.
    Goto(u32),
}

impl App {
    /// Its name and arguments, as `ChannelDialplan` has them.
    fn description(&self) -> (&'static str, String) {
        match self {
            Self::Answer => ("Answer", String::new()),
            Self::SendDtmf(digits) => ("SendDTMF", format!("{digits},100,100")),
            Self::Wait(time) => ("Wait", time.as_secs().to_string()),
            Self::Progress => ("Progress", String::new()),
            Self::Ringing => ("Ringing", String::new()),
            Self::Busy => ("Busy", "20".to_owned()),
            Self::Hangup(0) => ("Hangup", String::new()),
            Self::Hangup(cause) => ("Hangup", cause.to_string()),
            Self::Echo => ("Echo", String::new()),
            Self::Playback(file, _) => ("Playback", (*file).to_owned()),
            Self::Tone => ("PlayTones", "1004".to_owned()),
            Self::Stasis { app, args } => ("Stasis", stasis_data(app, args)),
            Self::Broadcast { timeout, prefix } => {
                ("StasisBroadcast", format!("{},^{prefix},,yes", timeout.as_millis()))
            }
            Self::UserEvent { name, headers } => {
                let headers = headers.iter().map(|(name, value)| format!(",{name}: {value}"));
                ("UserEvent", std::iter::once(name.clone()).chain(headers).collect())
            }
            Self::Pickup(channel) => ("PickupChan", format!("{channel},p")),
            Self::Goto(priority) => ("Goto", priority.to_string()),
        }
    }
}

/// The arguments of `Stasis`.
pub(super) fn stasis_data(app: &str, args: &[String]) -> String {
    std::iter::once(app).chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(",")
}

/// The extensions of the context `default`.
#[derive(Debug, Default)]
pub(super) struct Dialplan {
    extensions: BTreeMap<String, Vec<App>>,
}

impl World {
    pub(crate) fn has_extension(&self, exten: &str) -> bool {
        self.dialplan.has(exten)
    }

    /// The extension that sends calls into an application with these arguments.
    pub(crate) fn extension_into(&mut self, app: &str, args: &[String]) -> String {
        // As it is written, so that no two extensions are alike.
        let mut exten = format!("stasis-{}", app.replace('%', "%25").replace(',', "%2C"));
        for arg in args {
            // A hyphen would be part of the application's name.
            exten.push(',');
            exten.push_str(&encode(arg));
        }
        let steps = vec![App::Stasis { app: app.to_owned(), args: args.to_vec() }, App::Hangup(0)];
        self.dialplan.extensions.insert(exten.clone(), steps);
        exten
    }
}

impl Dialplan {
    /// The steps of an extension.
    fn steps(&self, exten: &str) -> Option<Vec<App>> {
        self.extensions.get(exten).cloned().or_else(|| extensions::find(exten))
    }

    pub(super) fn has(&self, exten: &str) -> bool {
        self.steps(exten).is_some()
    }

    /// Whether an extension does not take calls.
    pub(super) fn refuses(&self, exten: &str) -> bool {
        matches!(self.step(exten, 1), Some(App::Busy | App::Hangup(_)))
    }

    fn step(&self, exten: &str, priority: u32) -> Option<App> {
        let at = usize::try_from(priority).ok()?.checked_sub(1)?;
        self.steps(exten)?.into_iter().nth(at)
    }
}

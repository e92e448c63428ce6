//! A program without a library: it asks callers for a key, and connects them to Alice.

use std::collections::HashMap;

use ari_bindings::events::StasisStart;
use ari_bindings::{Client, Error, Event};
use tokio::sync::mpsc;

/// What is wrong with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Nothing,
    /// Alice's telephone goes on when the caller hangs up.
    MissesHangup,
    /// The id of Alice's channel is known only once the reply has come.
    LearnsIdFromReply,
    /// The id of a playback is known only once the reply has come.
    LearnsPlaybackFromReply,
    /// Alice's telephone may ring without an end.
    HasNoTimeout,
    /// Both events that tell of the answer lead to a bridge.
    BridgesTwice,
    /// A channel that replaces another is taken for a new call.
    GreetsTransfers,
    /// Calls that have ended while there was no connection are forgotten.
    IgnoresGaps,
    /// Only an unanswered call counts as one that failed.
    ForgetsBusy,
    /// A refused request ends the program.
    UnwrapsRefusals,
    /// A request whose reply was lost is made again, as another call.
    DialsAgain,
}

/// What tasks report to the loop.
enum Report {
    Dialled { caller: String, leg: String },
    Said { caller: String, playback: String },
}

pub(crate) struct Reception {
    ari: Client,
    fault: Fault,
    reports: mpsc::UnboundedSender<Report>,
    /// The bridge of each caller.
    callers: HashMap<String, Option<String>>,
    /// The caller whom each channel to Alice is for.
    legs: HashMap<String, String>,
    /// The callers who are sent away after a playback.
    goodbyes: HashMap<String, String>,
    number: u32,
}

impl Reception {
    /// Serves calls until the connection ends.
    pub(crate) async fn run(ari: Client, fault: Fault) {
        let mut events = ari.events("reception").resync(true).await.expect("Asterisk is there");
        let (reports, mut reported) = mpsc::unbounded_channel();
        let (callers, legs, goodbyes) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut reception = Self { ari, fault, reports, callers, legs, goodbyes, number: 0 };
        loop {
            tokio::select! {
                Some(report) = reported.recv() => reception.learn(report),
                event = events.next() => match event {
                    Some(Ok(event)) => reception.react(event).await,
                    Some(Err(_)) => {}
                    None => return,
                },
            }
        }
    }

    async fn react(&mut self, event: Event) {
        match event {
            Event::StasisStart(start) => self.enters(*start).await,
            Event::ChannelDtmfReceived(dtmf) if dtmf.digit == "1" => self.dials(dtmf.channel.id.as_str()),
            Event::Dial(dial) if dial.dialstatus == "ANSWER" && self.fault == Fault::BridgesTwice => {
                self.connects(dial.peer.id.as_str()).await;
            }
            Event::PlaybackFinished(finished) => {
                if let Some(caller) = self.goodbyes.remove(finished.playback.id.as_str()) {
                    self.does(self.ari.channel(&*caller).hangup().await);
                }
            }
            Event::ChannelDestroyed(destroyed) if self.fault != Fault::ForgetsBusy || destroyed.cause == 19 => {
                self.leaves(destroyed.channel.id.as_str()).await;
            }
            Event::StasisEnd(end) => self.leaves(end.channel.id.as_str()).await,
            Event::Resynced(now) if self.fault != Fault::IgnoresGaps => {
                for id in &now.channels.vanished {
                    self.leaves(id.as_str()).await;
                }
            }
            _ => {}
        }
    }

    async fn enters(&mut self, start: StasisStart) {
        let id = start.channel.id.to_string();
        if let Some(replaced) = start.replace_channel.filter(|_| self.fault != Fault::GreetsTransfers) {
            if let Some(caller) = self.legs.remove(replaced.id.as_str()) {
                self.legs.insert(id, caller);
            }
        } else if self.legs.contains_key(&id) {
            self.connects(&id).await;
        } else {
            self.callers.insert(id.clone(), None);
            self.does(self.ari.channel(&*id).answer().await);
            self.does(self.ari.channel(&*id).play("sound:vm-press").await);
        }
    }

    /// Calls Alice for a caller.
    fn dials(&mut self, caller: &str) {
        if !self.callers.contains_key(caller) {
            return;
        }
        let (leg, again) = (self.new_id("leg"), self.new_id("leg"));
        let (ari, fault, reports, caller) = (self.ari.clone(), self.fault, self.reports.clone(), caller.to_owned());
        if fault != Fault::LearnsIdFromReply {
            self.legs.insert(leg.clone(), caller.clone());
        }
        tokio::spawn(async move {
            let timeout = if fault == Fault::HasNoTimeout { -1 } else { 20 };
            let dial =
                |leg: &str| ari.channels().originate("PJSIP/alice").app("reception").channel_id(leg).timeout(timeout);
            let mut dialled = dial(&leg).await;
            if dialled.as_ref().is_err_and(Error::maybe_executed) {
                dialled = dial(if fault == Fault::DialsAgain { &again } else { &leg }).await;
            }
            if fault == Fault::LearnsIdFromReply && dialled.is_ok() {
                let _ = reports.send(Report::Dialled { caller, leg });
            }
        });
    }

    fn learn(&mut self, report: Report) {
        match report {
            Report::Dialled { caller, leg } => drop(self.legs.insert(leg, caller)),
            Report::Said { caller, playback } => drop(self.goodbyes.insert(playback, caller)),
        }
    }

    /// Alice has answered.
    async fn connects(&mut self, leg: &str) {
        let Some(caller) = self.legs.get(leg).cloned() else { return };
        let bridge = self.new_id("bridge");
        self.does(self.ari.bridges().create().bridge_id(bridge.as_str()).await);
        self.callers.insert(caller.clone(), Some(bridge.clone()));
        for channel in [caller.as_str(), leg] {
            self.does(self.ari.bridge(&*bridge).add_channel(channel).await);
        }
    }

    /// A channel has ended, or left the application.
    async fn leaves(&mut self, id: &str) {
        if let Some(caller) = self.legs.remove(id) {
            match self.callers.get(&caller) {
                Some(Some(_)) => self.does(self.ari.channel(&*caller).hangup().await),
                Some(None) => self.says_goodbye(caller),
                None => {}
            }
        } else if let Some(bridge) = self.callers.remove(id) {
            if let Some(bridge) = bridge {
                self.does(self.ari.bridge(&*bridge).destroy().await);
            }
            let leg = self.legs.iter().find(|(_, caller)| *caller == id).map(|(leg, _)| leg.clone());
            if let Some(leg) = leg.filter(|_| self.fault != Fault::MissesHangup) {
                self.legs.remove(&leg);
                self.does(self.ari.channel(&*leg).hangup().await);
            }
        }
    }

    /// Alice cannot be reached.
    fn says_goodbye(&mut self, caller: String) {
        let playback = self.new_id("playback");
        if self.fault != Fault::LearnsPlaybackFromReply {
            self.goodbyes.insert(playback.clone(), caller.clone());
        }
        let (ari, reports, fault) = (self.ari.clone(), self.reports.clone(), self.fault);
        tokio::spawn(async move {
            // A sound that does not exist, as on a server without the package of sounds.
            let channel = ari.channel(&*caller);
            let said = channel.play("sound:no-such-sound").playback_id(playback.as_str()).await;
            if fault == Fault::LearnsPlaybackFromReply && said.is_ok() {
                let _ = reports.send(Report::Said { caller, playback });
            }
        });
    }

    /// A refusal usually means that somebody has just hung up.
    fn does<T>(&self, result: Result<T, Error>) {
        if self.fault == Fault::UnwrapsRefusals {
            result.unwrap();
        }
    }

    /// All ids have the same length.
    fn new_id(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}-{:04}", self.number)
    }
}

use std::time::Duration;

use ari_media::{Audio, FRAME, Format, Media, MediaConfig, MediaReceiver, Transport};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::numbered::{self, Sequence};
use crate::{Line, Phone, Server};

/// How long the first frame may take, and the next.
const SILENCE: Duration = Duration::from_secs(5);

/// A call of a SIP phone that returns what it hears, in a bridge with a medium.
pub struct PhoneCall {
    line: Line,
    media: Media,
    phone: JoinHandle<()>,
}

impl PhoneCall {
    /// Lets the phone call, answers, and connects the two.
    ///
    /// # Panics
    ///
    /// If the server refuses any of it.
    pub async fn open(server: &Server, transport: Transport) -> Self {
        let mut line = Line::open(server).await;
        let phone = tokio::spawn(Phone::returning(server, &format!("stasis-{}", line.app)).call());
        let channel = line.watch.until_started().await;
        line.ari.channel(&*channel).answer().await.unwrap();
        line.join_at_once(&channel).await;
        line.watch.until_channel("ChannelEnteredBridge", &channel).await;
        let format = if transport == Transport::Rtp { Format::ULAW } else { Format::SLIN };
        let config = MediaConfig::new(format).fill_silence(false).receive_buffer(Duration::from_secs(30));
        let (_, media) = line.media(transport, config).await;
        Self { line, media, phone }
    }

    /// Sends so many numbered frames, and hangs up. Returns those that came back.
    ///
    /// # Panics
    ///
    /// If the medium or the phone fails.
    pub async fn returns(self, frames: u32) -> Sequence {
        let Self { line, media, phone } = self;
        let (sender, receiver) = media.split();
        let samples: Vec<i16> = (0..frames).flat_map(numbered::samples).collect();
        let playing = sender.play(Audio::samples(Format::SLIN.rate(), samples));
        let (played, sequence) = tokio::join!(playing, returned(receiver, frames));
        assert_eq!(played.unwrap().heard, FRAME * frames);
        drop(sender);
        line.hang_up().await;
        phone.await.unwrap();
        line.end().await;
        sequence
    }
}

async fn returned(mut receiver: MediaReceiver, frames: u32) -> Sequence {
    let mut sequence = Sequence::default();
    while !sequence.has_all(frames) {
        let Ok(frame) = timeout(SILENCE, receiver.recv()).await else { break };
        let Some(frame) = frame.unwrap() else { break };
        sequence.take(numbered::number_of(frame.samples()));
    }
    sequence
}

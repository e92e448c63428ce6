use opus_pure::{Application, MAX_PACKET_BYTES, MAX_PACKET_SAMPLES, OpusDecoder, OpusEncoder};

use crate::format::Format;

const RATE: i32 = 48_000;
/// What RFC 7587 recommends for full-band speech.
const BITS_PER_SECOND: i32 = 32_000;
const FRAME_SAMPLES: usize = Format::OPUS.frame_samples();

#[derive(Debug)]
pub(super) struct Encoder {
    codec: OpusEncoder,
    frame: [i16; FRAME_SAMPLES],
    packet: [u8; MAX_PACKET_BYTES],
}

impl Encoder {
    pub(super) fn new() -> Self {
        let mut codec = OpusEncoder::new(RATE, 1, Application::Voip).expect("the rate is one of Opus's");
        codec.bitrate_bps = BITS_PER_SECOND;
        Self { codec, frame: [0; FRAME_SAMPLES], packet: [0; MAX_PACKET_BYTES] }
    }

    pub(super) fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        let filled = samples.len().min(FRAME_SAMPLES);
        self.frame[..filled].copy_from_slice(&samples[..filled]);
        self.frame[filled..].fill(0);
        match self.codec.encode_s16(&self.frame, FRAME_SAMPLES, &mut self.packet) {
            Ok(length) => out.extend_from_slice(&self.packet[..length]),
            Err(error) => tracing::warn!(%error, "a frame could not be encoded in Opus, and is left out"),
        }
    }
}

#[derive(Debug)]
pub(super) struct Decoder {
    codec: OpusDecoder,
    samples: [i16; MAX_PACKET_SAMPLES],
}

impl Decoder {
    pub(super) fn new() -> Self {
        let codec = OpusDecoder::new(RATE, 1).expect("the rate is one of Opus's");
        Self { codec, samples: [0; MAX_PACKET_SAMPLES] }
    }

    pub(super) fn decode(&mut self, packet: &[u8], out: &mut Vec<i16>) {
        let decoded = match packet {
            [] => self.conceal(),
            packet => self.codec.decode_s16(packet, MAX_PACKET_SAMPLES, &mut self.samples).or_else(|_| self.conceal()),
        };
        match decoded {
            Ok(length) => out.extend_from_slice(&self.samples[..length]),
            Err(error) => tracing::debug!(%error, "a lost packet of Opus could not be concealed"),
        }
    }

    fn conceal(&mut self) -> opus_pure::Result<usize> {
        self.codec.decode_s16(&[], FRAME_SAMPLES, &mut self.samples)
    }
}

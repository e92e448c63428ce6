//! Samples to bytes on the wire, and back.

mod g722;
#[cfg(feature = "opus")]
mod opus;

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};

use crate::format::{Codec, Format};

/// The order of the bytes of a linear sample: big-endian on RTP, little-endian elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// Turns samples into the bytes of a format. One for each direction of each call, since codecs have a memory.
#[derive(Debug)]
pub(crate) struct Encoder(Encode);

#[derive(Debug)]
enum Encode {
    Ulaw,
    Alaw,
    Slin(ByteOrder),
    G722(Box<g722::Encoder>),
    #[cfg(feature = "opus")]
    Opus(Box<opus::Encoder>),
}

impl Encoder {
    pub(crate) fn new(format: Format, order: ByteOrder) -> Self {
        Self(match format.codec {
            Codec::Ulaw => Encode::Ulaw,
            Codec::Alaw => Encode::Alaw,
            Codec::Slin => Encode::Slin(order),
            Codec::G722 => Encode::G722(Box::new(g722::Encoder::new())),
            #[cfg(feature = "opus")]
            Codec::Opus => Encode::Opus(Box::new(opus::Encoder::new())),
        })
    }

    /// Appends the bytes of `samples`.
    ///
    /// Any number of samples will do, save for Opus: there, the samples of one frame become one packet, and a
    /// shorter frame is filled up with silence.
    pub(crate) fn encode(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        match &mut self.0 {
            Encode::Ulaw => out.extend(samples.iter().map(|sample| encode_ulaw(*sample))),
            Encode::Alaw => out.extend(samples.iter().map(|sample| encode_alaw(*sample))),
            Encode::Slin(ByteOrder::Little) => out.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Encode::Slin(ByteOrder::Big) => out.extend(samples.iter().flat_map(|sample| sample.to_be_bytes())),
            Encode::G722(encoder) => encoder.encode(samples, out),
            #[cfg(feature = "opus")]
            Encode::Opus(encoder) => encoder.encode(samples, out),
        }
    }
}

/// Turns the bytes of a format into samples.
#[derive(Debug)]
pub(crate) struct Decoder(Decode);

#[derive(Debug)]
enum Decode {
    Ulaw,
    Alaw,
    Slin(ByteOrder),
    G722(Box<g722::Decoder>),
    #[cfg(feature = "opus")]
    Opus(Box<opus::Decoder>),
}

impl Decoder {
    pub(crate) fn new(format: Format, order: ByteOrder) -> Self {
        Self(match format.codec {
            Codec::Ulaw => Decode::Ulaw,
            Codec::Alaw => Decode::Alaw,
            Codec::Slin => Decode::Slin(order),
            Codec::G722 => Decode::G722(Box::new(g722::Decoder::new())),
            #[cfg(feature = "opus")]
            Codec::Opus => Decode::Opus(Box::new(opus::Decoder::new())),
        })
    }

    /// Appends the samples of `bytes`, which are whole frames or, for Opus, one packet.
    ///
    /// Half a sample at the end is dropped: kept for the next call, it would turn all that follows into noise. A
    /// packet of Opus that is not valid becomes what conceals a lost one, and so does an empty one.
    pub(crate) fn decode(&mut self, bytes: &[u8], out: &mut Vec<i16>) {
        match &mut self.0 {
            Decode::Ulaw => out.extend(bytes.iter().map(|byte| decode_ulaw(*byte))),
            Decode::Alaw => out.extend(bytes.iter().map(|byte| decode_alaw(*byte))),
            Decode::Slin(ByteOrder::Little) => {
                out.extend(bytes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)));
            }
            Decode::Slin(ByteOrder::Big) => {
                out.extend(bytes.as_chunks().0.iter().map(|bytes| i16::from_be_bytes(*bytes)));
            }
            Decode::G722(decoder) => decoder.decode(bytes, out),
            #[cfg(feature = "opus")]
            Decode::Opus(decoder) => decoder.decode(bytes, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn tone(format: Format) -> Vec<i16> {
        let step = 1_000.0 * TAU / f64::from(format.rate());
        #[expect(clippy::cast_possible_truncation, reason = "below full scale")]
        (0..format.rate()).map(|i| (10_000.0 * (f64::from(i) * step).sin()) as i16).collect()
    }

    /// Encodes and decodes in frames of 20 ms.
    fn round_trip(format: Format, order: ByteOrder, samples: &[i16]) -> Vec<i16> {
        let (mut encoder, mut decoder) = (Encoder::new(format, order), Decoder::new(format, order));
        let (mut bytes, mut out) = (Vec::new(), Vec::new());
        for frame in samples.chunks(format.frame_samples()) {
            bytes.clear();
            encoder.encode(frame, &mut bytes);
            assert!(format.frame_bytes().is_none_or(|length| bytes.len() == length), "{format}: {}", bytes.len());
            decoder.decode(&bytes, &mut out);
        }
        out
    }

    /// The signal to noise ratio in dB at the delay where it is best, after a tenth of a second to settle in.
    fn snr(sent: &[i16], received: &[i16]) -> f64 {
        let start = sent.len() / 10;
        let at = |delay| {
            let pairs = sent[start..].iter().zip(&received[start + delay..]);
            let (signal, noise) = pairs.fold((0.0, 1e-9), |(signal, noise), (a, b)| {
                let (a, b) = (f64::from(*a), f64::from(*b));
                (signal + a * a, noise + (a - b).powi(2))
            });
            10.0 * f64::log10(signal / noise)
        };
        (0..sent.len() / 50).map(at).fold(0.0, f64::max)
    }

    #[test]
    fn round_trip_keeps_the_sound_in_every_format() {
        for format in Format::ALL {
            let sent = tone(*format);
            for order in [ByteOrder::Little, ByteOrder::Big] {
                let received = round_trip(*format, order, &sent);
                assert_eq!(received.len(), sent.len(), "{format}");
                let snr = snr(&sent, &received);
                // The delay of Opus is no whole number of samples, and it is no codec for tones.
                let least = if format.is_linear() {
                    200.0
                } else if format.frame_bytes().is_some() {
                    30.0
                } else {
                    12.0
                };
                assert!(snr > least, "{format}: {snr:.1} dB");
            }
        }
    }

    #[test]
    fn g711_codes_are_those_of_the_recommendation() {
        let encoded = |format| {
            let mut bytes = Vec::new();
            Encoder::new(format, ByteOrder::Little).encode(&[0, 1_000, -1_000, i16::MAX, i16::MIN], &mut bytes);
            bytes
        };
        assert_eq!(encoded(Format::ULAW), [0xff, 0xce, 0x4e, 0x80, 0x00]);
        assert_eq!(encoded(Format::ALAW), [0xd5, 0xfa, 0x7a, 0xaa, 0x2a]);
    }

    #[test]
    fn g711_codes_survive_decoding_and_encoding() {
        for format in [Format::ULAW, Format::ALAW] {
            let codes: Vec<_> = (0..=u8::MAX).collect();
            let (mut samples, mut again) = (Vec::new(), Vec::new());
            Decoder::new(format, ByteOrder::Little).decode(&codes, &mut samples);
            Encoder::new(format, ByteOrder::Little).encode(&samples, &mut again);
            let changed: Vec<_> = codes.into_iter().filter(|code| again[usize::from(*code)] != *code).collect();
            // µ-law has a negative zero.
            assert_eq!(changed, if format == Format::ULAW { &[0x7f][..] } else { &[] }, "{format}");
        }
    }

    #[test]
    fn decode_drops_half_a_sample() {
        for (order, sample) in [(ByteOrder::Little, 0x0201), (ByteOrder::Big, 0x0102)] {
            let mut decoder = Decoder::new(Format::SLIN16, order);
            let mut samples = Vec::new();
            for bytes in [&[1, 2, 3][..], &[], &[1], &[1, 2]] {
                decoder.decode(bytes, &mut samples);
            }
            assert_eq!(samples, [sample, sample]);
        }
    }

    #[test]
    fn codecs_write_into_the_buffer_without_growing_it_again() {
        for format in Format::ALL {
            let sent = tone(*format);
            let (mut encoder, mut decoder) =
                (Encoder::new(*format, ByteOrder::Little), Decoder::new(*format, ByteOrder::Little));
            let (mut bytes, mut samples) = (Vec::with_capacity(4_000), Vec::with_capacity(1_000));
            let capacities = (bytes.capacity(), samples.capacity());
            for frame in sent.chunks(format.frame_samples()) {
                bytes.clear();
                samples.clear();
                encoder.encode(frame, &mut bytes);
                decoder.decode(&bytes, &mut samples);
            }
            assert_eq!((bytes.capacity(), samples.capacity()), capacities, "{format}");
        }
    }

    #[cfg(feature = "opus")]
    #[test]
    fn opus_conceals_lost_and_broken_packets() {
        let sent = tone(Format::OPUS);
        let (mut encoder, mut decoder) =
            (Encoder::new(Format::OPUS, ByteOrder::Big), Decoder::new(Format::OPUS, ByteOrder::Big));
        let (mut packet, mut received) = (Vec::new(), Vec::new());
        for (i, frame) in sent.chunks(960).enumerate() {
            packet.clear();
            encoder.encode(frame, &mut packet);
            let received_packet = match i {
                20 => &[],
                30 => &[0xff, 0x3f][..],
                _ => &packet,
            };
            decoder.decode(received_packet, &mut received);
        }
        assert_eq!(received.len(), sent.len());
        for i in [20, 30] {
            let concealed = &received[i * 960..(i + 1) * 960];
            assert!(concealed.iter().any(|sample| *sample > 3_000), "frame {i} is silent");
        }
    }

    #[cfg(feature = "opus")]
    #[test]
    fn opus_fills_a_short_frame_up() {
        let (mut packet, mut samples) = (Vec::new(), Vec::new());
        Encoder::new(Format::OPUS, ByteOrder::Big).encode(&[1_000; 7], &mut packet);
        Decoder::new(Format::OPUS, ByteOrder::Big).decode(&packet, &mut samples);
        assert_eq!(samples.len(), 960);
    }
}

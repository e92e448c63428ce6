//! The frames of the protocol: kind, length as two bytes in network order, payload.

use std::fmt;

use crate::codec::{ByteOrder, Decoder, Encoder};
use crate::format::Format;

/// Bytes before the payload.
pub(crate) const HEADER: usize = 3;

/// What asks for a hang-up.
pub(crate) const HANG_UP: [u8; HEADER] = [0x00, 0, 0];

const UUID: u8 = 0x01;
const DTMF: u8 = 0x03;
const ERROR: u8 = 0xFF;

/// The formats, by the kinds of their frames.
const AUDIO: [(u8, Format); 7] = [
    (0x10, Format::SLIN),
    (0x11, Format::SLIN12),
    (0x12, Format::SLIN16),
    (0x13, Format::SLIN24),
    (0x14, Format::SLIN32),
    (0x15, Format::SLIN44),
    (0x16, Format::SLIN48),
];

/// A frame that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame<'bytes> {
    HangUp,
    Uuid([u8; 16]),
    Digit(char),
    /// Samples of 16 bits, the low byte first.
    Audio(Format, &'bytes [u8]),
    /// A fault of the peer, by a code that each application defines.
    Error(&'bytes [u8]),
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Kind(u8),
    Length(u8, usize),
    Digit(u8),
}

impl<'bytes> Frame<'bytes> {
    /// The frame that bytes begin with, and its length; `None` if they are not all of it.
    ///
    /// A fault in the header is found as soon as the header is there.
    pub(crate) fn parse(bytes: &'bytes [u8]) -> Result<Option<(Self, usize)>, Fault> {
        let Some((&[kind, high, low], rest)) = bytes.split_first_chunk::<HEADER>() else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let audio = AUDIO.iter().find(|(known, _)| *known == kind).map(|(_, format)| *format);
        let is_right = match kind {
            HANG_UP_KIND | ERROR => true,
            UUID => length == 16,
            DTMF => length == 1,
            _ if audio.is_some() => length > 0 && length % 2 == 0,
            _ => return Err(Fault::Kind(kind)),
        };
        if !is_right {
            return Err(Fault::Length(kind, length));
        }
        let Some(payload) = rest.get(..length) else { return Ok(None) };
        let frame = match (kind, audio) {
            (_, Some(format)) => Self::Audio(format, payload),
            (UUID, _) => Self::Uuid(payload.try_into().map_err(|_| Fault::Length(kind, length))?),
            (DTMF, _) => Self::Digit(digit(payload)?),
            (ERROR, _) => Self::Error(payload),
            _ => Self::HangUp,
        };
        Ok(Some((frame, HEADER + length)))
    }
}

const HANG_UP_KIND: u8 = HANG_UP[0];

fn digit(payload: &[u8]) -> Result<char, Fault> {
    match payload {
        [digit @ (b'0'..=b'9' | b'A'..=b'D' | b'a'..=b'd' | b'*' | b'#')] => Ok(char::from(digit.to_ascii_uppercase())),
        other => Err(Fault::Digit(other.first().copied().unwrap_or_default())),
    }
}

/// The kind of the frames of a format, if the protocol has it.
pub(crate) fn kind(format: Format) -> Option<u8> {
    AUDIO.iter().find(|(_, known)| *known == format).map(|(kind, _)| *kind)
}

/// The names of the formats that the protocol has.
pub(crate) fn formats() -> String {
    AUDIO.map(|(_, format)| format.name()).join(", ")
}

/// Writes a frame of samples, of which there are at most 32,767.
pub(crate) fn encode(kind: u8, samples: &[i16], into: &mut Vec<u8>) {
    let length = u16::try_from(samples.len() * 2).unwrap_or(u16::MAX - 1);
    into.clear();
    into.push(kind);
    into.extend(length.to_be_bytes());
    Encoder::new(Format::SLIN, ByteOrder::Little).encode(&samples[..usize::from(length / 2)], into);
}

/// Reads the samples of a frame.
pub(crate) fn decode(payload: &[u8], into: &mut Vec<i16>) {
    into.clear();
    Decoder::new(Format::SLIN, ByteOrder::Little).decode(payload, into);
}

/// What the code of an error says.
pub(crate) fn error(code: &[u8]) -> String {
    match code {
        [] => "an error without a code".to_owned(),
        [0x01] => "the caller has hung up (code 1)".to_owned(),
        [0x02] => "a frame could not be forwarded (code 2)".to_owned(),
        [0x04] => "out of memory (code 4)".to_owned(),
        [code, ..] => format!("error code {code}"),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind @ (0x17 | 0x18)) => {
                write!(f, "sound above 48 kHz, which is not supported (kind {kind:#04x})")
            }
            Self::Kind(kind) => write!(f, "a frame of the unknown kind {kind:#04x}"),
            Self::Length(kind, length) => write!(f, "a frame of the kind {kind:#04x} with {length} bytes"),
            Self::Digit(digit) => write!(f, "{:?} as a DTMF digit", char::from(*digit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_every_kind_and_leaves_what_follows() {
        let uuid: Vec<u8> = [0x01, 0, 16].into_iter().chain(0..16).collect();
        let cases: [(&[u8], Frame<'_>); 7] = [
            (&[0, 0, 0], Frame::HangUp),
            (&uuid, Frame::Uuid(std::array::from_fn(|index| u8::try_from(index).unwrap()))),
            (&[3, 0, 1, b'#'], Frame::Digit('#')),
            (&[3, 0, 1, b'b'], Frame::Digit('B')),
            (&[0x10, 0, 2, 1, 2], Frame::Audio(Format::SLIN, &[1, 2])),
            (&[0x16, 0, 4, 1, 2, 3, 4], Frame::Audio(Format::SLIN48, &[1, 2, 3, 4])),
            (&[0xFF, 0, 1, 4], Frame::Error(&[4])),
        ];
        for (bytes, frame) in cases {
            let more = [bytes, &[9, 9]].concat();
            assert_eq!(Frame::parse(&more), Ok(Some((frame, bytes.len()))));
            for end in 0..bytes.len() {
                assert_eq!(Frame::parse(&bytes[..end]), Ok(None), "{end} bytes of {frame:?}");
            }
        }
    }

    #[test]
    fn parse_finds_faults_in_the_header_alone() {
        let cases: [(&[u8], &str); 9] = [
            (&[0x02, 0, 1], "the unknown kind 0x02"),
            (&[0x47, 0x45, 0x54], "the unknown kind 0x47"),
            (&[0x17, 0, 2], "above 48 kHz"),
            (&[0x10, 0, 0], "the kind 0x10 with 0 bytes"),
            (&[0x10, 0xFF, 0xFF], "the kind 0x10 with 65535 bytes"),
            (&[0x01, 0, 15], "the kind 0x01 with 15 bytes"),
            (&[0x03, 0, 0], "the kind 0x03 with 0 bytes"),
            (&[0x03, 1, 0], "the kind 0x03 with 256 bytes"),
            (&[0x03, 0, 1, b'E'], "'E' as a DTMF digit"),
        ];
        for (bytes, fault) in cases {
            let found = Frame::parse(bytes).unwrap_err().to_string();
            assert!(found.contains(fault), "{bytes:?}: {found}");
        }
    }

    #[test]
    fn samples_survive_both_ways_in_every_format() {
        let (mut bytes, mut decoded) = (Vec::new(), Vec::new());
        for (kind, format) in AUDIO {
            let samples: Vec<i16> =
                [i16::MIN, -2, 0, 0x0102].into_iter().cycle().take(format.frame_samples()).collect();
            encode(kind, &samples, &mut bytes);
            assert_eq!(bytes[bytes.len() - 2..], samples[samples.len() - 1].to_le_bytes());
            let Ok(Some((Frame::Audio(found, payload), length))) = Frame::parse(&bytes) else { panic!("{format}") };
            decode(payload, &mut decoded);
            assert_eq!((found, length, &decoded), (format, bytes.len(), &samples));
            assert_eq!(super::kind(format), Some(kind));
        }
        assert_eq!(super::kind(Format::ULAW), None);
    }
}

use std::io;
use std::path::PathBuf;

use super::*;

/// A file that is removed when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("ari-media-{}-{name}.wav", std::process::id())))
    }

    fn samples(&self) -> Vec<i16> {
        WavReader::open(&self.0).unwrap().into_samples().collect::<Result<_, _>>().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn read_all(file: impl Read + Send + 'static) -> (u32, Vec<i16>, Result<(), MediaError>) {
    let mut reader = Reader::new(file).unwrap();
    let mut samples = Vec::new();
    loop {
        let before = samples.len();
        let result = reader.read(7, &mut samples);
        if result.is_err() || samples.len() == before {
            return (reader.rate, samples, result);
        }
    }
}

fn file<S: hound::Sample + Copy>(channels: u16, bits: u16, format: SampleFormat, samples: &[S]) -> io::Cursor<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    let spec = WavSpec { channels, sample_rate: 22_050, bits_per_sample: bits, sample_format: format };
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    io::Cursor::new(bytes.into_inner())
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn read_converts_every_depth() {
    for bits in [8, 16, 24, 32] {
        let full = i32::MAX >> (32 - bits);
        let (rate, samples, end) = read_all(file(1, bits, SampleFormat::Int, &[0, full / 2, -full / 2, full]));
        let bound = if bits == 8 { 300 } else { 2 };
        end.unwrap();
        assert_eq!((rate, samples.len()), (22_050, 4), "{bits} bits");
        for (sample, expected) in samples.iter().zip([0, 16_384, -16_384, 32_767]) {
            assert!((i32::from(*sample) - expected).abs() <= bound, "{bits} bits: {samples:?}");
        }
    }
    let (_, samples, _) = read_all(file(1, 32, SampleFormat::Float, &[0.0_f32, 0.5, -0.5, 7.0, f32::NAN]));
    assert_eq!(samples, [0, 16_384, -16_384, i16::MAX, 0]);
}

#[test]
fn read_mixes_channels_into_one() {
    let (_, samples, _) = read_all(file(2, 16, SampleFormat::Int, &[100_i16, 300, -5, 5, i16::MAX, i16::MAX]));
    assert_eq!(samples, [200, 0, i16::MAX]);
}

#[test]
fn read_plays_a_file_that_ends_too_early_as_far_as_it_goes() {
    let whole = file(1, 16, SampleFormat::Int, &[1_i16, 2, 3, 4]).into_inner();
    let (_, samples, end) = read_all(io::Cursor::new(whole[..whole.len() - 3].to_vec()));
    end.unwrap();
    assert_eq!(samples, [1, 2]);
}

#[test]
fn read_refuses_what_is_no_wav_file() {
    for bytes in [&b"OggS"[..], b"", b"RIFF\0\0\0\0WAVE"] {
        assert!(matches!(Reader::new(bytes), Err(MediaError::Audio(_))));
    }
}

#[test]
fn read_never_panics_on_damaged_headers() {
    let whole = file(2, 16, SampleFormat::Int, &[1_i16; 20]).into_inner();
    for at in 0..44 {
        for byte in [0, 1, 3, 9, 0x7f, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            if let Ok(mut reader) = Reader::new(io::Cursor::new(damaged)) {
                let _ = reader.read(100, &mut Vec::new());
            }
        }
    }
}

#[test]
fn sides_stay_aligned_when_one_has_gaps() {
    let path = Temporary::new("aligned");
    let mut recorder = WavRecorder::stereo(&path.0, 1_000).unwrap();
    for i in 0..10 {
        recorder.write(Side::Left, ms(i * 20), &[1; 20]).unwrap();
    }
    // The other side begins later, has a gap, and repeats some of what it has sent.
    recorder.write(Side::Right, ms(50), &[2; 20]).unwrap();
    recorder.write(Side::Right, ms(60), &[3; 20]).unwrap();
    recorder.write(Side::Right, ms(150), &[4; 60]).unwrap();
    assert_eq!(recorder.finish().unwrap(), ms(210));

    let expected = (0..210).flat_map(|at| {
        let left = i16::from(at < 200);
        let right = match at {
            50..70 => 2,
            70..80 => 3,
            150.. => 4,
            _ => 0,
        };
        [left, right]
    });
    assert_eq!(path.samples(), expected.collect::<Vec<_>>());
}

#[test]
fn silent_side_is_waited_for_only_so_long() {
    let path = Temporary::new("waiting");
    let mut recorder = WavRecorder::stereo(&path.0, 1_000).unwrap();
    for i in 0..500 {
        recorder.write(Side::Left, ms(i * 20), &[1; 20]).unwrap();
        assert!(recorder.left.len() <= 2_000, "{}", recorder.left.len());
    }
    // Three seconds behind, of which one comes too late.
    recorder.write(Side::Right, ms(7_000), &[2; 3_000]).unwrap();
    recorder.finish().unwrap();
    let right: Vec<_> = path.samples().into_iter().skip(1).step_by(2).collect();
    assert_eq!((right.len(), right[7_999], right[8_000], right[9_999]), (10_000, 0, 2, 2));
}

#[test]
fn long_pause_is_not_kept_in_memory() {
    let path = Temporary::new("pause");
    let mut recorder = WavRecorder::stereo(&path.0, 1_000).unwrap();
    recorder.write(Side::Left, ms(0), &[1; 20]).unwrap();
    recorder.write(Side::Left, ms(3_600_000), &[2; 20]).unwrap();
    assert!(recorder.left.len() <= 2_020 && recorder.left.capacity() < 10_000, "{}", recorder.left.len());
    assert_eq!(recorder.finish().unwrap(), ms(3_600_020));
    let samples = path.samples();
    assert_eq!((samples[38], samples[40], samples[7_199_998], samples[7_200_000]), (1, 0, 0, 2));
}

#[test]
fn mono_mixes_the_sides() {
    let path = Temporary::new("mono");
    let mut recorder = WavRecorder::mono(&path.0, 8_000).unwrap();
    recorder.write(Side::Left, ms(0), &[100, 200, i16::MAX]).unwrap();
    recorder.write(Side::Right, ms(0), &[1, -2, 5, 7]).unwrap();
    recorder.finish().unwrap();
    assert_eq!(path.samples(), [101, 198, i16::MAX, 7]);
}

#[test]
fn dropped_recorder_leaves_a_valid_file() {
    let path = Temporary::new("dropped");
    let mut recorder = WavRecorder::stereo(&path.0, 8_000).unwrap();
    recorder.write(Side::Right, ms(0), &[5, 6]).unwrap();
    drop(recorder);
    assert_eq!(path.samples(), [0, 5, 0, 6]);
}

#[test]
fn write_refuses_more_than_a_wav_file_can_hold() {
    let path = Temporary::new("large");
    let mut recorder = WavRecorder::stereo(&path.0, 48_000).unwrap();
    for at in [Duration::from_secs(24 * 3600), Duration::MAX] {
        let error = recorder.write(Side::Left, at, &[1]).unwrap_err();
        assert!(matches!(error, MediaError::Audio(_)), "{error}");
    }
    assert_eq!(recorder.finish().unwrap(), ms(0));
}

//! The two directions, over a transport in memory.

use super::*;
use crate::pace::Pace;
use crate::pipe::inbox::Gap;
use crate::pipe::outbox::{Mark, Work};

/// A medium, and the end of its transport.
pub(crate) fn pair(config: &MediaConfig) -> (Media, Arc<Pipe>) {
    let pipe = Pipe::new(config).unwrap();
    (Media::new(Arc::clone(&pipe), config).unwrap(), pipe)
}

/// A line that plays a frame each 20 ms, and returns what it played when the program closes the medium.
async fn line(pipe: Arc<Pipe>) -> Vec<i16> {
    let (mut pace, mut frame, mut line) = (Pace::default(), Vec::new(), Vec::new());
    loop {
        match pipe.out.take(pipe.format.frame_samples(), &mut frame) {
            Work::Send(mark) => {
                pace.tick(&pipe.stats.late).await;
                line.extend_from_slice(&frame);
                tokio::time::advance(FRAME).await;
                pipe.out.heard(mark);
            }
            Work::Close => return line,
            Work::Cut => {}
            Work::Nothing | Work::Starved => pipe.out.changed().await,
        }
    }
}

fn ramp(count: i16) -> Vec<i16> {
    (1..=count).collect()
}

#[tokio::test(start_paused = true)]
async fn play_ends_when_the_sound_was_heard() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let line = tokio::spawn(line(pipe));
    let played = media.play(Audio::samples(8_000, ramp(1_000))).await.unwrap();
    assert_eq!(played, Played { heard: Duration::from_millis(125), was_cut: false });
    assert_eq!((media.sender.queued(), media.sender.played()), (Duration::ZERO, Duration::from_millis(125)));
    media.close();
    let heard = line.await.unwrap();
    assert_eq!((&heard[..1_000], &heard[1_000..]), (&*ramp(1_000), &[0; 120][..]));
}

#[tokio::test(start_paused = true)]
async fn cut_ends_play_and_reports_how_much_was_heard() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let sender = media.sender().clone();
    let played = tokio::spawn(async move { sender.play(Audio::samples(8_000, vec![1; 80_000])).await });
    tokio::task::yield_now().await;
    // The transport sends far ahead, as on a WebSocket.
    let mut sent = Vec::new();
    let Work::Send(first) = pipe.out.take(8_000, &mut sent) else { panic!("a second of sound") };
    assert_eq!((sent.len(), first), (8_000, Mark { cuts: 0, position: 8_000 }));
    pipe.out.heard(Mark { cuts: 0, position: 1_600 });
    tokio::time::advance(Duration::from_millis(50)).await;
    assert_eq!(media.sender.played(), Duration::from_millis(250));
    assert_eq!(media.cut(), Duration::from_millis(9_750));
    let played = played.await.unwrap().unwrap();
    assert_eq!(played, Played { heard: Duration::from_millis(250), was_cut: true });
    assert_eq!(pipe.out.take(160, &mut sent), Work::Cut);
    assert_eq!(pipe.out.take(160, &mut sent), Work::Nothing);
    // A report of what was cut comes too late.
    pipe.out.heard(first);
    assert_eq!(media.sender.played(), Duration::from_millis(250));
}

#[tokio::test(start_paused = true)]
async fn dropped_play_cuts_its_sound_and_the_next_one_is_heard_alone() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    {
        let first = std::pin::pin!(media.play(Audio::samples(8_000, vec![1; 8_000])));
        assert!(futures_util::FutureExt::now_or_never(first).is_none());
    }
    let line = tokio::spawn(line(pipe));
    media.play(Audio::samples(8_000, vec![2; 160])).await.unwrap();
    media.close();
    assert_eq!(line.await.unwrap(), [2; 160]);
}

#[tokio::test(start_paused = true)]
async fn write_waits_for_room_and_fails_after_the_end() {
    let config = MediaConfig::new(Format::SLIN).buffer(Duration::from_millis(40));
    let (media, pipe) = pair(&config);
    media.write(&[1; 320]).await.unwrap();
    assert!(futures_util::FutureExt::now_or_never(media.write(&[1; 1])).is_none());
    let mut sent = Vec::new();
    let Work::Send(mark) = pipe.out.take(160, &mut sent) else { panic!("a frame") };
    pipe.out.heard(mark);
    media.write(&[1; 160]).await.unwrap();
    let sender = media.sender().clone();
    let blocked = tokio::spawn(async move { sender.write(&[1; 160]).await });
    tokio::task::yield_now().await;
    pipe.end(Ok(()));
    assert!(blocked.await.unwrap().unwrap_err().is_ended());
    assert!(media.drain().await.unwrap_err().is_ended());
}

#[tokio::test(start_paused = true)]
async fn relay_refuses_what_would_be_late() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let most = Duration::from_millis(60);
    for _ in 0..3 {
        assert!(media.relay(&[1; 160], most).unwrap());
    }
    assert!(!media.relay(&[1; 160], most).unwrap());
    let mut sent = Vec::new();
    let Work::Send(mark) = pipe.out.take(160, &mut sent) else { panic!("a frame") };
    pipe.out.heard(mark);
    // What comes late again and again would always be late.
    assert!(!media.relay(&[1; 160], most).unwrap());
    let Work::Send(mark) = pipe.out.take(160, &mut sent) else { panic!("a frame") };
    pipe.out.heard(mark);
    assert!(media.relay(&[1; 160], most).unwrap());
    assert!(media.relay(&[1; 160], most).unwrap());
}

/// A disturbance has left two frames more than the line needs.
#[tokio::test(start_paused = true)]
async fn relay_catches_up_with_a_delay_that_lasts() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let (mut sent, mut refused) = (Vec::new(), Vec::new());
    assert!(media.relay(&[1; 480], FRAME * 5).unwrap());
    for index in 0..500 {
        let Work::Send(mark) = pipe.out.take(160, &mut sent) else { panic!("a frame") };
        pipe.out.heard(mark);
        if !media.relay(&[1; 160], FRAME * 5).unwrap() {
            refused.push(index);
        }
        tokio::time::advance(FRAME).await;
    }
    assert_eq!((refused, media.sender().queued()), (vec![196], FRAME * 2));
}

#[tokio::test(start_paused = true)]
async fn relay_goes_by_the_clock_between_reports_of_the_line() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let most = Duration::from_millis(60);
    let mut sent = Vec::new();
    for _ in 0..20 {
        assert!(media.relay(&[1; 160], most).unwrap());
        assert!(matches!(pipe.out.take(160, &mut sent), Work::Send(_)));
        tokio::time::advance(FRAME).await;
    }
    // The line is later than the clock.
    pipe.out.heard(Mark { cuts: 0, position: 17 * 160 });
    assert!(!media.relay(&[1; 160], most).unwrap());
}

#[tokio::test(start_paused = true)]
async fn part_of_a_frame_waits_for_the_rest_unless_drained() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    media.write(&[1; 100]).await.unwrap();
    let mut sent = Vec::new();
    assert_eq!(pipe.out.take(160, &mut sent), Work::Nothing);
    media.write(&[1; 100]).await.unwrap();
    assert!(matches!(pipe.out.take(160, &mut sent), Work::Send(_)));
    let sender = media.sender().clone();
    let drained = tokio::spawn(async move { sender.drain().await });
    tokio::task::yield_now().await;
    let Work::Send(mark) = pipe.out.take(160, &mut sent) else { panic!("the rest") };
    assert_eq!((&sent[..40], &sent[40..]), (&[1; 40][..], &[0; 120][..]));
    pipe.out.heard(mark);
    drained.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn sound_that_comes_too_slowly_is_an_underrun() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let (_keep, never) = tokio::sync::oneshot::channel::<()>();
    let sound = futures_util::stream::unfold(Some(never), |never| async move {
        let _ = never?.await;
        Some((vec![0_i16; 0], None))
    });
    let sender = media.sender().clone();
    let play = tokio::spawn(async move { sender.play(Audio::stream(8_000, sound)).await });
    tokio::task::yield_now().await;
    assert_eq!(pipe.out.take(160, &mut Vec::new()), Work::Starved);
    // A stream that says nothing does not hold up the cut.
    media.cut();
    assert!(play.await.unwrap().unwrap().was_cut);
}

#[tokio::test(start_paused = true)]
async fn recv_fills_pauses_with_silence_and_keeps_the_time() {
    let (mut media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let push = |value: i16| pipe.inbox.push(&[value; 160], FrameKind::Sound, Gap::ByClock, &pipe.stats.dropped);
    push(1);
    let mut frames = Vec::new();
    let read = async |media: &mut Media| {
        let frame = media.recv().await.unwrap().unwrap();
        (frame.kind(), frame.samples()[0], frame.timestamp().as_millis())
    };
    frames.push(read(&mut media).await);
    let paused = Instant::now();
    frames.push(read(&mut media).await);
    assert_eq!(paused.elapsed(), Duration::from_millis(120));
    frames.push(read(&mut media).await);
    assert_eq!(paused.elapsed(), Duration::from_millis(140));
    push(2);
    for _ in 0..5 {
        frames.push(read(&mut media).await);
    }
    assert_eq!(paused.elapsed(), Duration::from_millis(140));
    let silence = |at| (FrameKind::Silence, 0, at);
    let mut expected = vec![(FrameKind::Sound, 1, 0)];
    expected.extend([20, 40, 60, 80, 100, 120].map(silence));
    expected.push((FrameKind::Sound, 2, 140));
    assert_eq!(frames, expected);
}

#[tokio::test(start_paused = true)]
async fn recv_reports_gaps_and_frames_that_were_dropped() {
    let config = MediaConfig::new(Format::SLIN).fill_silence(false).receive_buffer(Duration::from_millis(40));
    let (mut media, pipe) = pair(&config);
    for value in 1..=5 {
        pipe.inbox.push(&[value; 160], FrameKind::Sound, Gap::Frames(u64::from(value == 5)), &pipe.stats.dropped);
    }
    let frame = media.recv().await.unwrap().unwrap();
    assert_eq!((frame.samples()[0], frame.gap()), (4, FRAME * 3));
    let frame = media.recv().await.unwrap().unwrap();
    assert_eq!((frame.samples()[0], frame.gap(), frame.timestamp()), (5, FRAME, FRAME * 5));
    assert_eq!(media.stats().dropped, 3);
    pipe.end(Err(MediaError::Protocol("half a frame".into())));
    assert!(matches!(media.recv().await, Err(MediaError::Protocol(_))));
    assert!(matches!(media.recv().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn delay_followed_by_a_burst_is_no_pause() {
    let (mut media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    for burst in [1, 4, 1] {
        for _ in 0..burst {
            pipe.inbox.push(&[1; 160], FrameKind::Sound, Gap::ByClock, &pipe.stats.dropped);
        }
        for _ in 0..burst {
            assert_eq!(media.recv().await.unwrap().unwrap().kind(), FrameKind::Sound);
        }
        tokio::time::advance(Duration::from_millis(80)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_both_directions_closes_the_medium() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let (sender, receiver) = media.split();
    drop(receiver);
    assert_eq!(pipe.out.take(160, &mut Vec::new()), Work::Nothing);
    drop(sender);
    assert_eq!(pipe.out.take(160, &mut Vec::new()), Work::Close);
}

#[tokio::test(start_paused = true)]
async fn end_closes_the_medium_from_elsewhere_and_closed_reports_it() {
    let (mut media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let watch = media.watch();
    let mut closed = tokio::spawn({
        let watch = watch.clone();
        async move { watch.closed().await }
    });
    tokio::task::yield_now().await;
    assert!(!closed.is_finished());
    watch.end();
    assert_eq!(pipe.out.take(160, &mut Vec::new()), Work::Close);
    assert!(media.write(&[1; 160]).await.unwrap_err().is_ended());
    pipe.end(Ok(()));
    (&mut closed).await.unwrap();
    assert!(media.recv().await.unwrap().is_none());
    drop(media);
    watch.closed().await;
}

#[tokio::test(start_paused = true)]
async fn close_ends_the_medium_despite_a_clone_of_the_sender() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let sender = media.sender().clone();
    media.close();
    assert_eq!(pipe.out.take(160, &mut Vec::new()), Work::Close);
    assert!(sender.write(&[1; 160]).await.unwrap_err().is_ended());
}

#[tokio::test(start_paused = true)]
async fn relay_does_not_wait_for_a_sound_that_plays() {
    let (media, _pipe) = pair(&MediaConfig::new(Format::SLIN));
    let mut playing = std::pin::pin!(media.play(Audio::samples(8_000, vec![1; 8_000])));
    assert!(futures_util::FutureExt::now_or_never(&mut playing).is_none());
    assert!(!media.relay(&[2; 160], Duration::from_millis(100)).unwrap());
}

#[tokio::test(start_paused = true)]
async fn cut_reaches_what_the_line_may_not_have_played_yet() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    media.write(&[1; 1_600]).await.unwrap();
    let mut sent = Vec::new();
    assert!(matches!(pipe.out.take(1_600, &mut sent), Work::Send(_)));
    // By the clock it has been played, but the line has not confirmed it.
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(media.cut(), Duration::ZERO);
    assert_eq!(pipe.out.take(160, &mut sent), Work::Cut);
}

#[tokio::test(start_paused = true)]
async fn drain_plays_what_the_resampler_holds() {
    let config = MediaConfig::new(Format::SLIN).rate(16_000);
    let (media, pipe) = pair(&config);
    let line = tokio::spawn(line(pipe));
    media.write(&vec![1_000; 16_000]).await.unwrap();
    media.drain().await.unwrap();
    assert_eq!(media.sender.played(), Duration::from_secs(1));
    media.close();
    assert_eq!(line.await.unwrap().len(), 8_000);
}

#[tokio::test(start_paused = true)]
async fn drain_after_a_cut_plays_nothing_of_what_the_resampler_held() {
    let config = MediaConfig::new(Format::SLIN).rate(16_000);
    let (media, pipe) = pair(&config);
    media.write(&vec![1_000; 16_000]).await.unwrap();
    media.cut();
    let line = tokio::spawn(line(pipe));
    media.drain().await.unwrap();
    assert_eq!(media.sender.played(), Duration::ZERO);
    media.close();
    assert!(line.await.unwrap().iter().all(|sample| *sample == 0));
}

#[tokio::test(start_paused = true)]
async fn stream_that_fails_is_heard_up_to_its_failure() {
    let (media, pipe) = pair(&MediaConfig::new(Format::SLIN));
    let line = tokio::spawn(line(pipe));
    let sound =
        futures_util::stream::iter([Ok(vec![1_i16; 16_000]), Err(std::io::Error::other("the service is gone"))]);
    assert!(media.play(Audio::try_stream(16_000, sound)).await.is_err());
    assert_eq!(media.sender.played(), Duration::from_secs(1));
    media.close();
    assert_eq!(line.await.unwrap().len(), 8_000);
}

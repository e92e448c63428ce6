use std::iter::repeat_with;
use std::sync::Arc;
use std::task::Wake;
use std::time::SystemTime;

use tokio::time::advance;

use super::*;
use crate::event::notice::{Disconnected, Reconnected};

/// Counts how often it wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a connection that asks for room gets.
#[derive(Debug, PartialEq)]
enum Asked {
    Free(usize),
    /// Some has to become free within this time.
    Full(Duration),
    Ended,
}

/// A queue and how often the connection was woken.
struct Test {
    queue: Queue,
    wakes: Arc<Wakes>,
}

impl Test {
    fn new(limit: usize, policy: OverflowPolicy) -> Self {
        Self { queue: Queue::new(limit, policy), wakes: Arc::default() }
    }

    fn push(&self, sizes: &[usize]) {
        self.queue.push(sizes.iter().map(|size| frame(*size)), false);
    }

    fn push_while_closing(&self, sizes: &[usize]) {
        self.queue.push(sizes.iter().map(|size| frame(*size)), true);
    }

    fn ask(&self) -> Asked {
        match self.queue.poll_room(&mut Context::from_waker(&Arc::clone(&self.wakes).into())) {
            Room::Free(bytes) => Asked::Free(bytes),
            Room::Full(deadline) => Asked::Full(deadline.duration_since(Instant::now())),
            Room::Ended => Asked::Ended,
        }
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }

    fn take(&self) -> Vec<Frame> {
        let mut frames = VecDeque::new();
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(matches!(self.queue.poll_take(cx, &mut frames), Poll::Ready(Taken::Frames)));
        frames.into()
    }

    fn take_end(&self) -> Poll<Option<Error>> {
        self.queue.poll_take(&mut Context::from_waker(Waker::noop()), &mut VecDeque::new()).map(|taken| match taken {
            Taken::End(error) => error,
            Taken::Frames => panic!("there are frames"),
        })
    }
}

/// A frame that takes so many bytes.
fn frame(size: usize) -> Frame {
    Frame::text(&"x".repeat(size - size_of::<Frame>()), None)
}

fn disconnected() -> Frame {
    let notice = Disconnected { since: SystemTime::now(), reason: DisconnectReason::PingTimeout };
    Frame::Notice(Event::Disconnected(Box::new(notice)))
}

fn reconnected() -> Frame {
    let notice = Reconnected {
        since: SystemTime::now(),
        lasted: Duration::ZERO,
        attempts: 1,
        restarted: None,
        restored: Vec::new(),
        not_restored: Vec::new(),
        replaced: Vec::new(),
    };
    Frame::Notice(Event::Reconnected(Box::new(notice)))
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn drop_oldest_keeps_a_bounded_number_of_notices_in_pairs() {
    let test = Test::new(10_000, OverflowPolicy::DropOldest);
    for _ in 0..1_000 {
        test.queue.push([disconnected(), frame(100), reconnected()].into_iter(), false);
        assert!(matches!(test.queue.lock().frames.front(), Some(Frame::Notice(Event::Disconnected(_)))));
    }
    let frames = test.take();
    assert!((900..1_100).contains(&frames.len()), "{}", frames.len());
    let mut kinds = frames.iter().map(|frame| frame.event().kind().to_owned()).filter(|kind| kind.contains("onnect"));
    while let Some(kind) = kinds.next() {
        assert_eq!((&*kind, kinds.next().as_deref()), ("Disconnected", Some("Reconnected")));
    }
}

#[test]
fn drop_oldest_drops_no_more_than_it_must() {
    let test = Test::new(3_000 + frame(100).size() - 100, OverflowPolicy::DropOldest);
    test.push(&[1_000, 1_000, 1_000]);
    assert_eq!(test.take().len(), 3);
    test.queue.release(3_000);

    let test = Test::new(3_000 + disconnected().size(), OverflowPolicy::DropOldest);
    test.queue.push([disconnected()].into_iter(), false);
    test.push(&[1_000, 1_001, 999]);
    assert_eq!(test.queue.len(), 4);
    // One is enough to make room for this.
    assert_eq!(test.queue.push([frame(1_000)].into_iter(), false), 1);
    let frames = test.take();
    assert_eq!(
        frames.iter().map(|frame| frame.event().kind().to_owned()).collect::<Vec<_>>()[..2],
        ["Dropped", "Disconnected"]
    );
    let size = |frame: &Frame| frame.size();
    assert_eq!(frames[2..].iter().map(size).collect::<Vec<_>>(), [1_001, 999, 1_000]);
    let Event::Dropped(dropped) = frames[0].event() else { panic!("{frames:?}") };
    assert_eq!((dropped.events, dropped.bytes), (1, frame(1_000).text_size() as u64));
    assert_eq!(test.ask(), Asked::Free(3_000 + disconnected().size()));
}

#[test]
fn closing_queue_takes_what_fits_before_the_first_that_does_not() {
    let test = Test::new(3_000, OverflowPolicy::Fail);
    test.push_while_closing(&[1_000, 2_000]);
    assert_eq!(test.queue.len(), 2);
    test.push_while_closing(&[100, 100]);
    test.queue.release(3_000);
    test.push_while_closing(&[100]);
    test.push(&[100]);
    assert_eq!(test.take().len(), 2);
    assert!(matches!(test.take_end(), Poll::Ready(None)));
}

#[test]
fn first_end_is_the_only_one() {
    let test = Test::new(10_000, OverflowPolicy::Fail);
    test.push(&[100]);
    test.queue.end(Some(Error::Disconnected { reason: DisconnectReason::PingTimeout }));
    test.queue.end(None);
    test.push(&[100]);
    assert_eq!((test.take().len(), test.ask()), (1, Asked::Ended));
    assert!(matches!(test.take_end(), Poll::Ready(Some(_))));
    test.queue.end(None);
    assert!(test.take_end().is_pending());
}

#[tokio::test(start_paused = true)]
async fn full_queue_has_room_once_an_eighth_is_free() {
    let test = Test::new(8_000, OverflowPolicy::Wait(MS));
    test.push(&[7_999]);
    assert_eq!(test.ask(), Asked::Free(1));
    test.push(&[1_001]);
    assert_eq!(test.ask(), Asked::Full(MS));
    test.queue.release(1_000);
    assert_eq!(test.ask(), Asked::Full(MS));
    test.queue.release(1_000);
    assert_eq!((test.wakes(), test.queue.is_full(), test.ask()), (0, true, Asked::Full(MS)));
    test.queue.release(1);
    assert_eq!((test.wakes(), test.queue.is_full(), test.ask()), (1, false, Asked::Free(1_001)));
    // It is read up to the limit again.
    test.push(&[1_000]);
    assert_eq!(test.ask(), Asked::Free(1));

    let limit = 64 << 20;
    assert_eq!(Queue::new(limit, OverflowPolicy::Fail).resume_below(), limit - (256 << 10));
}

#[tokio::test(start_paused = true)]
async fn queue_without_a_limit_takes_one_event_at_a_time() {
    for policy in [OverflowPolicy::Fail, OverflowPolicy::DropOldest] {
        assert_eq!(Test::new(0, policy).ask(), Asked::Free(1));
    }
    let test = Test::new(0, OverflowPolicy::Wait(MS));
    test.push(&[100]);
    assert_eq!(test.ask(), Asked::Full(MS));
    test.queue.release(100);
    assert_eq!((test.wakes(), test.ask()), (1, Asked::Free(1)));
}

#[tokio::test(start_paused = true)]
async fn fail_ends_after_100_ms_without_progress_and_after_a_second_at_the_latest() {
    let idle = Test::new(8_000, OverflowPolicy::Fail);
    idle.push(&[20_000]);
    assert_eq!(idle.ask(), Asked::Full(100 * MS));
    advance(99 * MS).await;
    assert_eq!(idle.ask(), Asked::Full(MS));
    advance(MS).await;
    assert_eq!(idle.ask(), Asked::Ended);
    assert!(matches!(idle.take().len(), 1));
    assert!(matches!(idle.take_end(), Poll::Ready(Some(Error::Disconnected { .. }))));

    let slow = Test::new(8_000, OverflowPolicy::Fail);
    slow.push(&[20_000]);
    for round in 0..10 {
        assert_eq!(slow.ask(), Asked::Full(100 * MS), "{round}");
        advance(99 * MS).await;
        slow.queue.release(1);
    }
    assert_eq!(slow.ask(), Asked::Full(10 * MS));
    advance(10 * MS).await;
    assert_eq!(slow.ask(), Asked::Ended);
}

#[tokio::test(start_paused = true)]
async fn connection_waits_10_ms_at_a_time_for_a_subscriber_far_behind() {
    let (limit, wait) = (4 << 20, Asked::Full(10 * MS));
    let test = Test::new(limit, OverflowPolicy::Fail);
    test.push(&[LEAD - 100]);
    assert_eq!(test.ask(), Asked::Free(limit - LEAD + 100));
    test.push(&[100]);
    assert_eq!(test.ask(), wait);
    advance(4 * MS).await;
    test.queue.release(1);
    assert_eq!(test.ask(), Asked::Full(6 * MS));
    advance(6 * MS).await;
    assert_eq!(test.ask(), Asked::Free(limit - LEAD + 1));
    test.push(&[100]);
    // The subscriber has taken something meanwhile.
    assert_eq!(test.ask(), wait);
    advance(10 * MS).await;
    // It takes nothing now.
    for _ in 0..2 {
        assert_eq!(test.ask(), Asked::Free(limit - LEAD - 99));
    }
    test.queue.release(99);
    assert_eq!(test.ask(), wait);
    test.queue.release(LEAD / 2);
    assert_eq!((test.wakes(), test.ask()), (0, wait));
    test.queue.release(1);
    assert_eq!((test.wakes(), test.ask()), (1, Asked::Free(limit - LEAD / 2 + 1)));
}

#[test]
fn held_frames_take_half_of_what_is_free() {
    let test = Test::new(8_000, OverflowPolicy::Fail);
    test.push(&[1_000]);
    assert_eq!(test.queue.may_hold(), 3_500);
    let test = Test::new(8_000, OverflowPolicy::DropOldest);
    test.push(&[1_000]);
    assert_eq!(test.queue.may_hold(), 4_000);
}

#[test]
fn frames_come_in_order() {
    let test = Test::new(0, OverflowPolicy::Fail);
    let mut size = 99;
    test.queue.push(
        repeat_with(|| {
            size += 1;
            frame(size)
        })
        .take(50),
        false,
    );
    assert!(test.take().is_sorted_by_key(Frame::size));
}

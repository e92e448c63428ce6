/// Waits until the process is asked to end: by Ctrl-C and, on Unix, by SIGTERM. Never returns if `is_wanted` is `false`.
///
/// [`App::serve`](crate::App::serve) does this itself; it is for programs that have more to end.
pub async fn stop_signal(is_wanted: bool) {
    if !is_wanted {
        return std::future::pending().await;
    }
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    interrupted.await;
}

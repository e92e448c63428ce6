//! How long an idle connection stays open: `session_keep_alive` of http.conf, which no request shows.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::check::Check;

/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(30);

/// Below this, clients that keep connections for 10 s, as many do, lose requests.
const SHORT: Duration = Duration::from_secs(11);

pub(super) async fn check(url: &str) -> Check {
    let Some((host, path)) = url.strip_prefix("http://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) else {
        return Check::skipped("idle", "how long idle connections last is measured over http:// alone");
    };
    match measure(host, path).await {
        Err(error) => Check::skipped("idle", format!("cannot be measured: {error}")),
        Ok(None) => Check::ok("idle", format!("an idle connection stays open for more than {} s", WATCHED.as_secs())),
        Ok(Some(time)) => {
            let found = format!("an idle connection is closed after {:.1} s", time.as_secs_f64());
            if time < SHORT {
                let remedy = "raise `session_keep_alive` of http.conf (15000 ms by default), or have clients drop connections \
                              sooner: a request that meets the closing is lost";
                return Check::warning("idle", found, remedy);
            }
            Check::ok("idle", format!("{found}: clients must drop theirs sooner"))
        }
    }
}

/// The time until the server closes; `None` if it does not while it is watched.
async fn measure(host: &str, path: &str) -> std::io::Result<Option<Duration>> {
    let address = if host.rsplit(']').next().is_some_and(|rest| rest.contains(':')) {
        host.to_owned()
    } else {
        format!("{host}:80")
    };
    let mut stream = timeout(Duration::from_secs(5), TcpStream::connect(address)).await??;
    let request = format!("GET /{path}/asterisk/ping HTTP/1.1\r\nHost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut buffer = [0; 4096];
    let mut last = Instant::now();
    let watched = timeout(WATCHED, async {
        while stream.read(&mut buffer).await? > 0 {
            last = Instant::now();
        }
        std::io::Result::Ok(())
    });
    match watched.await {
        Err(_) => Ok(None),
        Ok(Err(error)) if error.kind() != std::io::ErrorKind::ConnectionReset => Err(error),
        Ok(_) => Ok(Some(last.elapsed())),
    }
}

//! One command at a time for each release. The system drops the lock however its holder ends.

use super::place::Place;
use anyhow::Result;

/// Held until dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    #[cfg(target_os = "linux")]
    _socket: std::os::unix::net::UnixListener,
}

/// Waits for the lock of `place`.
#[cfg(target_os = "linux")]
pub(crate) fn take(place: &Place) -> Result<Lock> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixListener};
    use std::time::Duration;

    use anyhow::Context as _;

    let mut hasher = DefaultHasher::new();
    place.dir.hash(&mut hasher);
    let name = format!("ari-asterisk-{:016x}", hasher.finish());
    let address = SocketAddr::from_abstract_name(name).context("cannot name a lock")?;
    let mut reported = false;
    loop {
        match UnixListener::bind_addr(&address) {
            Ok(socket) => return Ok(Lock { _socket: socket }),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context("cannot take a lock"),
        }
        if !reported {
            eprintln!("waiting for another `cargo xtask` that works on {}", place.dir.display());
            reported = true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Elsewhere there are only containers, and their engine refuses a second one of the same name.
#[cfg(not(target_os = "linux"))]
pub(crate) fn take(_place: &Place) -> Result<Lock> {
    Ok(Lock {})
}

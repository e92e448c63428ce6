//! The one request that tells whether a server is ready: `GET /ari/asterisk/info`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// The server's version, if it answers within a second.
pub(crate) fn version(port: u16) -> Option<String> {
    let reply = exchange(port).ok()?;
    version_in(&reply).map(str::to_owned)
}

fn exchange(port: u16) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let patience = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    // "reader:reader"
    let request = "GET /ari/asterisk/info?only=system HTTP/1.1\r\nHost: 127.0.0.1\r\n\
                   Authorization: Basic cmVhZGVyOnJlYWRlcg==\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes())?;
    let mut reply = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut reply)?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

fn version_in(reply: &str) -> Option<&str> {
    let ok = reply.starts_with("HTTP/1.1 200 ");
    let (_, after) = reply.split_once("\"version\":\"").filter(|_| ok)?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_version_of_a_good_reply() {
        let body = r#"{"system":{"version":"22.10.1~dfsg","entity_id":"x"}}"#;
        assert_eq!(version_in(&format!("HTTP/1.1 200 OK\r\n\r\n{body}")), Some("22.10.1~dfsg"));
        assert_eq!(version_in(&format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{body}")), None);
        assert_eq!(version_in("HTTP/1.1 200 OK\r\n\r\n{}"), None);
    }
}

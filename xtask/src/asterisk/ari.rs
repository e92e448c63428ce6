//! The one request that shows whether a server is ready: `GET /ari/asterisk/info`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The server's version, if it answers within a second.
pub(crate) fn version(port: u16) -> Option<String> {
    let reply = exchange(port).ok()?;
    version_in(&reply)
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

/// Parsed as JSON, since `pretty = yes` in ari.conf puts white space between its parts.
fn version_in(reply: &str) -> Option<String> {
    let (head, body) = reply.split_once("\r\n\r\n")?;
    let info: Value = serde_json::from_str(body).ok().filter(|_| head.starts_with("HTTP/1.1 200 "))?;
    Some(info["system"]["version"].as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_in_reads_only_good_replies() {
        let body = r#"{"system":{"version":"22.10.1~dfsg","entity_id":"x"}}"#;
        assert_eq!(version_in(&format!("HTTP/1.1 200 OK\r\n\r\n{body}")), Some("22.10.1~dfsg".into()));
        assert_eq!(version_in(&format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{body}")), None);
        assert_eq!(version_in("HTTP/1.1 200 OK\r\n\r\n{}"), None);
    }

    #[test]
    fn version_in_reads_pretty_json() {
        let body = "{\n  \"system\": {\n    \"version\": \"16.28.0\"\n  }\n}";
        assert_eq!(version_in(&format!("HTTP/1.1 200 OK\r\n\r\n{body}")), Some("16.28.0".into()));
    }
}

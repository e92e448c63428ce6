//! The ports of an instance: free ones on the loopback interface, if possible the same every time.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use anyhow::{Context as _, Result};

use super::release::{Purpose, Release};

/// The ports that an instance listens on, and the one where it looks for a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    /// ARI.
    pub(crate) http: u16,
    /// SIP over UDP.
    pub(crate) sip: u16,
    /// Where `phone-b` is expected.
    pub(crate) phone: u16,
    /// The first of the ports for RTP.
    pub(crate) rtp_start: u16,
}

/// How many ports for RTP an instance has.
const RTP_PORTS: u16 = 1000;

impl Ports {
    /// What a release takes when it is free. The first of the list has the ports that every example of ARI and SIP
    /// names.
    pub(crate) fn preferred(release: &Release) -> Self {
        let index = match release.purpose {
            Purpose::User => release.index % 15,
            Purpose::Tests => 15 + release.index % 15,
        };
        Self {
            http: 8088 + index,
            sip: 5060 + 2 * index,
            phone: 5160 + 2 * index,
            rtp_start: 10_000 + RTP_PORTS * index,
        }
    }

    /// These ports where they are free, else others.
    /// Asterisk itself steps over an RTP port that is taken.
    pub(crate) fn or_free(self) -> Result<Self> {
        Ok(Self { http: free(self.http, tcp)?, sip: free(self.sip, udp)?, phone: free(self.phone, udp)?, ..self })
    }

    /// The last of the ports for RTP.
    pub(crate) fn rtp_end(&self) -> u16 {
        self.rtp_start + RTP_PORTS - 1
    }

    /// The placeholders of the configuration.
    pub(crate) fn values(&self) -> [(&'static str, String); 5] {
        [
            ("HTTP_PORT", self.http.to_string()),
            ("SIP_PORT", self.sip.to_string()),
            ("PHONE_PORT", self.phone.to_string()),
            ("RTP_START", self.rtp_start.to_string()),
            ("RTP_END", self.rtp_end().to_string()),
        ]
    }
}

/// The preferred port, one above it, or as a last resort what the system gives: among those, a client that calls again
/// and again while the server is down may get its own end of the connection at just this port.
pub(crate) fn free(preferred: u16, open: fn(u16) -> std::io::Result<u16>) -> Result<u16> {
    let above = (1..5).filter_map(|step| preferred.checked_add(1000 * step));
    let found = std::iter::once(preferred).chain(above).chain([0]).find_map(|port| open(port).ok());
    found.with_context(|| format!("no free port on 127.0.0.1, neither {preferred} nor another"))
}

/// Opens a port of TCP and returns its number.
pub(crate) fn tcp(port: u16) -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?.port())
}

fn udp(port: u16) -> std::io::Result<u16> {
    Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_taken_port_is_replaced() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_ne!(free(port, tcp).unwrap(), port);
    }

    #[test]
    fn a_port_whose_connections_the_server_has_ended_is_free() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let client = TcpStream::connect(address).unwrap();
        // Who ends a connection first keeps the port in TIME_WAIT.
        drop(listener.accept().unwrap());
        drop((listener, client));
        assert_eq!(free(address.port(), tcp).unwrap(), address.port());
    }

    #[test]
    fn releases_prefer_different_ports() {
        let release = |index, purpose| Release { name: String::new(), suite: String::new(), index, purpose };
        let preferred = |index, purpose| Ports::preferred(&release(index, purpose));
        let (first, second) = (preferred(0, Purpose::User), preferred(1, Purpose::User));
        assert_eq!((first.http, first.sip), (8088, 5060));
        assert_ne!(first.http, second.http);
        assert!(first.rtp_end() < second.rtp_start);
        assert!(second.http < preferred(0, Purpose::Tests).http);
    }
}

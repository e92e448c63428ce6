//! A SIP phone that acts immediately and without media.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ari_e2e::unique;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// The time limit for a reply.
const SOON: Duration = Duration::from_secs(10);

/// A phone on a separate port.
pub(crate) struct SipPhone {
    socket: UdpSocket,
    name: String,
    server: String,
    own: SocketAddr,
}

/// An answered call.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    pub(crate) id: String,
    to: String,
    pub(crate) own_tag: String,
    pub(crate) far_tag: String,
    number: u32,
}

impl SipPhone {
    /// The phone with this name in pjsip.conf.
    pub(crate) async fn open(name: &str, sip_port: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let server = format!("127.0.0.1:{sip_port}");
        socket.connect(&server).await?;
        let own = socket.local_addr()?;
        Ok(Self { socket, name: name.to_owned(), server, own })
    }

    /// Registers for this many seconds; 0 unregisters.
    pub(crate) async fn register(&self, expires: u32) -> io::Result<u16> {
        let mut dialog = Dialog::to(&self.name);
        let headers = format!("Contact: <sip:{}@{}>\r\nExpires: {expires}\r\n", self.name, self.own);
        self.request(&mut dialog, "REGISTER", &headers, "").await
    }

    /// Sends a text message.
    pub(crate) async fn message(&self, to: &str, text: &str) -> io::Result<u16> {
        let mut dialog = Dialog::to(to);
        self.request(&mut dialog, "MESSAGE", "Content-Type: text/plain\r\n", text).await
    }

    /// Places a call, which must be answered.
    pub(crate) async fn call(&self, extension: &str) -> io::Result<Dialog> {
        let mut dialog = Dialog::to(extension);
        match self.invite(&mut dialog, "sendrecv").await? {
            200 => Ok(dialog),
            status => Err(io::Error::other(format!("the call to {extension}: {status}"))),
        }
    }

    /// Offers the media: `sendonly` holds the call, `sendrecv` resumes it.
    pub(crate) async fn invite(&self, dialog: &mut Dialog, direction: &str) -> io::Result<u16> {
        let version = dialog.number + 1;
        let offer = format!(
            "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
        );
        let headers = format!("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", self.name, self.own);
        let status = self.request(dialog, "INVITE", &headers, &offer).await?;
        self.send(dialog, "ACK", "", "").await?;
        Ok(status)
    }

    /// Transfers the far end.
    pub(crate) async fn refer(&self, dialog: &mut Dialog, target: &str) -> io::Result<u16> {
        let contact = format!("<sip:{}@{}>", self.name, self.own);
        let headers = format!("Contact: {contact}\r\nRefer-To: <{target}>\r\nReferred-By: {contact}\r\n");
        self.request(dialog, "REFER", &headers, "").await
    }

    /// The SIP address of this extension.
    pub(crate) fn address(&self, extension: &str) -> String {
        format!("sip:{extension}@{}", self.server)
    }

    /// Hangs up.
    pub(crate) async fn bye(&self, dialog: &mut Dialog) -> io::Result<u16> {
        self.request(dialog, "BYE", "", "").await
    }

    /// Answers all requests until the future completes.
    pub(crate) async fn answering<T>(&self, until: impl Future<Output = T>) -> T {
        tokio::select! {
            done = until => done,
            error = async { loop { if let Err(error) = self.receive().await { return error } } } => {
                panic!("the phone: {error}")
            }
        }
    }

    /// Sends a request and returns the final status.
    async fn request(&self, dialog: &mut Dialog, method: &str, headers: &str, body: &str) -> io::Result<u16> {
        dialog.number += 1;
        self.send(dialog, method, headers, body).await?;
        let of_this = format!("{} {method}", dialog.number);
        let final_reply = async {
            loop {
                let Some(reply) = self.receive().await? else { continue };
                if header(&reply, "Call-ID") != Some(&dialog.id) || header(&reply, "CSeq") != Some(&of_this) {
                    continue;
                }
                let status: u16 = reply.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
                if status >= 200 {
                    let to = header(&reply, "To").unwrap_or_default();
                    return io::Result::Ok((status, to.split_once(";tag=").map(|(_, tag)| tag.to_owned())));
                }
            }
        };
        let (status, tag) = timeout(SOON, final_reply).await.map_err(io::Error::other)??;
        if dialog.far_tag.is_empty() {
            dialog.far_tag = tag.unwrap_or_default();
        }
        Ok(status)
    }

    async fn send(&self, dialog: &Dialog, method: &str, headers: &str, body: &str) -> io::Result<()> {
        let Self { name, server, own, .. } = self;
        let Dialog { id, to, own_tag, far_tag, number } = dialog;
        let uri = if method == "REGISTER" { format!("sip:{server}") } else { self.address(to) };
        let far_tag = if far_tag.is_empty() { String::new() } else { format!(";tag={far_tag}") };
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-{id}-{number}-{method}\r\n\
             From: <sip:{name}@{own}>;tag={own_tag}\r\nTo: <{}>{far_tag}\r\nCall-ID: {id}\r\n\
             CSeq: {number} {method}\r\nMax-Forwards: 70\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            self.address(to),
            body.len()
        );
        self.socket.send(text.as_bytes()).await.map(drop)
    }

    /// Receives a reply. A request is answered with 200 instead, and returns `None`.
    async fn receive(&self) -> io::Result<Option<String>> {
        let mut bytes = vec![0; 65536];
        let length = self.socket.recv(&mut bytes).await?;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if text.starts_with("SIP/2.0 ") {
            return Ok(Some(text));
        }
        if !text.starts_with("ACK ") {
            let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:"];
            let lines = text.lines().filter(|line| kept.iter().any(|name| line.starts_with(name)));
            let lines: Vec<_> = lines.map(|line| format!("{}\r\n", line.trim_end())).collect();
            let reply = format!("SIP/2.0 200 OK\r\n{}Content-Length: 0\r\n\r\n", lines.concat());
            self.socket.send(reply.as_bytes()).await?;
        }
        Ok(None)
    }
}

impl Dialog {
    fn to(extension: &str) -> Self {
        let (id, own_tag) = (unique("call"), unique("tag"));
        Self { id, to: extension.to_owned(), own_tag, far_tag: String::new(), number: 0 }
    }

    /// The `Replaces` parameter of a transfer to this call.
    pub(crate) fn replaces(&self) -> String {
        format!("Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", self.id, self.far_tag, self.own_tag)
    }
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

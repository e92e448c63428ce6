//! A SIP phone that acts immediately and without media.

use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::unique;

/// The time limit for a reply.
const SOON: Duration = Duration::from_secs(10);

/// A phone on a separate port.
pub struct SipPhone {
    socket: UdpSocket,
    name: String,
    server: String,
    own: SocketAddr,
    /// What was reported of its transfers.
    progress: Mutex<Vec<u16>>,
}

/// An answered call.
#[derive(Debug, Clone)]
pub struct Dialog {
    /// Its Call-ID.
    pub id: String,
    to: String,
    /// The tag of the phone.
    pub own_tag: String,
    /// The tag of the server.
    pub far_tag: String,
    number: u32,
}

impl SipPhone {
    /// The phone with this name in pjsip.conf.
    pub async fn open(name: &str, sip_port: &str) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let server = format!("127.0.0.1:{sip_port}");
        socket.connect(&server).await?;
        let own = socket.local_addr()?;
        Ok(Self { socket, name: name.to_owned(), server, own, progress: Mutex::default() })
    }

    /// Registers for this many seconds; 0 unregisters.
    pub async fn register(&self, expires: u32) -> io::Result<u16> {
        let mut dialog = Dialog::to(&self.name);
        let headers = format!("Contact: <sip:{}@{}>\r\nExpires: {expires}\r\n", self.name, self.own);
        self.request(&mut dialog, "REGISTER", &headers, "").await
    }

    /// What a channel to the phone is created with.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("PJSIP/{name}/sip:{name}@{}", self.own, name = self.name)
    }

    /// What was reported of its transfers, each a status of SIP such as 200.
    #[must_use]
    pub fn progress(&self) -> Vec<u16> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sends a text message.
    pub async fn message(&self, to: &str, text: &str) -> io::Result<u16> {
        let mut dialog = Dialog::to(to);
        self.request(&mut dialog, "MESSAGE", "Content-Type: text/plain\r\n", text).await
    }

    /// Places a call, which must be answered.
    pub async fn call(&self, extension: &str) -> io::Result<Dialog> {
        let mut dialog = Dialog::to(extension);
        match self.invite(&mut dialog, "sendrecv").await? {
            200 => Ok(dialog),
            status => Err(io::Error::other(format!("the call to {extension}: {status}"))),
        }
    }

    /// Waits for a call, and answers it.
    pub async fn answer(&self) -> io::Result<Dialog> {
        let invitation = loop {
            let text = self.text().await?;
            if text.starts_with("INVITE ") {
                break text;
            }
            self.reply(&text, "", "", "").await?;
        };
        let field = |name| header(&invitation, name).unwrap_or_default();
        let from = field("From");
        let to = from.split_once("sip:").map_or("", |(_, rest)| rest).split('@').next().unwrap_or_default();
        let far_tag = from.split_once(";tag=").map_or("", |(_, tag)| tag).to_owned();
        let dialog = Dialog { id: field("Call-ID").to_owned(), far_tag, ..Dialog::to(to) };
        let headers = format!("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", self.name, self.own);
        self.reply(&invitation, &format!(";tag={}", dialog.own_tag), &headers, &media(1, "sendrecv")).await?;
        Ok(dialog)
    }

    /// Offers the media: `sendonly` holds the call, `sendrecv` resumes it.
    pub async fn invite(&self, dialog: &mut Dialog, direction: &str) -> io::Result<u16> {
        let version = dialog.number + 1;
        let offer = media(version, direction);
        let headers = format!("Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n", self.name, self.own);
        let status = self.request(dialog, "INVITE", &headers, &offer).await?;
        self.send(dialog, "ACK", "", "").await?;
        Ok(status)
    }

    /// Transfers the far end.
    pub async fn refer(&self, dialog: &mut Dialog, target: &str) -> io::Result<u16> {
        let contact = format!("<sip:{}@{}>", self.name, self.own);
        let headers = format!("Contact: {contact}\r\nRefer-To: <{target}>\r\nReferred-By: {contact}\r\n");
        self.request(dialog, "REFER", &headers, "").await
    }

    /// The SIP address of this extension.
    pub fn address(&self, extension: &str) -> String {
        format!("sip:{extension}@{}", self.server)
    }

    /// Hangs up.
    pub async fn bye(&self, dialog: &mut Dialog) -> io::Result<u16> {
        self.request(dialog, "BYE", "", "").await
    }

    /// Answers all requests until the future completes.
    ///
    /// # Panics
    ///
    /// If the server cannot be reached.
    pub async fn answering<T>(&self, until: impl Future<Output = T>) -> T {
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
        let text = self.text().await?;
        if text.starts_with("SIP/2.0 ") {
            return Ok(Some(text));
        }
        if text.starts_with("NOTIFY ") {
            let status = text.split("\r\n\r\nSIP/2.0 ").nth(1).and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
            self.progress.lock().unwrap_or_else(PoisonError::into_inner).extend(status);
        }
        if !text.starts_with("ACK ") {
            self.reply(&text, "", "", "").await?;
        }
        Ok(None)
    }

    async fn text(&self) -> io::Result<String> {
        let mut bytes = vec![0; 65536];
        let length = self.socket.recv(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    /// Accepts a request. The tag is for the first one of a dialog.
    async fn reply(&self, request: &str, tag: &str, headers: &str, body: &str) -> io::Result<()> {
        let kept = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Record-Route:"];
        let lines = request.lines().take_while(|line| !line.trim_end().is_empty());
        let lines = lines.filter(|line| kept.iter().any(|name| line.starts_with(name)));
        let line = |line: &str| format!("{}{}\r\n", line.trim_end(), if line.starts_with("To:") { tag } else { "" });
        let lines: Vec<_> = lines.map(line).collect();
        let text = format!("SIP/2.0 200 OK\r\n{}{headers}Content-Length: {}\r\n\r\n{body}", lines.concat(), body.len());
        self.socket.send(text.as_bytes()).await.map(drop)
    }
}

/// A description of media that are never sent.
fn media(version: u32, direction: &str) -> String {
    format!(
        "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
         m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na={direction}\r\n"
    )
}

impl Dialog {
    fn to(extension: &str) -> Self {
        let (id, own_tag) = (unique("call"), unique("tag"));
        Self { id, to: extension.to_owned(), own_tag, far_tag: String::new(), number: 0 }
    }

    /// The `Replaces` parameter of a transfer to this call.
    #[must_use]
    pub fn replaces(&self) -> String {
        format!("Replaces={}%3Bto-tag%3D{}%3Bfrom-tag%3D{}", self.id, self.far_tag, self.own_tag)
    }
}

fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

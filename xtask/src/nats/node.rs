//! One server: its files and its process.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::config::{Layout, Ports};
use crate::asterisk::programs::tail;

/// A server, which may run.
#[derive(Debug)]
pub(crate) struct Node {
    /// `n1`, `n2` or `n3`.
    pub(crate) name: String,
    ports: Ports,
    dir: PathBuf,
}

impl Node {
    pub(crate) fn new(folder: &Path, ports: Ports) -> Self {
        let name = format!("n{}", ports.number);
        Self { dir: folder.join(&name), name, ports }
    }

    /// What a client connects to.
    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.ports.client)
    }

    /// What the server prints.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// Its configuration.
    pub(crate) fn config(&self) -> PathBuf {
        self.dir.join("nats.conf")
    }

    /// The process; `None` if it does not run.
    pub(crate) fn pid(&self) -> Option<u32> {
        let pid = fs::read_to_string(self.dir.join("pid")).ok()?.trim().parse().ok()?;
        self.is_ours(pid).then_some(pid)
    }

    /// The number can belong to another process by now.
    fn is_ours(&self, pid: u32) -> bool {
        let output = Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]).output();
        let words = match fs::read(format!("/proc/{pid}/cmdline")) {
            Ok(words) => words,
            Err(_) => output.map(|output| output.stdout).unwrap_or_default(),
        };
        String::from_utf8_lossy(&words).contains(&self.config().display().to_string())
    }

    /// Starts the server in its own session, so that it outlives the terminal.
    pub(crate) fn start(&self, layout: &Layout) -> Result<()> {
        fs::create_dir_all(&self.dir).with_context(|| self.dir.display().to_string())?;
        let config = layout.config_of(self.ports, &self.dir.join("store"));
        fs::write(self.config(), config).with_context(|| self.config().display().to_string())?;
        let log = File::create(self.log()).with_context(|| self.log().display().to_string())?;
        let errors = log.try_clone().with_context(|| self.log().display().to_string())?;
        let mut command = Command::new("setsid");
        command.arg(&layout.program).arg("-c").arg(self.config()).arg("-P").arg(self.dir.join("pid"));
        command.current_dir("/").stdin(Stdio::null()).stdout(log).stderr(errors);
        command.spawn().context("cannot run `setsid`")?;
        Ok(())
    }

    /// Waits until the server answers, and JetStream is ready.
    pub(crate) fn wait_until_ready(&self, patience: Duration) -> Result<()> {
        let end = Instant::now() + patience;
        while !self.is_ready().unwrap_or(false) {
            if Instant::now() >= end {
                let said = fs::read_to_string(self.log()).unwrap_or_default();
                bail!("NATS {} is not ready, see {}:\n{}", self.name, self.log().display(), tail(&said, 10));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn is_ready(&self) -> std::io::Result<bool> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports.monitor));
        let patience = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut reply = Vec::new();
        stream.take(64 * 1024).read_to_end(&mut reply)?;
        Ok(reply.starts_with(b"HTTP/1.1 200 "))
    }

    /// Stops the server and deletes its files. Returns whether it ran.
    pub(crate) fn stop(&self) -> Result<bool> {
        let was_running = self.pid().is_some();
        if !self.end("TERM", Duration::from_secs(5)) && !self.end("KILL", Duration::from_secs(5)) {
            bail!("NATS {} does not end: process {:?}", self.name, self.pid());
        }
        if self.dir.exists() {
            fs::remove_dir_all(&self.dir).with_context(|| self.dir.display().to_string())?;
        }
        Ok(was_running)
    }

    /// Kills the server. Returns whether it ran.
    pub(crate) fn kill(&self) -> Result<bool> {
        let was_running = self.pid().is_some();
        if self.end("KILL", Duration::from_secs(5)) {
            return Ok(was_running);
        }
        bail!("NATS {} does not end: process {:?}", self.name, self.pid())
    }

    /// Sends a signal and waits for the end of the process; whether it has ended.
    fn end(&self, signal: &str, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let Some(pid) = self.pid() else { return true };
        // A process that ended meanwhile is what is wanted.
        let _ = Command::new("kill").args(["-s", signal, &pid.to_string()]).output();
        while self.is_ours(pid) {
            if Instant::now() >= end {
                return false;
            }
            sleep(Duration::from_millis(20));
        }
        true
    }
}

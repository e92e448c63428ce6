//! Which server a command speaks to, and as whom.
//!
//! What the command line says comes first, then the environment, then the current profile. A profile's password goes to
//! that profile's server and user only.

use std::env;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use ari_bindings::{Client, ClientBuilder};

use crate::cli::Globals;
use crate::failure::Failure;
use crate::profiles::{Profile, Profiles};

/// Where the HTTP server of Asterisk is unless http.conf says otherwise.
const LOCAL: &str = "http://localhost:8088/ari";

/// The variable that has the password.
const PASSWORD: &str = "ARI_PASSWORD";

/// A server and its user.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// The name of its profile, if it comes from one.
    pub(crate) profile: Option<String>,
    /// The base URL, such as `http://localhost:8088/ari`.
    pub(crate) url: String,
    /// The user of ari.conf.
    pub(crate) user: String,
    password: Password,
}

/// Where a password comes from.
#[derive(Clone)]
enum Password {
    File(String),
    Command(String),
    Environment,
    Prompt,
}

impl Server {
    /// The server that the options, the environment, the profiles or the default name.
    pub(crate) fn of(globals: &Globals) -> Result<Self, Failure> {
        let url = globals.url.clone().or_else(|| of_environment("ARI_URL").filter(|_| globals.server.is_none()));
        let (profile, found) = chosen(globals, url.is_some())?.unzip();
        let url = url.or_else(|| found.as_ref().map(|profile| profile.url.clone())).unwrap_or_else(|| LOCAL.to_owned());
        check(&url)?;
        let of_profile = found.as_ref().map(|profile| profile.user.clone());
        let Some(user) = globals.user.clone().or(of_profile).or_else(|| of_environment("ARI_USER")) else {
            let remedy = "--user NAME, ARI_USER, or `ari server add NAME URL --user NAME`";
            return Err(Failure::usage(format!("no user for {url}")).with_remedy(remedy));
        };
        let password = Password::of(found.as_ref().filter(|profile| profile.url == url && profile.user == user));
        Ok(Self { profile, url, user, password })
    }

    /// A client for it, to be configured further.
    pub(crate) fn client(&self) -> Result<ClientBuilder, Failure> {
        Ok(Client::builder(&self.url).credentials(&self.user, self.password.get(self)?))
    }

    /// Where its password comes from, in words.
    pub(crate) fn password_source(&self) -> String {
        match &self.password {
            Password::File(_) => "file".to_owned(),
            Password::Command(command) => format!("command: {command}"),
            Password::Environment => PASSWORD.to_owned(),
            Password::Prompt => "prompt".to_owned(),
        }
    }

    /// Whether nobody has to be asked for the password.
    pub(crate) fn is_unattended(&self) -> bool {
        !matches!(self.password, Password::Prompt)
    }
}

impl Password {
    fn of(profile: Option<&Profile>) -> Self {
        match profile {
            Some(Profile { password: Some(password), .. }) => Self::File(password.clone()),
            Some(Profile { password_command: Some(command), .. }) => Self::Command(command.clone()),
            _ if env::var_os(PASSWORD).is_some() => Self::Environment,
            _ => Self::Prompt,
        }
    }

    fn get(&self, server: &Server) -> Result<String, Failure> {
        match self {
            Self::File(password) => Ok(password.clone()),
            Self::Command(command) => run(command),
            Self::Environment => {
                of_environment(PASSWORD).ok_or_else(|| Failure::usage(format!("{PASSWORD} is empty or no text")))
            }
            Self::Prompt => ask(&format!("Password of {} at {}: ", server.user, server.url)),
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// The profile: the one that is asked for, or else the current one, unless a URL says which server it is.
fn chosen(globals: &Globals, has_url: bool) -> Result<Option<(String, Profile)>, Failure> {
    let asked = globals.server.clone().or_else(|| of_environment("ARI_SERVER").filter(|_| !has_url));
    if asked.is_none() && has_url {
        return Ok(None);
    }
    let profiles = Profiles::load()?;
    let Some(name) = asked.or_else(|| profiles.current.clone()) else { return Ok(None) };
    let profile = profiles.get(&name)?.clone();
    Ok(Some((name, profile)))
}

/// Refuses a URL with a password: arguments and the environment are seen by others.
pub(crate) fn check(url: &str) -> Result<(), Failure> {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Failure::usage("the URL has a user or password, which other users of this machine can see")
            .with_remedy("give the user by --user or ARI_USER, and the password by ARI_PASSWORD or a profile"));
    }
    Ok(())
}

/// Asks for a password on the terminal.
pub(crate) fn ask(prompt: &str) -> Result<String, Failure> {
    if !io::stderr().is_terminal() {
        return Err(Failure::usage("no password, and no terminal to ask for it")
            .with_remedy(format!("set {PASSWORD}, or add the server with --password-command or --password-stdin")));
    }
    rpassword::prompt_password(prompt).map_err(|error| Failure::other(format!("no password: {error}")))
}

/// The first line that a command of the user prints.
fn run(command: &str) -> Result<String, Failure> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |reason: String| Failure::usage(format!("the password command `{command}` failed: {reason}"));
    let output = Command::new(shell).args([flag, command]).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(output.status.to_string()));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| failed("its output is not UTF-8".to_owned()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(failed("it printed nothing".to_owned())),
    }
}

fn of_environment(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

use std::process::Command;

use crate::run::{Done, Server, feed, program, run};

/// A home without anything in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> std::path::PathBuf {
        self.0.path().join("ari/servers.toml")
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.env("ARI_CONFIG", self.file()).env_remove("ARI_USER").env_remove("ARI_PASSWORD").args(arguments);
        command
    }

    fn ari(&self, arguments: &[&str]) -> Done {
        run(&mut self.program(arguments))
    }
}

#[test]
fn a_named_server_needs_nothing_else() {
    let (server, home) = (Server::start(), Home::new());
    let add = ["server", "add", "office", &server.url(), "--user", "asterisk", "--password-stdin"];
    let added = feed(&mut home.program(&add), "asterisk\n");
    assert_eq!(added.status, 0, "{added:?}");
    for arguments in [&["asterisk", "ping"][..], &["-s", "office", "asterisk", "ping"]] {
        assert_eq!(home.ari(arguments).status, 0);
    }
    let shown = home.ari(&["server", "show", "--jq", ".name, .user, .password"]);
    assert_eq!(shown.stdout, "office\nasterisk\nfile\n");
    let listed = home.ari(&["server", "list", "-o", "json"]);
    assert!(
        !listed.stdout.contains("\"asterisk\"\n") && !listed.stdout.contains("password\": \"asterisk"),
        "{listed:?}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let add = ["server", "add", "a", "http://pbx/ari", "--user", "u", "--password-command", "echo secret"];
    assert_eq!(home.ari(&add).status, 0);
    let mode = || std::fs::metadata(home.file()).unwrap().permissions();
    assert_eq!(mode().mode() & 0o777, 0o600);
    let mut open = mode();
    open.set_mode(0o644);
    std::fs::set_permissions(home.file(), open).unwrap();
    assert!(home.ari(&["server", "list"]).stderr.contains("chmod 600"));
}

#[cfg(unix)]
#[test]
fn a_command_gives_the_password() {
    let (server, home) = (Server::start(), Home::new());
    let add =
        ["server", "add", "a", &server.url(), "--user", "asterisk", "--password-command", "echo asterisk; echo more"];
    assert_eq!(home.ari(&add).status, 0);
    assert_eq!(home.ari(&["asterisk", "ping"]).status, 0);
    let add = ["server", "add", "a", &server.url(), "--user", "asterisk", "--password-command", "exit 3"];
    assert_eq!(home.ari(&add).status, 0);
    let failed = home.ari(&["asterisk", "ping"]);
    assert_eq!(failed.status, 2, "{failed:?}");
    assert!(failed.stderr.contains("exit status: 3"), "{failed:?}");
}

#[test]
fn a_password_goes_to_its_own_server_only() {
    let (server, home) = (Server::start(), Home::new());
    let add = ["server", "add", "other", "http://127.0.0.1:1/ari", "--user", "asterisk", "--password-stdin"];
    assert_eq!(feed(&mut home.program(&add), "asterisk\n").status, 0);
    let elsewhere = home.ari(&["-s", "other", "--url", &server.url(), "asterisk", "ping"]);
    assert_eq!(elsewhere.status, 2, "{elsewhere:?}");
    assert!(elsewhere.stderr.contains("no password"), "{elsewhere:?}");
}

#[test]
fn the_option_comes_before_the_environment_and_that_before_the_current_server() {
    let home = Home::new();
    for name in ["a", "b"] {
        let url = format!("http://{name}/ari");
        assert_eq!(home.ari(&["server", "add", name, &url, "--user", "u", "--no-password"]).status, 0);
    }
    let url = |command: &mut Command| run(command.args(["server", "show", "--jq", ".url"])).stdout;
    assert_eq!(url(&mut home.program(&[])), "http://a/ari\n", "the first is the current one");
    assert_eq!(home.ari(&["server", "use", "b"]).status, 0);
    assert_eq!(url(&mut home.program(&[])), "http://b/ari\n");
    assert_eq!(url(home.program(&[]).env("ARI_SERVER", "a")), "http://a/ari\n");
    assert_eq!(url(home.program(&["-s", "a"]).env("ARI_URL", "http://c/ari")), "http://a/ari\n");
    assert_eq!(url(home.program(&["--user", "u"]).env("ARI_URL", "http://c/ari")), "http://c/ari\n");
    assert_eq!(home.ari(&["server", "remove", "b"]).status, 0);
    let gone = home.ari(&["-s", "b", "server", "show"]);
    assert_eq!(gone.status, 2, "{gone:?}");
    assert!(gone.stderr.contains("there are a"), "{gone:?}");
}

#[test]
fn a_broken_file_is_named_without_its_passwords() {
    let home = Home::new();
    std::fs::create_dir_all(home.file().parent().unwrap()).unwrap();
    std::fs::write(home.file(), "[servers.a]\nurl = 'x'\nuser = 'u'\npassword = 'secret' oops").unwrap();
    let broken = home.ari(&["server", "list"]);
    assert_eq!(broken.status, 2, "{broken:?}");
    assert!(broken.stderr.contains("servers.toml") && !broken.stderr.contains("secret"), "{broken:?}");
}

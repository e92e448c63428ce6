use std::io::Write;
use std::net::TcpListener;

use crate::run::{Done, Server, program, run};

fn doctor(server: &Server, arguments: &[&str]) -> Done {
    server.ari(&[&["doctor"], arguments].concat())
}

/// The level of each check of that name, and its remedy.
fn levels(server: &Server, check: &str, arguments: &[&str]) -> Vec<String> {
    let filter = format!(".[] | select(.check == \"{check}\") | .level");
    let done = doctor(server, &[arguments, &["--jq", &filter]].concat());
    done.stdout.lines().map(str::to_owned).collect()
}

fn at(url: &str) -> Done {
    run(program().env("ARI_URL", url).arg("doctor"))
}

#[test]
fn a_server_is_checked_from_the_network_to_its_calls() {
    let server = Server::start();
    for check in ["reachable", "credentials", "rights", "events", "applications", "recordings", "advisories"] {
        assert_eq!(levels(&server, check, &[]), ["ok"], "{check}: {:?}", doctor(&server, &[]));
    }
    // The fake begins at the same moment in every run, which is long ago.
    assert_eq!(levels(&server, "clock", &[]), ["warning"]);
    let text = doctor(&server, &[]);
    assert!(text.status == 1 && text.stdout.contains(" days behind the one here"), "{text:?}");
    assert!(text.stdout.starts_with("ok         reachable    http://127.0.0.1:"), "{text:?}");
}

#[test]
fn missing_modules_are_named_with_what_they_are_for() {
    let server = Server::start();
    assert_eq!(levels(&server, "modules", &[])[0], "ok");
    for module in ["res_ari_channels.so", "res_ari_sounds.so"] {
        assert_eq!(server.ari(&["api", "DELETE", &format!("/asterisk/modules/{module}")]).status, 0);
    }
    let done = doctor(&server, &[]);
    assert_eq!(done.status, 6, "{done:?}");
    let flat = done.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains("error modules not running: res_ari_channels (channels) → load res_ari_channels by"),
        "{flat}"
    );
    assert!(flat.contains("warning modules not running: res_ari_sounds (the list of sounds) → load"), "{flat}");
}

#[test]
fn wrong_credentials_are_told_from_a_wrong_path() {
    let server = Server::start();
    let denied = run(program().env("ARI_URL", server.url()).env("ARI_PASSWORD", "wrong").arg("doctor"));
    assert_eq!(denied.status, 4, "{denied:?}");
    assert!(
        denied.stdout.contains("ok         reachable") && denied.stdout.contains("error      credentials"),
        "{denied:?}"
    );
    assert!(!denied.stdout.contains("wrong"), "{denied:?}");
    let hidden = Server::with(|builder| builder.prefix("/pbx"));
    let missed = at(&hidden.url().replace("/pbx", ""));
    assert_eq!(missed.status, 5, "{missed:?}");
    let flat = missed.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(&format!("ARI is at {}: use that URL", hidden.url().trim_end_matches('/'))), "{missed:?}");
}

#[test]
fn what_is_no_server_of_ari_is_told_apart() {
    let refused = at("http://127.0.0.1:1/ari");
    assert!(refused.status == 5 && refused.stdout.contains("nothing listens there"), "{refused:?}");
    let server = Server::start();
    let encrypted = at(&server.url().replace("http:", "https:"));
    assert!(encrypted.status == 5 && encrypted.stdout.contains("tlsbindaddr"), "{encrypted:?}");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ari", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let _ = connection.unwrap().write_all(b"Asterisk Call Manager/9.0.0\r\n");
        }
    });
    let manager = at(&url);
    assert!(manager.status == 5 && manager.stdout.contains("AMI or SIP"), "{manager:?}");
}

#[test]
fn a_reader_and_an_old_release_are_warned_of() {
    let server = Server::with(|builder| builder.release("16.30.1").read_only_user("reader", "reader"));
    let mut command = program();
    command.env("ARI_URL", server.url()).env("ARI_USER", "reader").env("ARI_PASSWORD", "reader");
    let done = run(command.args(["doctor", "--jq", "map(select(.level == \"warning\") | .check) | join(\" \")"]));
    assert_eq!(done.stdout, "rights clock release advisories\n", "{done:?}");
}

#[test]
fn a_recording_that_is_tried_leaves_nothing() {
    let server = Server::start();
    let done = doctor(&server, &["--write"]);
    assert!(done.stdout.contains("a recording was written and deleted"), "{done:?}");
    for what in ["recordings/stored", "bridges"] {
        let left = server.ari(&["api", "GET", what]);
        assert_eq!(left.stdout, "[]\n", "{what}");
    }
}

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use crate::run::{Done, program, run};

fn diff(arguments: &[&str]) -> Done {
    run(program().arg("diff").args(arguments))
}

fn api_docs() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../api-docs"))
}

/// A server that says it is of one release and serves the declarations of another; it ends with the tests.
fn server(version: &'static str, folder: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/ari", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut request = String::new();
            let mut reader = BufReader::new(connection.try_clone().unwrap());
            while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {}
            let path = request.split_whitespace().nth(1).unwrap();
            let body = match path.strip_prefix("/ari/api-docs/") {
                Some(file) => std::fs::read_to_string(api_docs().join(folder).join(file)).unwrap(),
                None => format!("{{\"system\": {{\"version\": \"{version}\"}}}}"),
            };
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n";
            let head = format!("{head}Content-Length: {}\r\n\r\n", body.len());
            connection.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    url
}

#[test]
fn a_report_is_text_for_people_and_json_on_request() {
    let text = diff(&["20.20.1", "22"]);
    assert!(text.stdout.starts_with("Asterisk 20.20.1 → 22.10.1\n"), "{text:?}");
    assert!(text.stdout.contains("event-added: ChannelToneDetected") && text.status == 0, "{text:?}");
    let rules = diff(&["20", "22", "--jq", ".changes[].rule"]);
    assert!(rules.stdout.lines().any(|line| line == "event-added"), "{rules:?}");
    let json = diff(&["20", "22", "-o", "json"]);
    assert!(json.stdout.starts_with("{\n  \"") && json.stdout.contains("\"summary\""), "{json:?}");
    for (form, start) in [("text", "Asterisk"), ("json", "{"), ("markdown", "# "), ("github", "::")] {
        let report = diff(&["20", "21", "--format", form]);
        assert!(report.stdout.starts_with(start), "{form}: {report:?}");
    }
}

#[test]
fn level_and_audience_decide_the_exit_status() {
    for (arguments, status) in [
        (&["20", "21"][..], 0),
        (&["20", "21", "--fail-on", "break"], 1),
        (&["16", "18", "--fail-on", "break"], 0),
        (&["16", "18", "--fail-on", "risk"], 1),
        (&["16", "18", "--fail-on", "risk", "--audience", "rust"], 0),
        (&["22", "22", "--fail-on", "add"], 0),
    ] {
        assert_eq!(diff(arguments).status, status, "{arguments:?}");
    }
    let accepted = std::env::temp_dir().join(format!("ari-accepted-{}", std::process::id()));
    std::fs::write(&accepted, "event-added ChannelToneDetected # ignored\n").unwrap();
    let file = accepted.to_str().unwrap();
    assert_eq!(diff(&["20", "22", "--fail-on", "risk"]).status, 1);
    assert_eq!(diff(&["20", "22", "--fail-on", "risk", "--accepted", file]).status, 0);
    std::fs::remove_file(accepted).unwrap();
}

#[test]
fn a_folder_and_a_server_are_compared_as_releases_are() {
    let folder = api_docs().join("22.10.1").display().to_string();
    let equal = diff(&["22.10.1", &folder, "--fail-on", "add"]);
    assert!(equal.status == 0 && equal.stdout.ends_with("no changes\n"), "{equal:?}");
    let url = server("22.4.0-rc1", "22.10.1");
    let equal = diff(&["22.10.1", &url, "--fail-on", "add"]);
    assert!(equal.status == 0 && equal.stdout.ends_with("no changes\n"), "{equal:?}");
    let same = run(program().env("ARI_URL", &url).args(["diff", "server:", "22"]));
    assert!(same.status == 0 && same.stdout.ends_with("no changes\n"), "{same:?}");
}

#[test]
fn check_compares_a_server_with_the_release_of_its_branch() {
    let check = |url: &str, more: &[&str]| run(program().env("ARI_URL", url).args(["diff", "--check"]).args(more));
    let equal = check(&server("22.4.0-rc1", "22.10.1"), &[]);
    assert!(equal.status == 0 && equal.stdout.starts_with("Asterisk 22.10.1 → http://"), "{equal:?}");
    let url = server("20.1.0", "21.12.3");
    let lacking = check(&url, &[]);
    assert!(
        lacking.status == 1 && lacking.stdout.contains("operation-removed: channels.getChannelVars"),
        "{lacking:?}"
    );
    assert_eq!(check(&url, &["--fail-on", "never"]).status, 0);
    let unknown = check(&server("GIT-master-abc", "22.10.1"), &[]);
    assert!(unknown.status == 2 && unknown.stderr.contains("does not report its release"), "{unknown:?}");
}

#[test]
fn sides_that_cannot_be_compared_are_named() {
    for (arguments, status, expected) in [
        (&["1.2.3", "22"][..], 2, "the declarations of 1.2.3 are not part of this program, only those of 16.30.1"),
        (&["22", "nowhere"], 2, "nowhere is no folder, release or server"),
        (&["22", "/"], 2, "cannot read /resources.json"),
        (&["22", "http://me:secret@127.0.0.1:1/ari"], 2, "the URL has a user or password"),
        (&["22", "http://127.0.0.1:1/ari"], 5, "127.0.0.1:1"),
        (&["--explain", "nothing"], 2, "there is no rule `nothing`"),
        (&["22"], 2, "<NEW>"),
    ] {
        let done = diff(arguments);
        assert!(done.status == status && done.stderr.contains(expected), "{arguments:?}: {done:?}");
    }
}

#[test]
fn rules_are_listed_and_explained() {
    assert!(diff(&["--explain"]).stdout.contains("param-moved"));
    assert!(diff(&["--explain", "param-moved"]).stdout.starts_with("param-moved: "));
}

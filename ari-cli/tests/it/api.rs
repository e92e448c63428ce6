use crate::run::{Server, program, run};

#[test]
fn a_reply_is_json_in_a_pipe_and_a_table_on_request() {
    let server = Server::start();
    let json = server.ari(&["api", "GET", "/asterisk/modules"]);
    assert!(json.stdout.starts_with("[\n  {\n    \"description\": \""), "{json:?}");
    let table = server.ari(&["-o", "table", "api", "get", "asterisk/modules"]);
    assert!(table.stdout.starts_with("DESCRIPTION "), "{table:?}");
    let nothing = server.ari(&["-o", "table", "api", "GET", "/channels"]);
    assert_eq!((nothing.stdout.as_str(), nothing.stderr.as_str()), ("", "none\n"));
}

#[test]
fn jq_filters_a_reply() {
    let server = Server::start();
    let done = server.ari(&["api", "GET", "/asterisk/info", "--jq", ".config.name, (.system | keys | length)"]);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{done:?}");
    assert!(!lines[0].contains('"') && lines[1].parse::<u32>().is_ok(), "{done:?}");
}

#[test]
fn the_exit_status_says_what_failed() {
    let server = Server::start();
    let missing = server.ari(&["api", "GET", "/channels/none"]);
    assert_eq!(missing.status, 3, "{missing:?}");
    assert!(missing.stderr.contains("404") && missing.stdout.is_empty(), "{missing:?}");
    let refused = server.ari(&["--user", "nobody", "api", "GET", "/channels"]);
    assert_eq!(refused.status, 4, "{refused:?}");
    assert!(refused.stderr.contains("remedy: ") && refused.stderr.contains("ari.conf"), "{refused:?}");
    let absent = run(program().args(["--url", "http://127.0.0.1:1/ari", "api", "GET", "/channels"]));
    assert_eq!(absent.status, 5, "{absent:?}");
    for wrong in [&["api", "GET"][..], &["api", "SING", "/x"], &["api", "GET", "/x", "--jq", ".["]] {
        assert_eq!(server.ari(wrong).status, 2);
    }
}

#[test]
fn a_password_in_the_arguments_is_refused() {
    let done = run(program().args(["--url", "http://u:secret@127.0.0.1:1/ari", "api", "GET", "/channels"]));
    assert_eq!(done.status, 2, "{done:?}");
    assert!(!done.stderr.contains("secret") && done.stderr.contains("ARI_PASSWORD"), "{done:?}");
}

#[test]
fn dry_run_prints_curl_without_the_password() {
    let json = r#"{"variables": {"A": "it's"}}"#;
    let arguments = [
        "--url",
        "http://localhost:8088/ari/",
        "--dry-run",
        "api",
        "POST",
        "/channels",
        "-f",
        "app=a b",
        "--json",
        json,
    ];
    let done = run(program().args(arguments));
    assert_eq!(
        done.stdout,
        "curl -sS -u \"asterisk:$ARI_PASSWORD\" -X POST 'http://localhost:8088/ari/channels?app=a%20b' \
         -H 'Content-Type: application/json' -d '{\"variables\":{\"A\":\"it'\\''s\"}}'\n"
    );
}

use crate::run::{Server, program, run};

/// What a shell offers for the last of these words, each with its description.
fn offered(server: Option<&Server>, words: &[&str]) -> Vec<String> {
    let mut command = program();
    if let Some(server) = server {
        command.env("ARI_URL", server.url());
    }
    let done = run(command.env("COMPLETE", "fish").args(["--", "ari"]).args(words));
    done.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_options_and_values_are_offered() {
    let names = |words: &[&str]| -> Vec<String> {
        let offered = offered(None, words);
        offered.iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(&["chan"]), ["channels"]);
    assert_eq!(names(&["channels", "ring"]), ["ring", "ring-stop"]);
    assert!(names(&["channels", "originate", "--caller"]).contains(&"--caller-id".to_owned()));
    assert_eq!(names(&["channels", "mute", "1", ""])[..3], ["both", "in", "out"]);
}

#[test]
fn ids_are_those_that_the_server_has() {
    let server = Server::start();
    assert_eq!(server.ari(&["bridges", "create-with-id", "meeting", "--name", "board"]).status, 0);
    assert_eq!(offered(Some(&server), &["bridges", "destroy", "me"]), ["meeting\tboard"]);
    let url = server.url();
    assert_eq!(offered(None, &["--url", &url, "bridges", "destroy", "me"]), ["meeting\tboard"]);
}

#[test]
fn a_server_that_is_not_there_offers_nothing() {
    assert!(offered(None, &["--url", "http://127.0.0.1:1/ari", "bridges", "destroy", "me"]).is_empty());
}

#[test]
fn each_shell_has_a_script() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = run(program().args(["completions", shell]));
        assert!(done.status == 0 && done.stdout.contains("COMPLETE"), "{done:?}");
    }
}

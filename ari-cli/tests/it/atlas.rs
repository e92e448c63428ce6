//! The commands that the atlas shows.

/// Each with the method and the beginning of the path of its request before it, behind a `#`.
const COMMANDS: &str = include_str!("atlas.sh");

/// A shell reads their quotes, which Windows does not have.
#[cfg(unix)]
#[test]
fn commands_of_the_atlas_send_the_requests_of_their_operations() {
    use crate::run::{program, run};

    let script = COMMANDS.replace("\n# ", "\necho ").replace("\nari ", "\n\"$0\" --url http://pbx/ari --dry-run ");
    let ari = program();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-e", "-c", &script]).arg(ari.get_program());
    for (name, value) in ari.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let done = run(&mut shell);
    assert_eq!(done.status, 0, "{done:?}");
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(lines.len(), 2 * COMMANDS.lines().filter(|line| line.starts_with("ari ")).count());
    for operation in lines.chunks(2) {
        let [expected, curl] = operation else { unreachable!("there are as many of one as of the other") };
        let expected = expected.replacen(' ', " 'http://pbx/ari", 1);
        assert!(curl.contains(&format!("-X {expected}")), "{expected}: {curl}");
    }
}

//! Completion in real shells, with the script that `ari completions` prints.

use std::env;
use std::path::Path;
use std::process::Command;

/// Runs a script of this shell with `ari` on its path.
fn shell(program: &str, arguments: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_ari")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), env::var("PATH").unwrap());
    let output = Command::new(program).args(arguments).env("PATH", path).env("ARI_CONFIG", "/nonexistent").output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; install it, or test without `shells`"));
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn bash_completes() {
    let script = r#"
        source <(ari completions bash)
        complete -p ari
        COMP_WORDS=(ari channels ans) COMP_CWORD=2 COMP_LINE='ari channels ans' COMP_POINT=16 COMP_TYPE=9
        "$(complete -p ari | sed 's/.*-F \([^ ]*\).*/\1/')" ari ans channels
        echo "offered: ${COMPREPLY[*]}"
    "#;
    let output = shell("bash", &["--norc", "-c", script]);
    assert!(output.contains("offered: answer"), "{output}");
}

#[test]
fn fish_completes() {
    let output = shell("fish", &["--no-config", "-c", "ari completions fish | source; complete -C 'ari channels ans'"]);
    assert!(output.starts_with("answer\t"), "{output}");
}

#[test]
fn zsh_completes() {
    let script = r#"
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "PS1=; autoload -U compinit; compinit -u -D; source <(ari completions zsh); echo rea''dy"
        zpty -r shell seen '*ready*'
        zpty -w -n shell $'ari channels ans\t'
        zpty -r shell seen '*ari channels answer*' && print offered: answer
        zpty -d shell
    "#;
    let output = shell("zsh", &["-f", "-c", script]);
    assert!(output.contains("offered: answer"), "{output}");
}

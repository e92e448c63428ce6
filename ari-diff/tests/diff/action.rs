//! The action for workflows, with a cargo that builds a program which prints what it was asked.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Notes the folder it runs in, and builds a program that annotates a file of the checkout and one outside it.
const CARGO: &str = r#"#!/usr/bin/env bash
pwd > "$CALLED"
mkdir -p "$CARGO_TARGET_DIR/debug"
cat > "$CARGO_TARGET_DIR/debug/ari" <<'PROGRAM'
#!/usr/bin/env bash
echo "$*"
echo "::error file=$CHECKOUT/api/a.json,line=1,col=2,title=rule::inside"
echo "::error file=/elsewhere/a.json,line=1,col=2,title=rule::outside"
PROGRAM
chmod +x "$CARGO_TARGET_DIR/debug/ari"
"#;

fn action() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.github/actions/ari-diff").canonicalize().unwrap()
}

/// Runs the action in a checkout that has the folder `api`, with these inputs.
fn run(test: &str, inputs: &[(&str, &str)]) -> (PathBuf, Output) {
    let folder = std::env::temp_dir().join(format!("ari-diff-action-{test}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("bin")).unwrap();
    std::fs::create_dir_all(folder.join("checkout/api")).unwrap();
    let cargo = folder.join("bin/cargo");
    std::fs::write(&cargo, CARGO).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
    let checkout = folder.join("checkout").canonicalize().unwrap();
    let mut command = Command::new(action().join("compare"));
    command.current_dir(&checkout).env("PATH", path).env("GITHUB_ACTION_PATH", action()).env("CHECKOUT", &checkout);
    command.env("CALLED", folder.join("called")).env("CARGO_TARGET_DIR", folder.join("target"));
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary"));
    for name in ["URL", "OLD", "NEW", "AGAINST", "ACCEPTED"] {
        command.env(name, "");
    }
    command.env("FAIL_ON", "break").env("AUDIENCE", "wire").envs(inputs.iter().copied());
    (folder, command.output().unwrap())
}

#[test]
fn action_builds_in_its_own_folder_and_annotates_only_the_checkout() {
    let (folder, output) = run("releases", &[("OLD", "22.10.1"), ("NEW", "api")]);
    let text = String::from_utf8(output.stdout).unwrap();
    let checkout = folder.join("checkout").canonicalize().unwrap();
    let expected = format!(
        "diff 22.10.1 {}/api --audience wire --format github --fail-on break\n\
         ::error file=api/a.json,line=1,col=2,title=rule::inside\n::error title=rule::outside\n",
        checkout.display()
    );
    assert_eq!(text, expected, "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(Path::new(std::fs::read_to_string(folder.join("called")).unwrap().trim()), action());
    assert!(output.status.success());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn action_refuses_inputs_that_name_no_comparison() {
    for (test, inputs) in [("none", &[][..]), ("both", &[("URL", "http://localhost/ari"), ("OLD", "22.10.1")])] {
        let (folder, output) = run(test, inputs);
        assert_eq!(output.status.code(), Some(2), "{test}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}

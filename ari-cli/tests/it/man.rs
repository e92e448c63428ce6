use crate::run::{program, run};

#[test]
fn each_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let done = run(program().arg("man").arg(folder.path()));
    assert_eq!(done.status, 0, "{done:?}");
    let page = std::fs::read_to_string(folder.path().join("ari-channels-originate.1")).unwrap();
    assert!(page.contains("Calls an endpoint") && page.contains("caller\\-id"), "{page}");
}

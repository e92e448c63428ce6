use crate::run::{Done, program, run};

fn history(arguments: &[&str]) -> Done {
    run(program().arg("history").args(arguments))
}

#[test]
fn a_release_has_the_items_that_came_with_it() {
    let step = history(&["22.8"]);
    assert_eq!(
        step.stdout,
        "Asterisk 20.18.0 = 22.8.0 = 23.2.0\n  1 parameter\n    parameter channels.externalMedia.transport_data\n"
    );
    let all = history(&[]);
    assert!(all.stdout.contains(&step.stdout) && all.stdout.contains("Asterisk 16.2.0 = "), "{all:?}");
    let json = history(&["22.8", "--jq", ".[].came[]"]);
    assert_eq!(json.stdout, "parameter channels.externalMedia.transport_data\n");
}

#[test]
fn an_item_has_its_first_release_in_each_branch() {
    let table = history(&["channels.externalMedia.transport_data"]);
    assert_eq!(
        table.stdout,
        "ITEM                                             16  18  20       21  22      23\n\
         parameter channels.externalMedia.transport_data  –   –   20.18.0  –   22.8.0  23.2.0\n"
    );
    let json = history(&["Channel.tenantid", "--jq", ".[0].since | keys | join(\" \")"]);
    assert_eq!(json.stdout, "18 20 21 22 23\n");
    let parts = history(&["StasisStart"]);
    assert!(parts.stdout.contains("event StasisStart ") && parts.stdout.contains("property StasisStart.args "));
}

#[test]
fn an_unknown_item_has_suggestions() {
    let unknown = history(&["chanels.orginate"]);
    assert!(unknown.status == 3 && unknown.stderr.contains("did you mean channels.originate"), "{unknown:?}");
    assert_eq!(history(&["22.9"]).status, 2, "between two that are recorded");
    assert!(history(&["1.8"]).stderr.contains("nothing is recorded of Asterisk 1.8"));
}

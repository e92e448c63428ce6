//! Applications that clients have.

use ari_bindings::Client;

use super::check::Check;
use super::get;
use crate::failure::Failure;

pub(super) async fn check(client: &Client, wanted: &[String], checks: &mut Vec<Check>) {
    let list = match get(client, "/applications").await {
        Ok(list) => list,
        Err(error) => return checks.push(Check::skipped("applications", Failure::from(error).to_string())),
    };
    let names: Vec<&str> = list.as_array().into_iter().flatten().filter_map(|app| app["name"].as_str()).collect();
    for name in wanted {
        checks.push(if names.contains(&name.as_str()) {
            Check::warning(
                "applications",
                format!("`{name}` is there already: another client is connected under that name, or was and left calls behind"),
                "a client that connects takes the events away from the one before it, which gets `ApplicationReplaced`: stop \
                 the other, or choose another name",
            )
        } else {
            Check::ok("applications", format!("`{name}` is free"))
        });
    }
    if wanted.is_empty() {
        let found = if names.is_empty() { "none is connected".to_owned() } else { names.join(", ") };
        checks.push(Check::ok("applications", found));
    }
}

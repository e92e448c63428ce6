//! Whether there are sounds to play, and whether recordings can be written.

use std::time::Duration;

use ari_bindings::{Client, Error, Method, Request};

use super::check::Check;
use super::{get, unique};
use crate::failure::Failure;

const FOLDER: &str = "create the folder `recording` below `astspooldir` of asterisk.conf (usually \
                      /var/spool/asterisk/recording), and let the user that Asterisk runs as write there";

pub(super) async fn sounds(client: &Client) -> Check {
    match get(client, "/sounds/hello-world").await {
        Ok(sound) => {
            let formats = sound["formats"].as_array().into_iter().flatten();
            let languages: Vec<&str> = formats.filter_map(|format| format["language"].as_str()).collect();
            Check::ok("sounds", format!("hello-world is there in {}", languages.join(", ")))
        }
        Err(Error::Refused { status: 404, .. }) => Check::warning(
            "sounds",
            "hello-world is not there",
            "install the core sounds (Debian: asterisk-core-sounds-en), or play your own; res_ari_sounds lists them",
        ),
        Err(error) => Check::skipped("sounds", Failure::from(error).to_string()),
    }
}

pub(super) async fn folder(client: &Client, may_write: bool) -> Check {
    match get(client, "/recordings/stored").await {
        Ok(_) if may_write => written(client).await,
        Ok(list) => {
            let count = list.as_array().map_or(0, Vec::len);
            Check::ok(
                "recordings",
                format!("the folder is there, with {count}; --write tries whether it can be written"),
            )
        }
        // What Asterisk says is about memory, and misleads.
        Err(Error::Refused { status: 500, .. }) => {
            Check::warning("recordings", "the folder of recordings is missing", FOLDER)
        }
        Err(error) => Check::skipped("recordings", Failure::from(error).to_string()),
    }
}

/// Records a bridge in which nobody is, and deletes all that this made.
async fn written(client: &Client) -> Check {
    let name = unique();
    let recorded = record(client, &name).await;
    for (path, parameter) in
        [("/recordings/live/{name}", "name"), ("/recordings/stored/{name}", "name"), ("/bridges/{name}", "name")]
    {
        // Those that are not there are none to delete.
        let _ = client.send(Request::new(Method::Delete, path).path_parameter(parameter, &name)).await;
    }
    match recorded {
        Ok(()) => Check::ok("recordings", "a recording was written and deleted"),
        Err(error) => Check::error("recordings", format!("cannot be written: {}", Failure::from(error)), FOLDER),
    }
}

async fn record(client: &Client, name: &str) -> Result<(), Error> {
    let on = |method, path: &'static str| Request::new(method, path).path_parameter("name", name);
    client.send(on(Method::Post, "/bridges/{name}").query_parameter("type", "mixing")).await?;
    let request = on(Method::Post, "/bridges/{name}/record");
    let request = request.query_parameter("name", name).query_parameter("format", "wav");
    client.send(request.query_parameter("maxDurationSeconds", "5")).await?;
    client.send(on(Method::Post, "/recordings/live/{name}/stop")).await?;
    // The file is there a moment after the reply.
    let mut last = client.send(on(Method::Get, "/recordings/stored/{name}")).await;
    for _ in 0..20 {
        if last.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        last = client.send(on(Method::Get, "/recordings/stored/{name}")).await;
    }
    last.map(drop)
}

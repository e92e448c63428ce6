use ari_bindings::Client;

use super::{Row, row};

pub(crate) fn rows(ari: &Client) -> Vec<Row> {
    vec![
        row(ari.recordings().list_stored().into_request(), &["GET recordings/stored"]),
        row(ari.recordings().get_stored("dir/r+1 ä").into_request(), &["GET recordings/stored/dir%2Fr%2B1%20%C3%A4"]),
        row(
            ari.recordings().delete_stored("dir/r+1 ä").into_request(),
            &["DELETE recordings/stored/dir%2Fr%2B1%20%C3%A4"],
        ),
        row(
            ari.recordings().get_stored_file("dir/r+1 ä").into_request(),
            &["GET recordings/stored/dir%2Fr%2B1%20%C3%A4/file"],
        ),
        row(
            ari.recordings().copy_stored("dir/r+1 ä", "dir/copy+1").into_request(),
            &["POST recordings/stored/dir%2Fr%2B1%20%C3%A4/copy", "?destinationRecordingName=dir%2Fcopy%2B1"],
        ),
        row(ari.recordings().get_live("dir/r+1 ä").into_request(), &["GET recordings/live/dir%2Fr%2B1%20%C3%A4"]),
        row(ari.recordings().cancel("dir/r+1 ä").into_request(), &["DELETE recordings/live/dir%2Fr%2B1%20%C3%A4"]),
        row(ari.recordings().stop("dir/r+1 ä").into_request(), &["POST recordings/live/dir%2Fr%2B1%20%C3%A4/stop"]),
        row(ari.recordings().pause("dir/r+1 ä").into_request(), &["POST recordings/live/dir%2Fr%2B1%20%C3%A4/pause"]),
        row(
            ari.recordings().unpause("dir/r+1 ä").into_request(),
            &["DELETE recordings/live/dir%2Fr%2B1%20%C3%A4/pause"],
        ),
        row(ari.recordings().mute("dir/r+1 ä").into_request(), &["POST recordings/live/dir%2Fr%2B1%20%C3%A4/mute"]),
        row(ari.recordings().unmute("dir/r+1 ä").into_request(), &["DELETE recordings/live/dir%2Fr%2B1%20%C3%A4/mute"]),
    ]
}

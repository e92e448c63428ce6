#!/usr/bin/env bash
# The tutorial of docs/src/cli.md, as it is typed, on a real server: configure, listen, a phone dials 1000, answer, play, a
# digit, hold, unhold, hang up.
#
# Usage: tutorial.sh URL PHONE…   where PHONE is the command of a phone that dials 1000 and presses 1 after the answer.
# It needs `ari` on the path, and ARI_PASSWORD.
set -euo pipefail
url=$1
shift
folder=$(mktemp -d)
export ARI_CONFIG=$folder/servers.toml
trap 'kill $(jobs -p) 2>/dev/null || true; rm -r "$folder"' EXIT

# Waits for an event of this type, and fails after ten seconds.
wait_for() {
  grep --max-count=1 --quiet "\"type\": *\"$1\"" < <(timeout 10 tail --lines=+1 --follow "$folder/calls.jsonl" 2>/dev/null) || {
    echo "no $1 in:" && cat "$folder/calls.jsonl"
    return 1
  } >&2
  echo "event: $1"
}

printf '%s' "$ARI_PASSWORD" | ari server add lab "$url" --user asterisk --password-stdin
unset ARI_PASSWORD ARI_URL ARI_USER

# Warnings are no obstacle.
ari doctor || [[ $? == 1 ]]

mkfifo "$folder/ready"
ari listen hello-world --json > "$folder/calls.jsonl" 2> "$folder/ready" &
listener=$!
grep --max-count=1 listening < "$folder/ready"

"$@" &
phone=$!
wait_for StasisStart
channel=$(ari channels list --jq '.[] | select(.dialplan.exten == "1000") | .id')
ari explain channels.answer > "$folder/explained"
ari channels answer "$channel"
ari channels play "$channel" sound:hello-world
wait_for PlaybackFinished
wait_for ChannelDtmfReceived
ari channels hold "$channel"
ari channels unhold "$channel"
ari channels hangup "$channel"
wait_for StasisEnd
wait "$phone"
kill -INT "$listener"
wait "$listener"
echo "the call is over"

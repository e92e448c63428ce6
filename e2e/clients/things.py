"""Hooks of schemathesis: half of the requests are about a channel, bridge, playback or recording that exists."""

import base64
import itertools
import os
import random
import threading

import httpx
import schemathesis
from websockets.sync.client import connect

base, user, password = (os.environ[name] for name in ("ARI_URL", "ARI_USER", "ARI_PASSWORD"))
ari = httpx.Client(base_url=base, auth=(user, password))
choice = random.Random(1)
number = itertools.count()
events = connect(
    base.replace("http", "ws", 1) + "/events?app=properties",
    additional_headers={"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()},
)
entered = threading.Event()


def drain():
    for message in events:
        if '"StasisStart"' in message:
            entered.set()


threading.Thread(target=drain, daemon=True).start()


def new_name():
    return f"properties-{os.getpid()}-{next(number):06}"


def fresh(path, **query):
    """A new one each time: a channel that plays or records keeps other requests waiting."""
    last = None

    def make():
        nonlocal last
        if last:
            ari.delete(f"{path}/{last}")
        last = new_name()
        entered.clear()
        ari.post(f"{path}/{last}", params=query).raise_for_status()
        return last

    return make


def channel():
    name = originated()
    entered.wait(5)
    return name


def playback():
    name = new_name()
    ari.post(f"/channels/{channel()}/play/{name}", params={"media": "sound:demo-congrats"}).raise_for_status()
    return name


def recording():
    name = new_name()
    ari.post(f"/channels/{channel()}/record", params={"name": name, "format": "wav"}).raise_for_status()
    return name


originated = fresh("/channels", endpoint="Local/wait@default", app="properties")
things = {
    "channelId": channel,
    "bridgeId": fresh("/bridges"),
    "playbackId": playback,
    "recordingName": recording,
    "applicationName": lambda: "properties",
    "deviceName": lambda: "Stasis:properties",
    "tech": lambda: "PJSIP",
    "resource": lambda: "phone-a",
}


@schemathesis.hook
def before_call(context, case, kwargs):
    is_new = case.operation.definition.raw["operationId"] in ("channelsOriginateWithId", "bridgesCreateWithId")
    if is_new or choice.random() < 0.5:
        return
    for name in case.path_parameters or {}:
        if name in things:
            case.path_parameters[name] = things[name]()

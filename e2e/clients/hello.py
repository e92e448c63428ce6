"""Hello, world with what openapi-python-client and datamodel-code-generator make of the documents: calls itself, answers,
plays a sound, hangs up."""

import base64
import os
import sys

from ari_client import AuthenticatedClient
from ari_client.api.channels import channels_answer, channels_hangup, channels_originate, channels_play
from ari_client.models import ChannelsOriginateBody, ChannelsOriginateBodyVariables
from ari_events import Event
from websockets.sync.client import connect

base, user, password = (os.environ[name] for name in ("ARI_URL", "ARI_USER", "ARI_PASSWORD"))
credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
app = f"hello-py-{os.getpid()}"
ari = AuthenticatedClient(base_url=base, token=credentials, prefix="Basic", raise_on_unexpected_status=True)
seen = []


def call():
    variables = ChannelsOriginateBodyVariables.from_dict({"GREETING": "hello"})
    channel = channels_originate.sync(
        client=ari,
        endpoint=f"Local/stasis-{app}@default",
        context="default",
        extension="wait",
        body=ChannelsOriginateBody(variables=variables),
    )
    print(f"calls with {channel.name}")


def handle(message):
    # Types that are newer than the document are an UnknownEvent.
    event = Event.model_validate_json(message).root
    event = getattr(event, "root", event)
    seen.append(event.type)
    match event.type:
        case "StasisStart":
            channel = event.channel.id
            answered = channels_answer.sync_detailed(channel, client=ari).status_code
            # This generator repeats the parameter for several values, of which the server takes the last.
            playback = channels_play.sync(channel, client=ari, media=["sound:hello,sound:beep"])
            print(f"{answered}: plays {playback.media_uri}")
        case "PlaybackFinished":
            print(event.playback.state.root)
            channel = event.playback.target_uri.removeprefix("channel:")
            assert channels_hangup.sync_detailed(channel, client=ari).status_code == 204
        case "StasisEnd":
            print("the call has ended")
            return False
    return True


url = base.replace("http", "ws", 1) + f"/events?app={app}"
with connect(url, additional_headers={"Authorization": f"Basic {credentials}"}) as events:
    call()
    while handle(events.recv(timeout=30)):
        pass
sys.exit(0 if "PlaybackContinuing" in seen else 1)

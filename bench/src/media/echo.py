"""An echo of AudioSocket by asyncio: each frame is played back, one every 20 ms."""

import asyncio

FRAME = 0.020
CATCH_UP = 0.060
HANG_UP, AUDIO = 0x00, 0x10


async def play(writer, frames):
    clock = asyncio.get_running_loop().time
    due = clock()
    while True:
        frame = await frames.get()
        now = clock()
        if due > now:
            await asyncio.sleep(due - now)
        elif now - due > CATCH_UP:
            due = now
        writer.write(frame)
        await writer.drain()
        due += FRAME


async def echo(reader, writer):
    frames = asyncio.Queue(3)
    playing = asyncio.create_task(play(writer, frames))
    try:
        while True:
            header = await reader.readexactly(3)
            payload = await reader.readexactly(int.from_bytes(header[1:], "big"))
            if header[0] == HANG_UP:
                break
            if header[0] == AUDIO and not frames.full():
                frames.put_nowait(header + payload)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        playing.cancel()
        writer.close()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

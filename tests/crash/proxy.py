"""A proxy on a link between two agents: cuts it, delays it, and says things twice. It knows ZMTP 3 as far as needed to
tell whole messages apart: a greeting of 64 octets, then frames of flags, length and content."""
import asyncio
import contextlib
import os
import random
import threading

GREETING, MORE, LONG, COMMAND = 64, 1, 2, 4


async def read_frame(reader):
    """(flags, octets of the whole frame)"""
    flags = await reader.readexactly(1)
    length = await reader.readexactly(8 if flags[0] & LONG else 1)
    return flags[0], flags + length + await reader.readexactly(int.from_bytes(length, "big"))


async def read_message(reader):
    """(whether it is a message of the agents, octets) of one message or command with all its frames."""
    flags, octets = await read_frame(reader)
    is_message = not flags & COMMAND
    while flags & MORE:
        flags, frame = await read_frame(reader)
        octets += frame
    return is_message, octets


class Proxy:
    """Listens at one UNIX socket and speaks with another. delay: seconds for each message; repeat: the share of
    messages that are sent a second time, at once or a little later; down: connections are closed at once."""

    def __init__(self, listen, target, seed):
        self.listen, self.target, self.chance = listen, target, random.Random(seed)
        self.delay, self.repeat, self.down = 0.0, 0.0, False
        self.connections, self.messages, self.repeated, self.cuts = set(), 0, 0, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self._call(asyncio.start_unix_server(self._serve, listen))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if self.down:
                writer.close()
                return
            far_reader, far_writer = await asyncio.open_unix_connection(self.target)
            pair = (writer, far_writer)
            self.connections.add(pair)
            try:
                await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            finally:
                self.connections.discard(pair)
                for end in pair:
                    end.transport.abort()
        writer.transport.abort()

    async def _pump(self, reader, writer):
        left = GREETING
        while left:  # each side says the rest of its greeting only when it has seen the beginning of the other's
            octets = await reader.read(left)
            if not octets:
                return
            writer.write(octets)
            left -= len(octets)
        while True:
            is_message, octets = await read_message(reader)
            if self.delay:
                await asyncio.sleep(self.chance.uniform(0, self.delay))
            writer.write(octets)
            if is_message and b'"hello"' not in octets[:200] and b'"welcome"' not in octets[:200]:
                self.messages += 1
                if self.chance.random() < self.repeat:
                    self.repeated += 1
                    self.loop.call_later(self.chance.choice((0, 0.05, 0.5)), self._say_again, writer, octets)
            await writer.drain()

    @staticmethod
    def _say_again(writer, octets):
        if not writer.transport.is_closing():
            writer.write(octets)

    def cut(self):
        """Breaks all connections, in the middle of whatever is said."""
        self.cuts += 1
        self._call(self._cut())

    async def _cut(self):
        for pair in self.connections:
            for end in pair:
                end.transport.abort()

    async def _end(self):
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await self._cut()
        await asyncio.sleep(0)

    def close(self):
        self._call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        os.unlink(self.listen)

"""Sessions that send letters as fast as they are taken, with PIPELINING, and come back when a server dies on them."""
import asyncio
import base64
import re
import ssl
from dataclasses import dataclass

REPLY_TIME = 120  # longer than any stop of an agent in these tests
BROKEN = (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, ssl.SSLError)


@dataclass(frozen=True)
class Door:
    """Where letters go in: port 25 (no login), or submission with STARTTLS and a login."""
    port: int
    sender: str
    password: str = ""
    host: str = "127.0.0.1"


class Refused(Exception):
    """A reply that ends a transaction."""


class Session:
    def __init__(self, door):
        self.door = door

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(self.door.host, self.door.port, limit=1 << 20)
        await self.expect("220")
        await self.say("EHLO client.test", "250")
        if self.door.password:
            await self.say("STARTTLS", "220")
            context = ssl._create_unverified_context()  # the agents' own certificate
            await self.writer.start_tls(context)
            await self.say("EHLO client.test", "250")
            word = base64.b64encode(f"\0{self.door.sender}\0{self.door.password}".encode()).decode()
            await self.say(f"AUTH PLAIN {word}", "235")

    async def say(self, line, code):
        self.writer.write(line.encode() + b"\r\n")
        return await self.expect(code)

    async def reply(self):
        async with asyncio.timeout(REPLY_TIME):
            text = b""
            while True:
                line = await self.reader.readuntil(b"\r\n")
                text += line
                if line[3:4] != b"-":
                    return text.decode(errors="replace").strip()

    async def expect(self, code):
        reply = await self.reply()
        if not reply.startswith(code):
            raise Refused(reply)
        return reply

    async def send(self, letter):
        """One transaction; letter.state says how it went. Raises one of BROKEN when the connection breaks."""
        letter.state = "unsent"
        commands = [f"MAIL FROM:<{letter.sender}>", *(f"RCPT TO:<{to}>" for to in letter.recipients), "DATA"]
        self.writer.write("".join(command + "\r\n" for command in commands).encode())
        replies = [await self.reply() for _ in commands]
        wrong = [reply for reply in replies[:-1] if not reply.startswith("250")]
        if not replies[-1].startswith("354"):
            letter.state, letter.reply = "refused", (wrong or replies[-1:])[0]
            await self.say("RSET", "250")
            return
        if wrong:  # a letter to some of its recipients would make the count hard: it is given up
            letter.reply = wrong[0]
            raise ConnectionAbortedError(wrong[0])
        self.writer.write(re.sub(rb"(?m)^\.", b"..", letter.octets))
        await self.writer.drain()
        letter.state = "unknown"
        self.writer.write(b".\r\n")
        letter.reply = await self.reply()
        letter.state = "acked" if letter.reply.startswith("250") else "refused"

    def close(self):
        if hasattr(self, "writer"):
            self.writer.transport.abort()


class Load:
    """Runs sessions until stop(), or until `most` letters were tried. acked(letter) is called as soon as its 250 is read."""

    def __init__(self, post, doors, acked=lambda letter: None, most=None):
        self.post, self.doors, self.acked, self.most = post, doors, acked, most
        self.letters, self.breaks, self.refusals, self.stopped = [], 0, {}, False

    async def run(self):
        await asyncio.gather(*(self._keep_sending(door) for door in self.doors))

    def stop(self):
        self.stopped = True

    def _more(self):
        return not self.stopped and (self.most is None or len(self.letters) < self.most)

    async def _keep_sending(self, door):
        while self._more():
            session = Session(door)
            try:
                await session.open()
                while self._more():
                    await self._send_one(session)
            except Refused as refused:
                self._count(str(refused))
                await asyncio.sleep(0.05)
            except BROKEN:
                self.breaks += 1
                await asyncio.sleep(0.02)
            finally:
                session.close()

    async def _send_one(self, session):
        letter = self.post.write(session.door.sender)
        self.letters.append(letter)
        try:
            await session.send(letter)
        finally:
            letter.octets = b""  # a long run sends a million
        if letter.state == "acked":
            self.acked(letter)
        else:
            self._count(letter.reply)
            await asyncio.sleep(0.05)

    def _count(self, reply):
        code = reply.split("\r")[0][:60]
        self.refusals[code] = self.refusals.get(code, 0) + 1

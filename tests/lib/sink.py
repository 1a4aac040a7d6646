"""A peer by script: takes mail at whatever address it is reached, notes each message that it took, and misbehaves as the
recipient's local part says. Runs as a program on its host: sink.py FOLDER, or in a thread (tests/power/peer.py); FOLDER/taken has a JSON line for each dot:
{t: seconds since the epoch, from, to, subject, letter, whole, at: address}; the octets of mail for keep@ go to FOLDER/kept-N."""
import asyncio
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from letters import recognise  # noqa: E402

GREY_S = 2  # greylist.test: how long a new pair of sender and recipient has to wait
SLOW_S = 0.03  # slow@: from the dot to its reply
CLOSE = object()
# Local part -> the reply to its RCPT
AT_RCPT = {
    "unknown": b"550 5.1.1 nobody of that name\r\n", "busy": b"451 4.3.0 come back later\r\n",
    "lines": b"".join(b"550-5.7.1 line %d of many\r\n" % number for number in range(90)) + b"550 5.7.1 the last\r\n",
    "nul": b"550 5.7.1 before\0 after \x1b[31m red \xff\xfe\r\n", "garbage": b"what do you want\r\n", "empty": b"\r\n",
    "long": b"550 5.7.1 " + b"x" * 1_000_000 + b"\r\n", "bare": b"550 5.7.1 bare\rreturn\nand feed\r\n",
    "mixed": b"550-5.7.1 one code\r\n250 2.0.0 another\r\n", "shell": b"550 5.7.1 $(touch /tmp/x) `id` |cat; \"'\r\n",
    "fields": b"550 5.7.1 no\r\n", "early": b"354 go on\r\n",
    "endless": CLOSE,  # never ends its reply
}
# Local part -> the reply to the dot of its message
AT_DOT = {
    "full": b"452 4.3.1 no room\r\n", "spam": b"554 5.7.1 not of that kind\r\n", "cut": CLOSE,
}


class Session(asyncio.Protocol):
    def __init__(self, sink):
        self.sink, self.buffer, self.in_data, self.silent = sink, bytearray(), False, False

    def connection_made(self, transport):
        self.transport, self.at = transport, transport.get_extra_info("sockname")[0]
        self.forget()
        transport.write(b"220 sink.test ESMTP\r\n")

    def forget(self):
        self.sender, self.recipients = "", []

    def data_received(self, octets):
        self.buffer += octets
        self.read_on()

    def read_on(self):
        while not self.transport.is_closing() and not self.silent:
            end = self.buffer.find(b"\r\n.\r\n" if self.in_data else b"\r\n")
            if end < 0:
                break
            part = bytes(self.buffer[:end + 2])
            del self.buffer[:end + (5 if self.in_data else 2)]
            reply = self.dot(part) if self.in_data else self.command(part[:-2].decode("utf-8", "replace"))
            if reply is CLOSE:
                self.transport.close()
            elif reply:
                self.transport.write(reply)

    def command(self, line):
        verb = line[:4].upper()
        path = line.partition("<")[2].partition(">")[0]
        if verb == "EHLO":
            self.client = line[5:]
            return b"250-sink.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES\r\n"
        if verb == "MAIL":
            self.forget()
            self.sender = path
        if verb == "RCPT":
            return self.recipient(path)
        if verb == "DATA":
            if not self.recipients:
                return b"554 5.5.1 for whom?\r\n"
            self.in_data = True
            self.buffer[:0] = b"\r\n"  # so that a message without a line has an end too
            return b"354 go on\r\n"
        if verb == "QUIT":
            self.transport.write(b"221 2.0.0 bye\r\n")
            return CLOSE
        return b"250 2.0.0 Ok\r\n"

    def recipient(self, path):
        local, _, domain = path.partition("@")
        if local == "endless":
            asyncio.ensure_future(self.endless())
            return b""
        if reply := AT_RCPT.get(local):
            return reply
        if domain == "greylist.test":
            first = self.sink.seen.setdefault((self.sender, path), time.time())
            if time.time() - first < GREY_S:
                return b"451 4.7.1 Greylisted, try again later\r\n"
        self.recipients.append(path)
        return b"250 2.1.5 Ok\r\n"

    async def endless(self):
        while not self.transport.is_closing():
            self.transport.write(b"250-and another line\r\n")
            await asyncio.sleep(0.002)

    def dot(self, octets):
        self.in_data = False
        octets = octets[2:]
        local = self.recipients[0].partition("@")[0]
        reply = AT_DOT.get(local)
        if reply is CLOSE and (self.sender, local) in self.sink.seen:  # the second time it is good
            reply = None
        if reply is CLOSE or reply is None:
            self.sink.note(self, octets, local)
        self.sink.seen[self.sender, local] = 0
        self.forget()
        reply = reply or b"250 2.0.0 Ok: taken\r\n"
        if local.startswith("slow"):
            self.silent = True
            asyncio.get_running_loop().call_later(SLOW_S, self.speak, reply)
            return None
        return reply

    def speak(self, reply):
        self.silent = False
        if not self.transport.is_closing():
            self.transport.write(reply)
            self.read_on()


class Sink:
    def __init__(self, folder):
        self.folder, self.seen, self.count = folder, {}, 0
        self.taken = open(f"{folder}/taken", "a", buffering=1)

    def note(self, session, octets, local):
        self.count += 1
        letter, whole = recognise(octets.replace(b"\r\n..", b"\r\n."))
        subject = (re.search(rb"^Subject: (\S+)", octets, re.MULTILINE) or [b"", b""])[1].decode(errors="replace")
        if local == "keep":
            with open(f"{self.folder}/kept-{self.count}", "wb") as out:
                out.write(octets)
        self.taken.write(json.dumps({"t": time.time(), "from": session.sender, "to": session.recipients, "letter": letter,
                                     "whole": whole, "at": session.at, "subject": subject}) + "\n")


async def main(folder):
    sink = Sink(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Session(sink), "0.0.0.0", 25, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

"""The other server of the power test, in a thread: takes mail of a Futár on loopback and tells what it took."""
import asyncio
import collections
import threading

from letters import recognise
from sink import Session

ADDRESS = "127.0.0.1"
DOMAIN = "far.test"


class Peer:
    """For the recorded run and for all that come after its cuts: mail that waits knows this address. `taken(name, mailbox)`
    is called in the moment of the dot, before the reply."""

    def __init__(self, port=0):
        self.taken, self.seen, self.copies = lambda name, mailbox: None, {}, collections.defaultdict(list)
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(self.loop.create_server(lambda: Session(self), ADDRESS, port))
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def note(self, session, octets, local):
        """A message was taken (called by sink.Session)."""
        name, whole = recognise(octets.replace(b"\r\n..", b"\r\n."))
        for recipient in session.recipients:
            mailbox = recipient.partition("@")[0]
            self.copies[session.client].append((mailbox, name, whole, "over SMTP"))
            self.taken(name, mailbox)

    def config(self):
        """Lines of [mta] that lead here."""
        return f'remote = "direct"\nsmart_host = "smtp://{ADDRESS}:{self.port}"'

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()

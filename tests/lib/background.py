"""Things that run beside a test: a load in a thread of its own, the reader of all mailboxes as a process."""
import asyncio
import os
import signal
import subprocess
import sys
import threading

from load import Load

HERE = os.path.dirname(os.path.abspath(__file__))


class BackgroundLoad(Load):
    """A Load that has its own thread: start(), then stop() and join(), or join() alone when it ends by itself."""

    def start(self):
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)
        self.thread.start()
        return self

    def join(self, seconds=150):
        """True when all sessions have ended."""
        self.thread.join(seconds)
        return not self.thread.is_alive()


class BackgroundReader:
    """reader.py over all mailboxes of a world."""

    def __init__(self, world):
        self.out = f"{world.root}/log/reader.out"
        open(self.out, "a").close()
        self.process = subprocess.Popen([sys.executable, f"{HERE}/reader.py", world.mailboxes, self.out])

    def stop(self):
        """Ends it after a last look; true when it did not fail."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(300) == 0

"""What the front door says: always on stderr, since stdout belongs to COMMAND."""
import sys

quiet = False


def say(heading, text="", always=False):
    """One line, the heading in a column of its own; with --quiet only what went wrong is `always` said."""
    if always or not quiet:
        print(f"{heading:<9} {text}".rstrip(), file=sys.stderr, flush=True)


def plain(text):
    if not quiet:
        print(text, file=sys.stderr, flush=True)


class Failed(Exception):
    """Ends the front door with a sentence and an exit status (sysexits)."""

    def __init__(self, text, status=70):
        super().__init__(text)
        self.status = status

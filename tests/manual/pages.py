"""The pages of deploy/ as blocks of commands."""
import re
from dataclasses import dataclass
from pathlib import Path

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PAGES = ("quick-start", "production", "dns", "certificates", "smart-host", "switching", "upgrade", "troubleshooting")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MAY_END = re.compile(r"^(.*?) +# status (\d+)$", re.MULTILINE)
NAMED = re.compile(r"`([a-z-]+(?:/[a-zA-Z-]+)*\.md)`")
MIRRORS = "Debian's mirrors"


@dataclass
class Block:
    page: str
    number: int
    text: str
    needs: str  # from outside; "" when nothing

    @property
    def name(self):
        return f"{self.page}.md, block {self.number}"

    def script(self):
        """The block for `bash -e`: each command must end with 0 or with the status that the page allows."""
        return MAY_END.sub(r"\1 || [ $? = \2 ]", self.text)


def read(page):
    return (DEPLOY / f"{page}.md").read_text()


def blocks(page):
    found = []
    for kind, text in FENCE.findall(read(page)):
        if kind == "sh":
            needs = re.match(r"# needs ([^,\n:]*)", text)
            found.append(Block(page, len(found) + 1, text, needs[1] if needs else ""))
    return found


def dead_links(page):
    """Pages that this one names and that are not there."""
    return [name for name in NAMED.findall(read(page)) if not (DEPLOY / name).exists()]

"""The command line of deploy/local/run."""
import argparse
import tomllib

from words import Failed


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Failed(f"{message} (deploy/local/run --help)", 64)


def setting(text):
    """"section.key=value" -> (section, key, value); the value is TOML if it parses, else a string."""
    name, equals, value = text.partition("=")
    section, dot, key = name.strip().rpartition(".")
    if not equals or not key or (dot and not section):
        raise argparse.ArgumentTypeError(f"{text!r} is not section.key=value")
    try:
        parsed = tomllib.loads(f"value = {value}")
        value = parsed["value"] if len(parsed) == 1 else value
    except tomllib.TOMLDecodeError:
        pass
    return section, key, value


def port_base(text):
    number = int(text)
    if not 0 <= number <= 64000:
        raise argparse.ArgumentTypeError("wants 0 to 64000")
    return number


def parse(words):
    """The options, with `command` as a list (empty: show the first message and stay)."""
    command = []
    if "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1:]
        if not command:
            raise Failed("no COMMAND stands behind --", 64)
    parser = Parser(prog="deploy/local/run", add_help=False, allow_abbrev=False)
    parser.add_argument("--root")
    parser.add_argument("--port-base", type=port_base)
    parser.add_argument("--set", dest="settings", action="append", default=[], type=setting)
    parser.add_argument("--accounts", type=int, default=2)
    parser.add_argument("--password")
    parser.add_argument("--catch-all", action="store_true")
    parser.add_argument("--no-build", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args(words)
    if options.accounts < 2:
        raise Failed("--accounts wants 2 or more", 64)
    options.command = command
    return options

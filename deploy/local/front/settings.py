"""The config that the front door writes: loopback only, nothing leaves, no limits that a test would run into."""
import ipaddress
import json
import re

from ports import HOST

HOSTNAME = "mail.futar.test"
DOMAIN = "futar.test"


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml_value(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, str):  # a JSON string is a TOML basic string but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def toml(sections):
    """{"": {key: value}, "mta": {...}} as a config file."""
    lines = []
    for section in sorted(sections):
        if section:
            lines += ["", f"[{section}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in sections[section].items()]
    return "\n".join(lines) + "\n"


def is_loopback_url(url):
    host = re.sub(r"^[a-z+]+://", "", url).removeprefix("[").split("]")[0]
    host = host if host.count(":") > 1 else host.split(":")[0]
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sections(root, run_dir, ports, own):
    """The whole config; `own` are the (section, key, value) of --set, which win."""
    made = {
        "": {"hostname": HOSTNAME, "state_dir": f"{root}/state", "run_dir": run_dir},
        "msa": {
            "listen": [f"{HOST}:{ports['SUBMISSIONS']}/implicit", f"{HOST}:{ports['SUBMISSION']}/starttls"],
            "limit_hour": 0,
            "limit_day": 0,
        },
        "mta": {"listen": [f"{HOST}:{ports['MX']}/starttls"]},
        "mda": {"mailboxes": f"{root}/mail"},
        "metrics": {agent: f"{HOST}:{ports[agent.upper() + '_METRICS']}" for agent in ("msa", "mta", "mda")},
    }
    for section, key, value in own:
        made.setdefault(section, {})[key] = value
    mta = made["mta"]
    # Nothing leaves the machine unless a setting says that it should.
    if "remote" not in mta and "smart_host" not in mta:
        mta["remote"] = "capture"
    if mta.get("remote") in ("capture", "hold") or is_loopback_url(str(mta.get("smart_host", ""))):
        made.setdefault("dns", {}).setdefault("servers", [])
    return made

"""One situation: what `futar trace` and `futar explain` say of it against its golden text and against the events themselves."""
import difflib
import os
import re

from normalise import normalised
from situations import DONE, SITUATIONS

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
# State of a recipient -> the kind of event that brings it there.
ENDS = {"relayed": "relayed", "delivered": "delivered", "bounced": "bounced", "expired": "expired", "expanded": "expanded",
        "duplicate": "duplicate", "discarded": "discarded", "cancelled": "cancelled"}


def check_situation(ground, name, update):
    function, states = SITUATIONS[name]
    text, id = "", ""
    for id in function(ground):
        trace = ground.futar("trace", id).stdout
        compare_with_events(ground.told(id), trace)
        text += normalised(f"$ futar trace {id}\n{trace}\n$ futar explain {id}\n{ground.futar('explain', id).stdout}\n", id)
    found = sorted(one["state"] for one in ground.told(id)["recipients"] if one["state"] != "refused")
    if found != states:
        raise AssertionError(f"states {found}, not {states}\n{trace}")
    path = f"{GOLDEN}/{name}.txt"
    if update:
        with open(path, "w") as out:
            out.write(text)
        return
    with open(path) as file:
        golden = file.read()
    if text != golden:
        raise AssertionError("\n".join(difflib.unified_diff(golden.splitlines(), text.splitlines(), "golden", "now", lineterm="")))


def flat(text):
    return re.sub(r"\s+", " ", text)


def compare_with_events(told, trace):
    """The words tell each event, and the events say of each recipient what the count says."""
    for event in told["events"]:
        if flat(event["text"]) not in flat(trace):
            raise AssertionError(f"the trace does not tell: {event['text']}\n{trace}")
    if told["state"] == "refused":
        if not any(event["kind"] == "refused" for event in told["events"]):
            raise AssertionError(f"refused without such an event: {told}")
        return
    for one in told["recipients"]:
        ends = [event for event in told["events"]
                if event["kind"] in ENDS.values() and event["fields"].get("recipient") == one["address"]]
        if one["state"] in DONE and ENDS[one["state"]] not in [event["kind"] for event in ends]:
            raise AssertionError(f"{one['address']} is {one['state']} without such an event\n{trace}")
        if one["state"] not in DONE and ends:
            raise AssertionError(f"{one['address']} is {one['state']} after {ends}\n{trace}")
    same = [one["address"] for one in told["recipients"]]
    ends = [event for event in told["events"] if event["kind"] in ENDS.values()]
    done = [one for one in told["recipients"] if one["state"] in DONE]
    if len(ends) != len(done):
        raise AssertionError(f"{len(ends)} ends of {len(done)} recipients that are done ({same})\n{trace}")

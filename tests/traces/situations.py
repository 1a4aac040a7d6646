"""The twenty situations. Each makes its mail with the real daemons and yields an id whenever its trace is worth a look."""
import base64
import signal
import ssl
import time

from ground import (ALICE, BOB, EVA, FRIEND, FULL, HOME, STRANGER, Wire, id_in)

SITUATIONS = {}
DONE = ("delivered", "relayed", "bounced", "expired", "expanded", "duplicate", "discarded", "cancelled")


def situation(name, *states):
    """`states`: what the recipients are in at the end, in any order; none for what was refused."""
    def mark(function):
        SITUATIONS[name] = (function, sorted(states))
        return function
    return mark


@situation("delivered", "delivered")
def _(ground):
    id = ground.submit(BOB)
    ground.wait_state(id, "delivered")
    yield id


@situation("alias", "expanded", "expanded", "delivered", "delivered", "duplicate")
def _(ground):
    id = ground.submit("team@example.org")
    ground.wait_state(id, *DONE)
    yield id


@situation("mailbox-full")
def _(ground):
    for _ in range(40):  # of its 32 KiB a sixteenth may be left
        reply = ground.receive(FULL, body=b"0123456789abcde\r\n" * 60)
        if reply.startswith("452"):
            break
        ground.wait_state(id_in(reply), "delivered")
    yield id_in(reply)


@situation("deferred", "relayed")
def _(ground):
    id = ground.submit("grey@remote.example")
    ground.wait_event(id, "deferred")
    yield id
    ground.wait_state(id, "relayed")
    yield id


@situation("bounced", "bounced")
def _(ground):
    id = ground.submit("gone@remote.example")
    ground.wait_event(id, "reported")
    yield id


@situation("spoofed")
def _(ground):
    yield id_in(ground.receive(BOB, sender="ceo@bank.example", client=STRANGER))


@situation("unknown-user")
def _(ground):
    yield id_in(ground.receive("nobody@example.org"))


@situation("relay")
def _(ground):
    yield id_in(ground.receive("eve@remote.example", sender="mallory@elsewhere.example", client=STRANGER))


@situation("login")
def _(ground):
    session = ground.connect(HOME, 587)
    session.starttls(context=ssl._create_unverified_context())
    session.ehlo("laptop.example")
    yield id_in(session.docmd("AUTH PLAIN", base64.b64encode(f"\0{ALICE}\0wrong".encode()).decode())[1].decode())
    session.close()


@situation("smuggling")
def _(ground):
    wire = Wire()
    wire.ask("EHLO client.example", "MAIL FROM:<mallory@elsewhere.example>", f"RCPT TO:<{BOB}>", "DATA")
    yield id_in(wire.ask(b"Subject: x\r\n\r\nx\n.\nMAIL FROM:<a@b.example>\r\n.\r\n"))


@situation("expired", "expired")
def _(ground):
    ground.restart("mta", mta='lifetime = "1s"')
    id = ground.submit("user@dead.example")
    ground.wait_event(id, "reported")
    yield id
    ground.restart("mta", mta="")


@situation("held", "delivered")
def _(ground):
    ground.submit(BOB, user="carol@example.org")
    id = ground.submit(BOB, user="carol@example.org")
    ground.wait_state(id, "held")
    yield id
    ground.futar("queue", "release", id[-8:])
    ground.wait_state(id, "delivered")
    yield id


@situation("removed", "cancelled")
def _(ground):
    id = ground.submit("user@dead.example")
    ground.wait_event(id, "deferred")
    ground.futar("queue", "hold", id)
    ground.wait_state(id, "held")
    ground.futar("queue", "remove", id)
    ground.wait_state(id, "cancelled")
    yield id


@situation("large", "delivered")
def _(ground):
    id = ground.submit(BOB, body=(b"x" * 76 + b"\r\n") * 672_000)
    ground.wait_state(id, "delivered")
    yield id


@situation("killed", "delivered")
def _(ground):
    ground.agents["mda"].send(signal.SIGSTOP)
    id = ground.submit(BOB)
    ground.wait_state(id, "in flight")
    for agent in ("mta", "mda"):
        starts = ground.agents[agent].starts
        ground.agents[agent].send(signal.SIGKILL)
        while ground.agents[agent].starts == starts:
            time.sleep(0.01)
        ground.agents[agent].wait_ready()
    ground.wait_state(id, "delivered")
    yield id


@situation("mta-away", "delivered")
def _(ground):
    ground.agents["mta"].stop()
    id = ground.submit(BOB)
    yield id
    ground.agents["mta"].start({})
    ground.agents["mta"].wait_ready()
    ground.wait_state(id, "delivered")
    yield id


@situation("mda-away", "delivered")
def _(ground):
    ground.agents["mda"].stop()
    time.sleep(0.3)
    id = ground.submit(BOB)
    ground.wait_state(id, "waiting")
    yield id
    ground.agents["mda"].start({})
    ground.agents["mda"].wait_ready()
    ground.wait_state(id, "delivered")
    yield id


@situation("forwarded", "expanded", "relayed")
def _(ground):
    id = id_in(ground.receive("away@example.org"))
    ground.wait_state(id, *DONE)
    yield id


@situation("loop", "expanded", "expanded", "bounced")
def _(ground):
    id = ground.submit("round@example.org")
    ground.wait_state(id, *DONE)
    yield id


@situation("dsn", "delivered")
def _(ground):
    id = ground.submit(EVA, options=["RET=HDRS", "ENVID=order-4711"], each=["NOTIFY=SUCCESS,FAILURE"])
    ground.wait_event(id, "reported")
    yield id

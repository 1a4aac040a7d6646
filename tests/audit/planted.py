"""The faults: what is done to the databases while all is stopped, what the audit must say, what a repair makes of it."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    name: str
    agent: str
    letter: str  # of ground.py: the message that it hits
    edit: str  # SQL; :key is the message in this agent's database, :row its first recipient
    says: str  # with {key}, {row}, {id}
    mended: bool = False


FAULTS = (
    Fault("a recipient lost", "mta", "held-1", "DELETE FROM recipient WHERE id = :row",
          "message {key} has not as many recipients as it was accepted with"),
    Fault("recipients without a message", "mta", "sent-1", "DELETE FROM message WHERE key = :key",
          "recipient {row} belongs to no message"),
    Fault("a body lost", "mta", "wait-1", "DELETE FROM content WHERE key = :key", "the body of message {key} is missing"),
    Fault("a header lost", "mta", "wait-2", "UPDATE message SET header = NULL WHERE key = :key",
          "recipient {row} is open, but the content of its message is gone"),
    Fault("no legal state", "mta", "held-2", "UPDATE recipient SET state = 14 WHERE id = :row",
          "recipient {row} is in no legal state", mended=True),
    Fault("a destination lost", "mta", "wait-3", "UPDATE recipient SET destination = 4711, rerouted = 1 WHERE id = :row",
          "recipient {row} waits for a destination that is not there", mended=True),
    Fault("content of what has ended", "mta", "sent-2", "UPDATE message SET header = 'Subject: x' || char(13, 10, 13, 10), size = 0 WHERE key = :key",
          "message {key} has ended, but its content is still here", mended=True),
    Fault("a notification without an id", "mta", "sent-3", "INSERT INTO dsn(recipient, kind) VALUES(:row, 1); UPDATE recipient SET dsn_told = 1 WHERE id = :row",
          "a notification about recipient {row} is neither sent nor suppressed"),
    Fault("a body of nothing", "mta", "sent-4", "INSERT INTO content(key, body) VALUES(:key + 100000, 'x')",
          "belongs to no message"),
    Fault("what msa handed over is unknown", "mta", "sent-5", "DELETE FROM seen WHERE id = (SELECT id FROM message WHERE key = :key)",
          "message {id} (msa's"),
    Fault("delivered, and not in the ledger", "mda", "sent-6", "DELETE FROM delivery WHERE id = :id",
          "message {id} (recipient {row}) is delivered, says mta, and mda's ledger does not know it"),
    Fault("in the ledger, and unknown", "mda", "sent-7", "UPDATE delivery SET row = row + 100000 WHERE id = :id",
          "message {id} (recipient"),
    Fault("neither handed over nor waiting", "msa", "spooled-1", "DELETE FROM outgoing WHERE message = :key",
          "message {key} is neither handed over nor waits for it", mended=True),
    Fault("waiting, and not there", "msa", "spooled-2", "INSERT INTO outgoing(message) VALUES(:key + 100000)",
          "waits for mta, but it is not there", mended=True),
)

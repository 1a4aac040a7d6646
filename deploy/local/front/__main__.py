"""deploy/local/run behind its bash front, which has installed what this needs. README.md beside it tells the rest."""
import os
import signal
import sys

import build
import dovecot
import options as command_line
import people
import ports
import words
from ground import CAPTURED, Ground
from processes import Daemon, Interrupted, Supervisor, end_descendants, stop
from words import Failed, plain, say

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
FIRST_MESSAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "first_message.py")


def main(arguments):
    options = command_line.parse(arguments)
    words.quiet = options.quiet
    builder, runner = people.choose(CHECKOUT)
    programs = f"{build.folder(CHECKOUT)}/bin"
    if not options.no_build:
        build.build(CHECKOUT, builder)
    elif not os.access(f"{programs}/futar-msa", os.X_OK):
        raise Failed(f"--no-build, but there are no programs in {programs}", 64)

    supervisor, ground, status = Supervisor(), None, 70
    try:
        claim = ports.claim(options.port_base)
        ground = Ground(options.root, runner)
        variables, accounts = start(supervisor, ground, programs, claim.ports, options, runner)
        environment = os.environ | variables | {"PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}"}
        status = (supervisor.run(options.command, environment) if options.command
                  else show(supervisor, ground, variables, environment, accounts))
    except Interrupted as interrupted:
        status = interrupted.status
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        stop(supervisor.daemons)
        end_descendants()
        if ground:
            keep = status not in (0, 128 + signal.SIGINT)
            ground.remove(keep_root=keep)
            if keep and ground.root in ground.temporary:
                print(f"root      kept for a look: {ground.root}", file=sys.stderr)
    return status


def start(supervisor, ground, programs, at, options, runner):
    """Accounts first, then mta, msa, mda and Dovecot; returns the variables and the accounts."""
    ground.configure(at, options.settings)
    executable = ground.programs(programs)
    accounts = ground.make_accounts(executable, options)
    with open(ground.certificate) as certificate:
        ground.write("ca.pem", certificate.read())
    for agent, listens in (("mta", "MX"), ("msa", "SUBMISSION"), ("mda", None)):
        daemon = Daemon(agent, [f"{executable}/futar-{agent}", "--config", ground.config], runner,
                        ground.path(f"log/{agent}.log"))
        supervisor.start(daemon, lambda: os.path.exists(f"{ground.run_dir}/{agent}.pid") and
                         (listens is None or not ports.is_free(at[listens])))
    supervisor.start(dovecot.daemon(CHECKOUT, ground, at, runner),
                     lambda: not ports.is_free(at["IMAPS"]) and not ports.is_free(at["POP3S"]))
    say("start", f"msa {at['SUBMISSIONS']} {at['SUBMISSION']} · mta {at['MX']} · mda · "
                 f"IMAP {at['IMAP']} {at['IMAPS']} · POP3 {at['POP3']} {at['POP3S']}")
    variables = ground.variables(programs, at, accounts)
    ground.write_env(variables)
    return variables, accounts


def show(supervisor, ground, variables, environment, accounts):
    """The first message, what to do next, and then stays until Ctrl-C, which is the right way to end it."""
    sender = [sys.executable, "-B", FIRST_MESSAGE]
    if words.quiet:
        sender = ["true"]
    try:
        status = supervisor.run(sender, environment)
        if status:
            return 0 if status == 128 + signal.SIGINT else status
        welcome(ground, accounts)
        while True:
            supervisor.keep(0.5)
    except Interrupted as interrupted:
        return 0 if interrupted.info.si_signo == signal.SIGINT else interrupted.status


def welcome(ground, accounts):
    logins = ", ".join(f"{address} / {word}" for address, word in accounts[:2])
    temporary = ground.root in ground.temporary
    plain(f"""A whole mail server runs, on 127.0.0.1 only. Nothing leaves this machine: mail
for other domains lands in {CAPTURED}. In another terminal:
  . {ground.root}/env              # futar on PATH, accounts, ports
  futar send --from $FUTAR_USER --to $FUTAR_USER2 && futar trace --last 1m
  kill -9 $(cat $FUTAR_ROOT/run/mta.pid)   # then send again: nothing is lost
Log in as {logins}
Ctrl-C stops it and {f"deletes {ground.root} (keep mail: --root DIR)" if temporary else f"keeps {ground.root}"}.""")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failed as failure:
        print(f"futar: {failure}", file=sys.stderr)
        sys.exit(failure.status)
    except KeyboardInterrupt:
        sys.exit(130)

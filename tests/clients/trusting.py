"""COMMAND of a front-door test: trusts FUTAR_CA alone and logs in everywhere."""
import imaplib
import poplib

from harness import BOB, HOST, env, port, submission, tls

submission().quit()
submission(implicit=True).quit()
imaplib.IMAP4_SSL(HOST, port("IMAPS"), ssl_context=tls()).login(BOB, env["FUTAR_PASSWORD2"])
pop3 = poplib.POP3_SSL(HOST, port("POP3S"), context=tls())
pop3.user(BOB)
pop3.pass_(env["FUTAR_PASSWORD2"])

"""apart.py ZONE COMMAND...: in a network of its own, with a DNS server at 127.0.0.1:53 that resolv.conf names."""
import ast
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from nameserver import Nameserver  # noqa: E402

subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
    config.write("nameserver 127.0.0.1\n")
    config.flush()
    subprocess.run(["mount", "--bind", config.name, os.path.realpath("/etc/resolv.conf")], check=True)
    with Nameserver(ast.literal_eval(sys.argv[1]), port=53):
        sys.exit(subprocess.run(sys.argv[2:]).returncode)

"""A DNS server on loopback with a table of records, for programs that ask one server only. UDP and TCP on one port."""
import ipaddress
import socket
import socketserver
import struct
import threading

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52, "SPF": 99}
NXDOMAIN, SERVFAIL = 3, 2


def wire_name(name):
    labels = [label for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in labels) + b"\0"


def wire(kind, value):
    """The data of a record: "192.0.2.1", "mx.example.org", (10, "mx.example.org"), text or a list of texts."""
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack(">H", int(value[0])) + wire_name(value[1])
    if kind == "TLSA":
        return bytes(value[:3]) + bytes.fromhex(value[3])
    if kind in ("TXT", "SPF"):
        strings = [part.encode("latin-1") for part in (value if isinstance(value, (list, tuple)) else [value])]
        parts = [text[at:at + 255] for text in strings for at in range(0, max(len(text), 1), 255)]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return wire_name(value)


class Nameserver:
    """`zone`: {name: [(type, value)...]}. `silent`: names whose other types are never answered. `broken`: names that fail."""

    def __init__(self, zone=None, silent=(), broken=(), port=0, host="127.0.0.1"):
        self.asked = []
        self.load(zone or {}, silent, broken)
        answer = self.answer

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                reply = answer(self.request[0])
                if reply and len(reply) > 1232:
                    reply = reply[:2] + bytes([reply[2] | 2]) + reply[3:6] + b"\0\0" + reply[8:]  # TC: ask over TCP
                    reply = reply[:512]
                if reply:
                    self.request[1].sendto(reply, self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                size = self.rfile.read(2)
                reply = answer(self.rfile.read(struct.unpack(">H", size)[0])) if len(size) == 2 else None
                if reply:
                    self.wfile.write(struct.pack(">H", len(reply)) + reply)

        self.tcp = socketserver.ThreadingTCPServer((host, port), Tcp)
        self.tcp.daemon_threads = True
        self.port = self.tcp.server_address[1]
        self.udp = socketserver.ThreadingUDPServer((host, self.port), Udp)
        for server in (self.tcp, self.udp):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def load(self, zone, silent=(), broken=()):
        self.zone = {name.rstrip(".").lower(): [(TYPES[kind], wire(kind, value)) for kind, value in records]
                     for name, records in zone.items()}
        self.silent = {name.lower() for name in silent}
        self.broken = {name.lower() for name in broken}

    def answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        kind, = struct.unpack_from(">H", query, at + 1)
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        if name in self.broken:
            return self._reply(query, at + 5, SERVFAIL, [])
        known = self.zone.get(name)
        found = [record for record in known or () if record[0] in (kind, TYPES["CNAME"])]
        if not found and name in self.silent:
            return None
        exists = known is not None or any(other.endswith("." + name) for other in self.zone)
        return self._reply(query, at + 5, 0 if exists else NXDOMAIN, found)

    @staticmethod
    def _reply(query, end, rcode, records):
        head = query[:2] + struct.pack(">HHHHH", 0x8580 | rcode, 1, len(records), 0, 0)
        return head + query[12:end] + b"".join(
            b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 300, len(data)) + data for kind, data in records)

    def close(self):
        for server in (self.udp, self.tcp):
            server.shutdown()
            server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

"""The web host of the world: MTA-STS policies (RFC 8461 §3.2) over HTTPS. Runs as a program on its host:
web.py ADDRESS SITES.json, where SITES is {host: {"certificate": PATH, "key": PATH, "status": N, "body": TEXT}}."""
import http.server
import json
import ssl
import sys

PATH = "/.well-known/mta-sts.txt"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        site = self.server.sites.get(self.headers.get("Host", "").partition(":")[0])
        if not site or self.path != PATH:
            site = {"status": 404, "body": "nothing here\n"}
        body = site["body"].encode()
        self.send_response(site["status"])
        if site["status"] == 302:
            self.send_header("Location", f"https://mta-sts.sts.test{PATH}")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(address, path):
    with open(path) as file:
        sites = json.load(file)
    contexts = {}
    for name, site in sites.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(site["certificate"], site["key"])

    def choose(connection, name, _):
        if name in contexts:
            connection.context = contexts[name]

    front = next(iter(contexts.values()))
    front.sni_callback = choose
    server = http.server.ThreadingHTTPServer((address, 443), Handler)
    server.sites, server.daemon_threads = sites, True
    server.socket = front.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])

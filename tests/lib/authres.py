"""What dkimpy's ARC wants of python3-authres: of Authentication-Results the server, and what it said of the chain."""
import types


class AuthenticationResultsHeader:
    def __init__(self, text):
        words = text.split(":", 1)[1].split(";")
        self.authserv_id = words[0].strip()
        pairs = (word.split()[0].split("=") for word in words[1:] if "=" in word)
        self.results = [types.SimpleNamespace(method=method, result=result) for method, result in pairs]

    @classmethod
    def parse(cls, text):
        return cls(text)

"""Cases that are counted: a sentence and a function each."""
import traceback


class Skip(Exception):
    """The case cannot run here; the text says why."""


class Cases:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def run(self, words, function):
        try:
            told = function()
        except Skip as reason:
            self.skipped += 1
            print(f"SKIPPED {words}: {reason}", flush=True)
        except Exception as error:  # each case is told, whatever ended it
            self.failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAIL {words}: {where.name}:{where.lineno}", *str(error).splitlines()[:60], sep="\n    ", flush=True)
        else:
            self.passed += 1
            print(f"ok {words}" + (f": {told}" if told else ""), flush=True)

    @staticmethod
    def true(good, words=""):
        if not good:
            raise AssertionError(words)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"

"""The published SPF cases (data/spf-rfc4408.yml) as futar check spf answers them, with both engines."""
import concurrent.futures
import contextlib
import os

ENGINES = ("native", "libspf2")


def zone_of(document):
    """(zone, silent) of one section. SPF records (type 99) become TXT where there is no TXT, as drivers of the suite do."""
    zone, silent = {}, []
    for name, entries in document["zonedata"].items():
        pairs = [pair for entry in entries if isinstance(entry, dict) for pair in entry.items()]
        if not any(kind == "TXT" for kind, _ in pairs):
            pairs = [("TXT" if kind == "SPF" else kind, value) for kind, value in pairs]
        zone[name] = [(kind, value) for kind, value in pairs if kind != "SPF" and value != "NONE"]
        if "TIMEOUT" in entries:
            silent.append(name)
    return zone, silent


def words(value):
    return value if isinstance(value, list) else [value]


def failure(judge, server, engine, case):
    """Why a case fails, or "". """
    told = judge("check", "spf", "--engine", engine, "--dns", server.address, case["host"], case["helo"], case["mailfrom"])
    lines = told.out.splitlines() or [""]
    result = lines[0].split(" ")[0]
    if result not in words(case["result"]):
        return f"{told.out!r} {told.err!r} instead of {case['result']}"
    if told.code != {"pass": 0, "temperror": 75}.get(result, 1):
        return f"exit status {told.code} of {result}"
    wanted = case.get("explanation")
    said = next((line[5:] for line in lines if line.startswith("exp: ")), "DEFAULT")
    return "" if wanted is None or said == wanted else f"explains {said!r} instead of {wanted!r}"


def run(judge, count, make_server):
    folders = [os.environ["FUTAR_SHARED"]] if os.environ.get("FUTAR_SHARED") else []
    path = next((f"{f}/data/spf-rfc4408.yml" for f in folders if os.path.exists(f"{f}/data/spf-rfc4408.yml")), None)
    if not path:
        return count.skip("published SPF cases: FUTAR_SHARED names no folder with data/spf-rfc4408.yml")
    try:
        import yaml
    except ImportError:
        return count.skip("published SPF cases: python3-yaml is not here")
    with open(path, encoding="utf-8") as source:
        documents = list(yaml.safe_load_all(source))
    with contextlib.ExitStack() as servers, concurrent.futures.ThreadPoolExecutor(16) as pool:  # many wait for a silent name
        cases = []
        for document in documents:
            server = servers.enter_context(make_server(*zone_of(document)))
            cases += [(document["description"].strip(), name, engine, server, case)
                      for engine in ENGINES for name, case in document["tests"].items()]
        found = pool.map(lambda one: failure(judge, one[3], one[2], one[4]), cases)
        for (section, name, engine, *_), why in zip(cases, found):
            count.case(f"{section} / {name} ({engine})", why)

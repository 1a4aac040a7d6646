"""The packages: built, read by lintian, put on a guest."""
import shutil
import subprocess
import time

from guest import STORE, TOP

ALL = ("futar", "futar-msa", "futar-mta", "futar-mda", "futar-all")


def version():
    return subprocess.run(["sed", "-n", r"s/^project(futar VERSION \([0-9.]*\).*/\1/p", TOP / "CMakeLists.txt"],
                          capture_output=True, text=True, check=True).stdout.strip()


def build(commit, number, tally):
    """Builds that version of the packages; True if they are there."""
    began = time.monotonic()
    command = [TOP / "deploy/debian/build", *(["--commit", commit] if commit else []), "--version", number, "--out", STORE]
    with open(STORE / "build.log", "wb") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    print(f"        packages {number} built in {time.monotonic() - began:.0f} s", flush=True)
    words = (STORE / "build.log").read_text(errors="replace")[-3000:]
    return tally.check(done.returncode == 0, f"dpkg-buildpackage: status {done.returncode}\n{words}")


def lintian(number, tally):
    """Nothing to say, of errors and warnings; what is of less weight is shown."""
    changes = next(STORE.glob(f"futar_{number}_*.changes"))
    done = subprocess.run(["lintian", "--allow-root", "--display-info", "--pedantic", "--fail-on", "error,warning", changes],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        print(f"        lintian: {line}")
    tally.check(done.returncode == 0, f"lintian: {done.stdout}{done.stderr}")
    tally.notes[f"lines of lintian on {number}"] += len(done.stdout.splitlines())


def put(guest, number):
    """Copies the packages of that version into the guest; their paths there."""
    paths = []
    for name in ALL:
        file = next(STORE.glob(f"{name}_{number}_*.deb"))
        shutil.copy(file, guest.path("tmp"))
        paths.append(f"/tmp/{file.name}")
    return paths

"""The programs of the release before, built once from the history into build/versions/COMMIT."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, f"{TOP}/deploy/local/front")
import build  # noqa: E402
import people  # noqa: E402


class Missing(Exception):
    """The history does not hold it."""


def commit():
    with open(f"{HERE}/previous") as file:
        return os.environ.get("FUTAR_PREVIOUS") or file.read().strip()


def programs():
    """The folder of its programs. A copy of the sources and no worktree: nothing is left in the repository."""
    wanted = commit()
    git = ["git", "-c", f"safe.directory={TOP}", "-C", TOP]
    known = subprocess.run([*git, "rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}"], capture_output=True, text=True)
    if known.returncode:
        raise Missing(f"{wanted} is not in this checkout's history")
    folder = f"{TOP}/build/versions/{known.stdout.strip()}"
    bin_folder = f"{build.folder(folder)}/bin"
    builder, _ = people.choose(TOP)
    if not os.path.exists(f"{folder}/CMakeLists.txt"):
        os.makedirs(folder, exist_ok=True)
        for made in (f"{TOP}/build/versions", folder):
            builder.own(made)
        archive = subprocess.Popen([*git, "archive", known.stdout.strip()], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", folder], stdin=archive.stdout, check=True, **builder.identity())
        if archive.wait():
            raise Missing(f"git archive {wanted} failed")
    if not all(os.path.exists(f"{bin_folder}/{program}") for program in build.PROGRAMS):
        build.build(folder, builder)
    return bin_folder


if __name__ == "__main__":
    print(programs())

"""Packages of a list in deploy/packages, unpacked side by side: nothing is installed, no start script runs."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CACHE = f"{TOP}/build/world"


class Unavailable(Exception):
    """The world cannot be made here; the text says why."""


def wanted(name="world"):
    with open(f"{TOP}/deploy/packages/{name}.txt") as file:
        return [line.split("#")[0].strip() for line in file if line.split("#")[0].strip()]


def tree(package):
    return f"{CACHE}/{package}"


def fetch(name="world"):
    """Downloads and unpacks what is not there yet; returns the names of those."""
    missing = [package for package in wanted(name) if not os.path.isdir(tree(package))]
    os.makedirs(CACHE, exist_ok=True)
    for package in missing:
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            unpack(needs(package), folder)
            os.rename(f"{folder}/tree", tree(package))  # whole or not at all
    return missing


def needs(package):
    """The package, installed here or not, and what this machine lacks for it."""
    told = subprocess.run(["apt-get", "install", "--simulate", "--no-install-recommends", package],
                          capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    if told.returncode != 0:
        raise Unavailable(f"apt-get knows no way to {package}: {told.stderr.strip().splitlines()[-1:]}")
    return sorted({package, *re.findall(r"^Inst (\S+)", told.stdout, re.MULTILINE)})


def unpack(names, folder):
    done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names], cwd=folder,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"apt-get cannot fetch {' '.join(names)}: {done.stderr.strip().splitlines()[-1:]}")
    into = f"{folder}/tree"
    for file in glob.glob(f"{folder}/*.deb"):
        subprocess.run(["dpkg", "-x", file, into], check=True)
    if os.path.isdir(f"{into}/lib"):  # into usr, where a merged /usr has it
        shutil.copytree(f"{into}/lib", f"{into}/usr/lib", dirs_exist_ok=True, symlinks=True)

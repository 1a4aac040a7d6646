# Sourced by deploy/local/run and tests/run: finds the Debian packages that are missing and installs them, with manners:
# asks once, shows the exact line, removes nothing, and never starts a server.

say() { printf '%s\n' "$*" >&2; }

listed_packages() {  # NAME... : the packages of deploy/packages/NAME.txt
  local name
  for name; do sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$checkout/deploy/packages/$name.txt"; done
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing_packages() {  # of those in $@
  local installed  # dpkg-query fails when it has never heard of one: no end for a caller with set -e
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  printf '%s\n' "$@" | grep -vxF -e "$installed" || true
}

# The development files of Boost 1.74 and 1.81 cannot be installed together, and a developer's packages are not ours to
# remove: then 1.81's headers are unpacked into build/deps, where CMake looks first (deploy/local/front/build.py).
unpack_boost() {
  local deps=$checkout/build/deps
  [ -e "$deps/usr/include/boost/version.hpp" ] && return 0
  say "boost     libboost1.74-dev stays; the headers of 1.81 go into build/deps"
  mkdir -p "$deps" &&
    (cd "$deps" && apt-get -q download libboost1.81-dev >&2 && dpkg-deb -x libboost1.81-dev_*.deb . &&
      rm -f libboost1.81-dev_*.deb) || { say "the headers of libboost1.81-dev could not be fetched"; exit 69; }
  [ "$(id -u)" = 0 ] && chown -R --reference="$checkout" "$checkout/build"
  return 0
}

# "90 Debian packages (120 MB to fetch, 650 MB on disk)"; sizes only when apt knows the packages already.
measure_packages() {
  local told count fetch disk
  told=$(LC_ALL=C apt-get install --print-uris --yes --no-remove --no-install-recommends -o Debug::NoLocking=1 "$@" \
    2>/dev/null </dev/null) || true
  count=$(sed -n 's/.* \([0-9]*\) newly installed.*/\1/p' <<<"$told")
  fetch=$(sed -n 's/^Need to get \([0-9.,]* *[kMG]*B\).*/\1/p' <<<"$told")
  disk=$(sed -n 's/^After this operation, \([0-9.,]* *[kMG]*B\) of additional.*/\1/p' <<<"$told")
  if [ -n "$count" ] && [ -n "$fetch" ]; then
    printf "%s Debian package%s (%s to fetch, %s on disk)" "$count" "$([ "$count" = 1 ] || echo s)" "$fetch" "${disk:-?}"
  else
    printf '%s Debian packages and what they need (about 1.5 GB on disk for all)' $#
  fi
}

ensure_packages() {  # NAME... : names of lists in deploy/packages
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "There is no apt-get here: Futár builds and runs on Debian 12. With containers it runs anywhere:"
    say "  docker compose -f deploy/compose/compose.yaml up"
    exit 69
  fi
  local wanted
  mapfile -t wanted < <(listed_packages "$@")
  if is_installed libboost1.74-dev && ! is_installed libboost1.81-dev; then
    local kept=() package
    for package in "${wanted[@]}"; do
      if [ "$package" = libboost1.81-dev ]; then unpack_boost; else kept+=("$package"); fi
    done
    wanted=("${kept[@]}")
  fi
  mapfile -t wanted < <(missing_packages "${wanted[@]}")
  [ ${#wanted[@]} = 0 ] || [ -z "${wanted[0]}" ] || install_packages "${wanted[@]}"
}

install_packages() {
  local sudo=() may_ask="" line answer
  [ -t 0 ] && [ -t 2 ] && may_ask=yes
  line="apt-get install --no-remove --no-install-recommends $*"
  say "Futár needs $(measure_packages "$@"), once:"
  if [ "$(id -u)" = 0 ]; then
    say "  $line"
  else
    say "  sudo $line"
    # Without a terminal sudo must not wait for a password that nobody types.
    if ! command -v sudo >/dev/null || { [ -z "$may_ask" ] && ! sudo -n true 2>/dev/null; }; then
      say "Please have somebody with the rights type that line; then start this again."
      exit 77
    fi
    sudo=(sudo)
  fi
  if [ -n "$may_ask" ] && [ "${FUTAR_YES:-}" != 1 ]; then
    printf 'Install now? [Y/n] ' >&2
    read -r answer || exit 77
    case $answer in [nN]*) exit 77 ;; esac
  fi
  "${sudo[@]}" sh "$checkout/deploy/local/apt-as-root" "$@" </dev/null >&2 ||
    { say "apt-get could not install them; its words stand above"; exit 69; }
}

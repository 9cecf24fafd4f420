# shellcheck shell=bash
# Makes .venv hold what a lock in scripts/lock names, and the package itself. Sourced by the other scripts.
#
#   set_up run|check   installs what has changed since the last time, otherwise returns within 0.1 s

unset CDPATH PYTHONHOME
me=${0##*/}
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
locks=$root/scripts/lock

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
  say "$*"
  exit 1
}

set_up() {
  local lock=$1
  local stamp=$venv/.installed-$lock
  if is_usable && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint "$lock")" ]; then
    return
  fi
  install "$lock" || exit
  fingerprint "$lock" >"$stamp" || die "could not write $stamp; is the disk full?"
  # The check lock holds all of the run lock.
  [ "$lock" = run ] || fingerprint run >"$venv/.installed-run"
}

# A .venv is of use where it was made (its scripts hold its path) and while its Python is there.
is_usable() {
  local version
  version=$("$venv/bin/python" -c "$IS_SUPPORTED; print('%d.%d' % sys.version_info[:2])" 2>/dev/null) &&
    [ -d "$venv/lib/python$version/site-packages/pip" ] &&
    grep -qF -- "$venv" "$venv/bin/activate"
}

# What an installation depends on: the Python, both locks, the package's metadata and the assets that are copied.
fingerprint() {
  {
    "$venv/bin/python" --version
    cat "$locks/setup.txt" "$locks/$1.txt" "$root/pyproject.toml"
    find "$root/edgerunner_lab/labextension" "$root/labextension/install.json" -type f -exec cat {} + 2>/dev/null || true
  } | cksum
}

IS_SUPPORTED='import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13)'

make_venv() {
  [ -e "$venv" ] && say "making .venv anew: it was moved, is incomplete, or its Python has gone"
  find_python
  logged "$python" -m venv --clear "$venv" || explain "making .venv with $python"
}

# Sets `python`. The version commands of some Python managers exist for versions that are not installed, so each is run.
find_python() {
  local without_venv=''
  for python in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python; do
    "$python" -c "$IS_SUPPORTED" >/dev/null 2>&1 || continue
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 && return
    without_venv=$python
  done
  [ -z "$without_venv" ] ||
    die "$without_venv cannot make virtual environments; install its venv module (Debian, Ubuntu: apt install python3-venv)"
  die "found no Python 3.11, 3.12 or 3.13 (python3 is $(python3 --version 2>/dev/null || echo missing)); install one, or name it: PYTHON=/path/to/python $0"
}

# In a shell of its own, so that its log goes whatever happens.
install() (
  local lock=$1
  log=$(mktemp "${TMPDIR:-/tmp}/edgerunner-set-up.XXXXXX") || die "no temporary file could be made; is the disk full?"
  trap 'rm -f "$log"' EXIT
  is_usable || make_venv
  say "installing what scripts/lock/$lock.txt names into .venv; the first time takes a minute or two and 1 GB"
  logged "$venv/bin/python" -m pip install --require-hashes -r "$locks/setup.txt" || explain "installing uv and hatchling"
  use_pips_index
  if ! logged "$venv/bin/uv" pip install --python "$venv/bin/python" --require-hashes -r "$locks/$lock.txt"; then
    has_no_space && explain "installing $lock.txt"
    # uv knows neither pip's proxy and certificate settings nor its further indexes.
    say "uv did not get through; trying again with pip, which takes longer"
    logged "$venv/bin/python" -m pip install --require-hashes -r "$locks/$lock.txt" || explain "installing $lock.txt"
  fi
  logged "$venv/bin/python" -m pip install --no-deps --no-build-isolation --editable "$root" || explain "installing the package"
)

# uv does not read pip's configuration; where that names an index, uv is to ask the same one.
use_pips_index() {
  local index
  index=${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}
  if [ -n "$index" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX=$index
  fi
}

logged() { "$@" >"$log" 2>&1 </dev/null; }

has_no_space() { grep -qiE 'no space left|disk quota|os error 28' "$log"; }

# Ends with one line on why the last logged command failed, after the end of what it said.
explain() {
  tail -n 5 "$log" >&2
  if has_no_space; then
    die "$1 failed: the disk is full; about 1 GB is needed at $venv"
  elif grep -qiE 'do not match the hashes|hash mismatch' "$log"; then
    die "$1 failed: a download is not what the lock names, so it was not installed; try again, and tell us if it stays"
  elif grep -qiE 'name resolution|failed to establish|dns error|connection (refused|reset|broken)|timed out|error sending request|could not fetch url|no matching distribution' "$log"; then
    die "$1 failed: the package index cannot be reached; check the network, or pip's index and proxy settings, and try again"
  fi
  die "$1 failed; the lines above say why"
}

# The embedded gateway is made to outlive a kernel; those that were started in a directory of ours end with it.
stop_gateways() {
  local pid tries
  find "$1" -name gateway.json -exec sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p' {} + 2>/dev/null |
    while read -r pid; do
      kill "$pid" 2>/dev/null || continue
      # It saves its state into the directory that is about to go.
      for ((tries = 0; tries < 50; tries++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
      done
    done
}

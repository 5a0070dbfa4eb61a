# shellcheck shell=bash
# What the scripts share. Source it after `set -euo pipefail`.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Tells of a step, and of the command that does it, before it is done.
say() { printf '\n== %s\n' "$*"; }
tell() {
  local word line='   $'
  for word in "$@"; do
    [[ $word =~ ^[[:alnum:]_./=:,@%+-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
    line+=" $word"
  done
  printf '%s\n' "$line"
}
run() {
  tell "$@"
  "$@"
}

# Packs hold directories that may lack the owner's write bit.
remove_tree() {
  [[ -n $1 && -e $1 ]] || return 0
  chmod -R u+rwX "$1" 2>/dev/null || true
  rm -rf "$1"
}

# wait_for SECONDS COMMAND...: tries until it succeeds.
wait_for() {
  local tries=$(($1 * 20))
  shift
  until "$@"; do
    ((tries-- > 0)) || return 1
    sleep 0.05
  done
}

# shellcheck shell=bash
# What the scripts share. Source it after `set -euo pipefail`.

die() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Prints the comment at the top of the script that sources this file.
print_help() {
  sed --quiet '2,/^[^#]/s/^# \{0,1\}//p' "$(dirname "${BASH_SOURCE[0]}")/${0##*/}"
}
# help_or_refuse ALLOWED ARGUMENT...: prints the help and exits if --help or -h is among the arguments. Refuses options
# other than ALLOWED, which is a list of words, up to "--".
help_or_refuse() {
  local allowed=$1 argument
  shift
  for argument in "$@"; do
    case $argument in
      -h | --help)
        print_help
        exit 0
        ;;
      --) return ;;
      -*) [[ " $allowed " == *" $argument "* ]] || die "unknown option '$argument'; see ${0##*/} --help" ;;
    esac
  done
}

# Announce a step, and the command that does it.
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

# Detaches all that is mounted below DIR, and prints it. A file system that does not answer would hold up who looks into it.
detach_mounts() {
  local mount
  awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac | while IFS= read -r mount; do
    mount=$(printf %b "$mount") # mountinfo writes a space as \040
    echo "$mount"
    if ((EUID == 0)); then umount --lazy "$mount"; else fusermount3 -u -z "$mount"; fi || true
  done
}

# Packs hold directories that may lack the owner's write bit.
remove_tree() {
  [[ -n $1 && -e $1 ]] || return 0
  detach_mounts "$1" >/dev/null
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

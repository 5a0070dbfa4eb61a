# shellcheck shell=bash
# Finds packages that are older here than what apt can get. Sourced by scripts/test.

# Fetches apt's lists where that changes nothing that anybody minds: in continuous integration, as root.
renew_lists() {
  [[ ${CI:-} == true ]] && ((EUID == 0)) || return 0
  run timeout 120 apt-get update -qq -o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 ||
    echo "   apt-get update failed: packages are compared with the lists that are here."
}

# Prints "   NAME INSTALLED -> CANDIDATE" for each outdated package among the given ones and all that they need.
outdated_packages() {
  local names
  names=$(apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
    --no-enhances "$@" 2>/dev/null | grep '^[[:alnum:]]')
  # Lines "Inst NAME [INSTALLED] (CANDIDATE ARCHIVES...)"; without [INSTALLED] the package is new.
  apt-get --simulate -o Debug::NoLocking=true dist-upgrade 2>/dev/null |
    sed -n 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\) .*/\1 \2 -> \3/p' |
    awk 'NR == FNR { wanted[$1]; next } $1 in wanted { print "   " $0 }' <(echo "$names") - | sort
}

# Prints the outdated packages among the given ones and all that they need, and sets $package_warning to one line for
# the summary. Without apt's lists there is nothing to compare with.
package_warning=
warn_of_outdated() {
  local found number
  local -a first
  found=$(outdated_packages "$@") || true
  [[ -n $found ]] || return 0
  number=$(wc -l <<<"$found")
  # What is compiled with comes first.
  mapfile -t first < <({ grep -e '-dev ' <<<"$found"; grep -v -e '-dev ' <<<"$found"; } | head -n 4 | sed 's/^ *//')
  package_warning="Warning: $number packages are older than what Debian serves: $(printf '%s, ' "${first[@]}")"
  package_warning="${package_warning%, }$( ((number <= 4)) || echo " and more"). To update: apt-get update && apt-get dist-upgrade"
  printf '\n%s\n%s\n' "$package_warning" "$found"
}

# shellcheck shell=bash
# Counts tests, and repeats those that fail once. Sourced after scripts/lib.sh; $scratch is a directory for its files,
# and tests have $scratch/tmp as $TMPDIR.
: "${scratch:?}"

passed=0 failed=0 skipped=0
flaky=()      # names of the tests that failed, and passed when they were repeated
paragraphs=() # one for each test that failed: the log between it and the summary is long
readonly repeat_limit=10 # more failures have one cause, and repeating them takes long

# count_ctest DIR COMMAND...: runs COMMAND, which is ctest for the build tree DIR, repeats what fails, and counts.
# Returns 0 if each test passed in the end.
count_ctest() {
  local dir=$1 before=$failed ran=0 left_out=0
  local -a broken=() first
  shift
  run_ctest "$dir" "$scratch/log" "$@" || count_failure "$*"
  ((passed += ran - ${#broken[@]}, skipped += left_out)) || true
  first=("${broken[@]}")
  if ((${#first[@]} > repeat_limit)); then
    say "${#first[@]} tests failed, more than $repeat_limit: they are not repeated"
  elif ((${#first[@]} > 0)); then
    repeat "$dir" "$@" || broken=("${first[@]}")
  fi
  count_repeated
  ((failed == before))
}

# run_ctest DIR LOG COMMAND...: runs COMMAND, with its output also in LOG. Sets $ran and $left_out to the numbers of tests
# that ran and that were skipped, and @broken to a line NUMBER:NAME for each that failed. Fails if ctest's own result
# differs, or if there is none.
run_ctest() {
  local dir=$1 log=$2 list=$1/Testing/Temporary/LastTestsFailed.log bad='' status=0
  shift 2
  rm -f "$list" # ctest leaves the previous one if nothing fails
  tell "$@"
  "$@" | tee "$log" || status=$?
  ran=0 left_out=0 broken=()
  [[ ! -e $list ]] || mapfile -t broken <"$list"
  read -r bad ran left_out < <(result_in "$log") || return 1
  [[ $bad == "${#broken[@]}" ]] && (((bad == 0) == (status == 0)))
}

# Prints how many tests failed, ran and were skipped. Ctest's own words come last: a test may have printed such lines too.
result_in() {
  awk '/^[0-9]+% tests passed, [0-9]+ tests failed out of [0-9]+$/ { found = 1; bad = $4; all = $NF; skipped = 0 }
    /^[[:space:]]*[0-9]+ - .* \(Skipped\)$/ { ++skipped }
    END { if (found) print bad, all - skipped, skipped }' "$1"
}

# Runs the tests in @first again, one at a time. Sets @broken; fails if not all of them ran.
repeat() { # repeat DIR COMMAND...
  local dir=$1 numbers
  shift
  clear_leftovers
  say "Repeating ${#first[@]} failed tests, one at a time"
  # ctest takes START,END,STRIDE,NUMBER...
  numbers=$(printf ',%s' "${first[@]%%:*}")
  run_ctest "$dir" "$scratch/again" "$@" --parallel 1 -I "${first[0]%%:*},${first[0]%%:*},1$numbers" && ((ran == ${#first[@]}))
}

# Counts the tests in @first: those that are still in @broken have failed.
count_repeated() {
  local line
  local -A still=()
  for line in "${broken[@]}"; do still[${line%%:*}]=yes; done
  for line in "${first[@]}"; do
    if [[ -n ${still[${line%%:*}]:-} ]]; then
      count_failure "${line#*:}" "$(output_of "${line%%:*}")"
    else
      ((passed += 1))
      flaky+=("${line#*:}")
      paragraphs+=("failed at first: ${line#*:}"$'\n'"$(output_of "${line%%:*}")")
    fi
  done
}

count_failure() { # count_failure NAME [OUTPUT]
  ((failed += 1))
  paragraphs+=("FAILED: $1${2:+$'\n'$2}")
}

# Prints the end of what the test with NUMBER printed in the first run.
output_of() {
  awk -v test="#$1:" '/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: |^[0-9]+% tests passed/ { on = ($3 == test || $4 == test); next } on' \
    "$scratch/log" | tail -n 30 | cut -c -400 | sed 's/^/   | /'
}

# once NAME COMMAND...: a check that counts as one test.
once() {
  local name=$1
  shift
  if "$@"; then
    ((passed += 1))
  else
    count_failure "$name"
    return 1
  fi
}

# What tests leave in their temporary directory, they would leave in /tmp.
nothing_is_left() {
  local left
  left=$(detach_mounts "$scratch/tmp" && find "$scratch/tmp" -mindepth 1 -maxdepth 1 -printf '%f\n')
  [[ -z $left ]] || {
    echo "tests left in \$TMPDIR: ${left//$'\n'/ }"
    return 1
  }
}

# What a failed test left belongs to its failure, and may spoil the repetition.
clear_leftovers() {
  nothing_is_left || find "$scratch/tmp" -mindepth 1 -maxdepth 1 -print0 |
    while IFS= read -r -d '' file; do remove_tree "$file"; done
}

# Prints what was flaky, and the numbers. Tools read the last line.
print_counts() {
  local name
  for name in "${flaky[@]}"; do echo "flaky: $name"; done
  if ((skipped > 0)); then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
}

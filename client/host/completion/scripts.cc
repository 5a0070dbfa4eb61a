// `relocctl __complete WORD...` completes the last word. It prints how to continue with files (none,
// directories, all), and then a line CANDIDATE<tab>MEANING for each candidate. On failure it prints nothing.
#include "client/host/completion/scripts.h"

namespace reloc {
namespace {

// Readline splits words at = and :, so `--format=json` arrives in three parts and is answered without its
// first two.
constexpr std::string_view kBash =
    R"(# bash completion for relocctl. To load it: source <(relocctl completion bash)
_relocctl() {
  local -a words=() lines=()
  local i word joined=
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 1)) && [[ $joined || $word == [=:]* ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    joined=
    [[ $word == [=:]* ]] && joined=yes
  done
  COMPREPLY=()
  mapfile -t lines < <("${COMP_WORDS[0]/#\~/$HOME}" __complete "${words[@]}" 2>/dev/null)
  local current=${words[-1]} part=${COMP_WORDS[COMP_CWORD]}
  [[ $part == [=:]* ]] && part=
  local known=${current:0:${#current}-${#part}}
  for line in "${lines[@]:1}"; do
    word=${line%%$'\t'*}
    # Names come from packs: what a shell would act on is quoted.
    [[ $word == *[!A-Za-z0-9/.,:=_+@%-]* ]] && printf -v word '%q' "$word"
    COMPREPLY+=("${word#"$known"}")
  done
  case ${lines[0]-} in
    all)
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$part")
      ;;
    directories)
      compopt -o filenames 2>/dev/null
      mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$part")
      ;;
  esac
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _relocctl relocctl
)";

constexpr std::string_view kZsh = R"(#compdef relocctl
# zsh completion for relocctl. To load it: source <(relocctl completion zsh)
_relocctl() {
  local -a lines candidates
  local line
  lines=("${(@f)$("${~words[1]}" __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  for line in "${(@)lines[2,-1]}"; do
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  (($#candidates)) && _describe -V relocctl candidates -S "${${(M)candidates[1]%%=:*}:+}"
  [[ $PREFIX == --*=* ]] && compset -P '*='
  case $lines[1] in
    all) _files ;;
    directories) _files -/ ;;
  esac
}
if [[ $funcstack[1] == _relocctl ]]; then
  _relocctl "$@"
else
  compdef _relocctl relocctl
fi
)";

constexpr std::string_view kFish =
    R"(# fish completion for relocctl. To load it: relocctl completion fish | source
function __relocctl_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
    printf '%s\n' $lines[2..-1]
    set -l option (string match -r -- '^--[^=]*=' "$current")
    set -l path (string replace -r -- '^--[^=]*=' '' "$current")
    switch "$lines[1]"
        case all
            __fish_complete_suffix $path '' | string replace -r -- '^' "$option"
        case directories
            __fish_complete_directories $path '' | string replace -r -- '^' "$option"
    end
end
complete -c relocctl -f -k -a '(__relocctl_complete)'
)";

}  // namespace

std::string_view CompletionScript(std::string_view shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

}  // namespace reloc

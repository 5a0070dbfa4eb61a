#include "reloc/pack/host_program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

// Linux allows an interpreter that is a script itself, up to this depth (fs/exec.c).
constexpr int kMaxInterpreters = 5;
// How much Linux reads of a file to find its interpreter (BINPRM_BUF_SIZE; 128 before Linux 5.1).
constexpr size_t kShebangBytes = 256;

// Splits at the first run of blanks: "perl -w -T" is "perl" and "-w -T".
std::pair<std::string, std::string> SplitWord(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const size_t end = text.find_first_of(" \t");
  if (end == text.npos) return {std::string(text), ""};
  return {std::string(text.substr(0, end)), std::string(absl::StripAsciiWhitespace(text.substr(end)))};
}

absl::Status UnsupportedEnv(absl::string_view line) {
  return absl::UnimplementedError(absl::StrCat("the first line '", line,
                                               "' asks env for more than one program with one argument; name "
                                               "the interpreter's path there instead"));
}

// Handles `env NAME`, `env -S NAME ARGUMENT`.
absl::Status ResolveEnv(absl::string_view line, Shebang* shebang) {
  auto [name, argument] = SplitWord(shebang->argument);
  const bool split = name == "-S";
  if (split) std::tie(name, argument) = SplitWord(argument);
  // Without -S, env would get "NAME ARGUMENT" as one name. With it, each further word is a separate argument.
  const bool one_argument = split ? !absl::StrContains(argument, ' ') : argument.empty();
  if (name.empty() || name[0] == '-' || absl::StrContains(name, '=') || !one_argument)
    return UnsupportedEnv(line);
  shebang->interpreter = name;
  shebang->argument = argument;
  return absl::OkStatus();
}

bool IsExecutableFile(const std::string& path) {
  std::error_code error;
  return access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, error);
}

absl::StatusOr<std::string> FindFile(const std::string& wanted, const std::string& search_path) {
  if (absl::StrContains(wanted, '/')) {
    if (access(wanted.c_str(), F_OK) != 0) return SystemError(errno, "cannot find the program " + wanted);
    return wanted;
  }
  for (absl::string_view directory : absl::StrSplit(search_path, ':')) {
    std::string path = absl::StrCat(directory.empty() ? "." : directory, "/", wanted);
    if (IsExecutableFile(path)) return path;
  }
  return absl::NotFoundError(absl::StrCat("cannot find the program '", wanted, "' in PATH"));
}

absl::StatusOr<std::string> ReadHead(const std::string& path) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd file, OpenFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  std::array<char, kShebangBytes> head;
  Result<size_t> count = ReadAll(file.get(), head);
  if (!count.ok()) return SystemError(count.error().value, "cannot read " + path);
  return std::string(head.data(), *count);
}

absl::Status CheckProgramFile(const std::string& path, HostProgram* program) {
  struct stat st = {};
  if (stat(path.c_str(), &st) != 0) return SystemError(errno, "cannot examine " + path);
  if (!S_ISREG(st.st_mode)) return absl::InvalidArgumentError(path + " is not a program: not a regular file");
  if ((st.st_mode & 0111) == 0) return absl::InvalidArgumentError(path + " is not a program: not executable");
  if (access(path.c_str(), R_OK) != 0) return SystemError(errno, "cannot read " + path);
  program->set_id = (st.st_mode & (S_ISUID | S_ISGID)) != 0;
  return absl::OkStatus();
}

absl::StatusOr<HostProgram> Find(const std::string& wanted, const std::string& search_path, int depth) {
  RELOC_ASSIGN_OR_RETURN(const std::string path, FindFile(wanted, search_path));
  HostProgram program;
  RELOC_RETURN_IF_ERROR(CheckProgramFile(path, &program));
  program.name = std::string(BaseName(path));
  std::error_code error;
  program.source = std::filesystem::canonical(path, error);
  if (error) return SystemError(error.value(), "cannot resolve " + path);

  if (IsElf(program.source)) {
    RELOC_ASSIGN_OR_RETURN(program.elf, ReadElf(program.source));
    if (program.elf.interp.empty() && !program.elf.static_executable)
      return absl::InvalidArgumentError(path + " is not a program: an ELF file without interpreter");
    return program;
  }
  RELOC_ASSIGN_OR_RETURN(const std::string head, ReadHead(program.source));
  auto shebang = ParseShebang(head);
  if (!shebang.ok())
    return absl::Status(shebang.status().code(), absl::StrCat(path, ": ", shebang.status().message()));
  if (!*shebang)
    return absl::InvalidArgumentError(path + " is not a program: neither an ELF file nor a '#!' script");
  if (depth == 0) return absl::InvalidArgumentError(path + ": too many scripts that interpret each other");
  program.shebang = **shebang;
  auto interpreter = Find(program.shebang->interpreter, search_path, depth - 1);
  if (!interpreter.ok())
    return absl::Status(interpreter.status().code(),
                        absl::StrCat(path, ": its interpreter: ", interpreter.status().message()));
  program.interpreter = std::make_shared<const HostProgram>(*std::move(interpreter));
  return program;
}

}  // namespace

absl::StatusOr<std::optional<Shebang>> ParseShebang(const std::string& head) {
  if (!absl::StartsWith(head, "#!")) return std::nullopt;
  const std::string line = head.substr(0, head.find('\n'));
  if (line.size() >= kShebangBytes)
    return absl::InvalidArgumentError("its '#!' line is longer than Linux allows");
  Shebang shebang;
  shebang.size = line.size();
  std::tie(shebang.interpreter, shebang.argument) = SplitWord(absl::string_view(line).substr(2));
  if (shebang.interpreter.empty()) return std::nullopt;
  if (BaseName(shebang.interpreter) == "env") RELOC_RETURN_IF_ERROR(ResolveEnv(line, &shebang));
  return shebang;
}

absl::StatusOr<HostProgram> FindHostProgram(const std::string& wanted, const std::string& search_path) {
  return Find(wanted, search_path, kMaxInterpreters);
}

}  // namespace reloc

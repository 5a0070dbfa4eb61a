#include "reloc/pack/program.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/pack/elf.h"

namespace reloc {
namespace {

// The longest "#!" line that Linux reads (BINPRM_BUF_SIZE; 128 before 5.1).
constexpr size_t kScriptLine = 256;

// Returns the first bytes of an executable regular file.
absl::StatusOr<std::string> ReadHead(const std::string& path) {
  RELOC_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_RDONLY | O_NONBLOCK));
  struct stat st;
  if (fstat(fd.get(), &st) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  if (!S_ISREG(st.st_mode)) return absl::PermissionDeniedError(absl::StrCat(path, " is not a regular file"));
  if ((st.st_mode & 0111) == 0) return absl::PermissionDeniedError(absl::StrCat(path, " is not executable"));
  std::array<char, kScriptLine> head;
  Result<size_t> got = ReadAll(fd.get(), head);
  if (!got.ok()) return SystemError(got.error().value, absl::StrCat("cannot read ", path));
  return std::string(head.data(), *got);
}

// Resolves an interpreter in the store to a real path, which must exist. One on the host is unchanged,
// because the pack may run on another host.
absl::StatusOr<std::string> ResolveInterpreter(const StoreLocation& store, std::string_view path) {
  if (!IsBelow(path, store.prefix)) return std::string(path);
  return ResolveInStore(store, path);
}

absl::Status ReadElfProgram(const StoreLocation& store, const std::string& host_path, ProgramSpec* spec) {
  RELOC_ASSIGN_OR_RETURN(ElfInfo elf, ReadElf(host_path));
  if (elf.interp.empty() && !elf.static_executable) {
    return absl::InvalidArgumentError(absl::StrCat(host_path, " is an ELF file, but not a program"));
  }
  spec->kind = elf.interp.empty() ? ProgramKind::kStatic : ProgramKind::kDynamic;
  if (spec->kind == ProgramKind::kStatic) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(spec->interpreter, ResolveInterpreter(store, elf.interp));
  return absl::OkStatus();
}

std::string_view Trim(std::string_view text) {
  size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Splits the first line as Linux does (fs/binfmt_script.c): one argument, which may contain spaces.
absl::Status ParseScriptLine(std::string_view head, const std::string& host_path, ProgramSpec* spec) {
  size_t end = head.find('\n');
  if (end == head.npos && head.size() == kScriptLine) {
    return absl::InvalidArgumentError(absl::StrCat(host_path, ": the #! line is longer than Linux allows"));
  }
  std::string_view line = Trim(head.substr(2, end == head.npos ? end : end - 2));
  size_t space = line.find_first_of(" \t");
  spec->interpreter_name = std::string(line.substr(0, space));
  if (space != line.npos) {
    spec->interpreter_argument = std::string(Trim(line.substr(space)));
  }
  if (spec->interpreter_name.starts_with('/')) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(host_path, ": the #! line names no absolute path"));
}

absl::Status ReadScript(const StoreLocation& store, std::string_view head, const std::string& host_path,
                        ProgramSpec* spec) {
  spec->kind = ProgramKind::kScript;
  RELOC_RETURN_IF_ERROR(ParseScriptLine(head, host_path, spec));
  auto interpreter = ResolveInterpreter(store, spec->interpreter_name);
  if (!interpreter.ok()) {
    return absl::NotFoundError(
        absl::StrCat(host_path, ": interpreter ", spec->interpreter_name, " is not in the store"));
  }
  spec->interpreter = *interpreter;
  if (!IsBelow(spec->interpreter, store.prefix)) return absl::OkStatus();
  std::string host_interpreter = HostPath(store, spec->interpreter);
  if (!IsElf(host_interpreter)) return absl::OkStatus();  // another script, which Linux allows
  RELOC_ASSIGN_OR_RETURN(ElfInfo elf, ReadElf(host_interpreter));
  if (elf.interp.empty()) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(spec->interpreter_loader, ResolveInterpreter(store, elf.interp));
  return absl::OkStatus();
}

absl::Status Classify(const StoreLocation& store, std::string_view head, const std::string& host_path,
                      ProgramSpec* spec) {
  if (head.starts_with("#!")) return ReadScript(store, head, host_path, spec);
  if (head.starts_with("\177ELF")) return ReadElfProgram(store, host_path, spec);
  return absl::PermissionDeniedError(absl::StrCat(host_path, " is neither an ELF program nor a script"));
}

}  // namespace

absl::StatusOr<ProgramSpec> ResolveProgram(const StoreLocation& store, std::string_view program) {
  ProgramSpec spec;
  spec.store_prefix = store.prefix;
  spec.store_directory = store.directory;
  RELOC_ASSIGN_OR_RETURN(spec.program, ResolveInStore(store, program));
  if (ItemOf(store, spec.program).empty()) {
    std::string where = program == spec.program ? "" : absl::StrCat(" leads to ", spec.program, ", which");
    return absl::InvalidArgumentError(
        absl::StrCat(Text(program), where, " is not in the store ", store.prefix));
  }
  std::string host_path = HostPath(store, spec.program);
  absl::StatusOr<std::string> head = ReadHead(host_path);
  if (!head.ok()) return head.status();
  RELOC_RETURN_IF_ERROR(Classify(store, *head, host_path, &spec));
  return spec;
}

}  // namespace reloc

#include "client/host/doctor/helpers.h"

#include <dirent.h>

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

struct Kind {
  const char* name;
  const char* work;
};

constexpr Kind kKinds[] = {
    {"relocd-keeper", "packs that have no root yet start slower"},
    {"relocd-disk", "history and metrics file are not written or read"},
    {"relocd-log", "the log is not written"},
    {"relocd-reader", "relocctl ps does not know what jobs use"},
    {"relocd-mirrors", "no mirror is made, verified or removed"},
    {"relocd-probe", "a file system of mirrors that does not answer is not noticed"},
};

std::string ReadProc(const std::string& path) {
  auto text = std::make_unique<FixedText<16384>>();
  return ReadSmallFile(path.c_str(), text.get()).ok() ? std::string(Text(text->view())) : "";
}

// Lists the children of each thread.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  const std::string tasks = absl::StrCat("/proc/", parent, "/task");
  std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(tasks.c_str()), ::closedir);
  if (directory == nullptr) return children;
  while (const struct dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] == '.') continue;
    const std::string list = ReadProc(absl::StrCat(tasks, "/", entry->d_name, "/children"));
    for (absl::string_view text : absl::StrSplit(list, ' ', absl::SkipEmpty())) {
      if (pid_t pid = 0; absl::SimpleAtoi(text, &pid)) children.push_back(pid);
    }
  }
  return children;
}

}  // namespace

std::vector<Helper> HelpersOf(pid_t relocd) {
  std::vector<Helper> helpers;
  for (pid_t pid : ChildrenOf(relocd)) {
    const std::string comm = ReadProc(absl::StrCat("/proc/", pid, "/comm"));
    const absl::string_view name = absl::StripSuffix(comm, "\n");
    for (const Kind& kind : kKinds) {
      if (name == kind.name) helpers.push_back({pid, kind.name, kind.work});
    }
  }
  return helpers;
}

}  // namespace reloc

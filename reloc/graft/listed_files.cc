#include "reloc/graft/listed_files.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/path.h"
#include "reloc/hosted/text.h"
#include "reloc/hosted/tree.h"
#include "reloc/pack/manifest_names.h"

namespace reloc {
namespace {

constexpr int kMaxLinks = 40;  // as in the kernel

// Puts the components of `path` before the remaining ones, which are in reverse order.
void Push(std::string_view path, std::vector<std::string>* left) {
  std::vector<std::string> components = absl::StrSplit(Text(path), '/', absl::SkipEmpty());
  left->insert(left->end(), components.rbegin(), components.rend());
}

}  // namespace

ListedFiles::ListedFiles(const pb::Contents& contents) {
  for (const pb::Item& item : contents.items()) {
    for (const pb::File& file : item.files())
      files_[JoinPath(item.name(), *UnescapeName(file.path()))] = &file;
  }
}

std::string ListedFiles::Find(std::string_view path) const {
  std::vector<std::string> left;
  Push(path, &left);
  int links = 0;
  for (std::string at; !left.empty();) {  // a directory
    const std::string component = std::move(left.back());
    left.pop_back();
    if (component == ".") continue;
    if (component == "..") {
      if (at.empty()) return "";
      at = std::string(DirName(absl::StrCat("/", at))).substr(1);
      continue;
    }
    std::string next = at.empty() ? component : absl::StrCat(at, "/", component);
    auto file = files_.find(next);
    if (file == files_.end()) return "";
    if (file->second->type() == pb::File::REGULAR) return left.empty() ? next : "";
    if (file->second->type() == pb::File::DIRECTORY) {
      at = std::move(next);
      continue;
    }
    const std::string target = *UnescapeName(file->second->target());
    if (++links > kMaxLinks || target.starts_with('/')) return "";
    Push(target, &left);
  }
  return "";
}

}  // namespace reloc

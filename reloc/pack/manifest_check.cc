#include "reloc/pack/manifest_check.h"

#include <stdint.h>

#include <algorithm>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/path.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/pack/digest.h"
#include "reloc/pack/manifest_names.h"
#include "reloc/pack/store.h"

namespace reloc {
namespace {

using Directories = absl::flat_hash_set<std::string>;

// Appends pieces to "<file>: ". A class, so that every check below is one line.
class ErrorMaker {
 public:
  explicit ErrorMaker(std::string_view name) : name_(name) {}
  template <typename... Pieces>
  absl::Status operator()(const Pieces&... pieces) const {
    return absl::InvalidArgumentError(OneLine(absl::StrCat(name_, ": ", pieces...)));
  }

 private:
  std::string name_;
};

bool IsInStore(std::string_view path, const std::string& prefix) {
  return IsCleanAbsolute(path) && IsPlainText(path) && IsBelow(path, prefix) && path.size() > prefix.size();
}

absl::Status CheckEntry(const pb::Entry& entry, const std::string& prefix, const ErrorMaker& bad) {
  if (!IsEntryName(entry.name())) return bad("'", EscapeName(entry.name()), "' is not a name for an entry");
  for (const std::string& path : {entry.program(), entry.resolved()}) {
    if (!IsInStore(path, prefix))
      return bad("entry ", entry.name(), ": '", path, "' is not a path in the store");
  }
  return absl::OkStatus();
}

absl::Status CheckAttributes(const pb::File& file, const std::string& path, size_t depth,
                             const ErrorMaker& bad) {
  bool regular = file.type() == pb::File::REGULAR, symlink = file.type() == pb::File::SYMLINK;
  if (!regular && !symlink && file.type() != pb::File::DIRECTORY)
    return bad(file.path(), " is of no known type");
  if (regular != (file.sha256().size() == 32)) return bad(file.path(), " has a hash of the wrong size");
  if (!regular && (file.executable() || file.size() != 0 || !file.sha256().empty() || file.holds_digest())) {
    return bad(file.path(), " has attributes that only a file can have");
  }
  if (file.size() > INT64_MAX) return bad(file.path(), " has an impossible size");
  if (symlink == file.target().empty()) return bad(file.path(), ": only a symlink has a target");
  absl::StatusOr<std::string> target = UnescapeName(file.target());
  if (!target.ok()) return bad(file.path(), ": target has ", target.status().message());
  if (absl::StrContains(*target, '\0')) return bad(file.path(), ": target has a NUL");
  if (symlink && LeavesPack(depth, path, *target)) return bad("symlink ", file.path(), " leaves the pack");
  return absl::OkStatus();
}

// Checks a list of files: clean paths, none twice, each in a directory that is listed before it. `depth`: of
// the directory that the paths are relative to, in the pack.
template <typename Files>
absl::Status CheckFiles(const Files& files, size_t depth, Directories directories, const ErrorMaker& bad) {
  absl::flat_hash_set<std::string> seen;
  for (const pb::File& file : files) {
    absl::StatusOr<std::string> unescaped = UnescapeName(file.path());
    if (!unescaped.ok()) return bad("'", file.path(), "' has ", unescaped.status().message());
    const std::string& path = *unescaped;
    if (!path.empty() && !IsCleanRelative(path))
      return bad("'", file.path(), "' is not a clean relative path");
    if (!seen.insert(path).second) return bad("'", file.path(), "' is listed twice");
    if (!path.empty() && !directories.contains(std::string(DirName(path)))) {
      return bad("the directory that holds ", file.path(), " is not listed");
    }
    RELOC_RETURN_IF_ERROR(CheckAttributes(file, path, depth, bad));
    if (file.type() == pb::File::DIRECTORY) directories.insert(path);
  }
  return absl::OkStatus();
}

absl::Status CheckItem(const pb::Item& item, size_t depth, const absl::flat_hash_set<std::string>& names,
                       std::string_view file_name) {
  if (!IsItemName(item.name()))
    return ErrorMaker(file_name)("'", item.name(), "' is not the name of a store item");
  ErrorMaker bad(absl::StrCat(Text(file_name), ": ", item.name()));
  for (int i = 0; i < item.references_size(); ++i) {
    const std::string& reference = item.references(i);
    if (!names.contains(reference)) return bad("refers to ", reference, ", which is not listed");
    if (i > 0 && reference <= item.references(i - 1)) return bad("references are not in order");
  }
  if (item.files().empty() || !item.files(0).path().empty())
    return bad("does not begin with the item itself");
  return CheckFiles(item.files(), depth + 1, {}, bad);
}

size_t Depth(std::string_view path) { return static_cast<size_t>(std::count(path.begin(), path.end(), '/')); }

}  // namespace

bool LeavesPack(size_t depth, std::string_view link, std::string_view target) {
  if (target.starts_with('/')) return false;
  size_t level = link.empty() ? depth - 1 : depth + Depth(link);
  for (absl::string_view component : absl::StrSplit(Text(target), '/')) {
    if (component == "..") {
      if (level == 0) return true;
      --level;
    } else if (!component.empty() && component != ".") {
      ++level;
    }
  }
  return false;
}

absl::Status CheckFormat(const pb::Manifest& manifest, std::string_view name) {
  if (manifest.format_major() == 0) return ErrorMaker(name)("format_major is missing");
  if (manifest.format_major() <= kFormatMajor) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(Text(name), " has format ", manifest.format_major(), ".",
                                               manifest.format_minor(), "; this program reads up to ",
                                               kFormatMajor, ".x: use a newer relocctl"));
}

absl::Status CheckManifest(const pb::Manifest& manifest, std::string_view name) {
  ErrorMaker bad(name);
  const std::string& prefix = manifest.store_prefix();
  if (!IsCleanAbsolute(prefix) || prefix == "/" || !IsPlainText(prefix))
    return bad("store_prefix is not a clean absolute path");
  if (manifest.digest().size() != PackDigest().size()) return bad("digest does not have 16 bytes");
  if (CoversAll(manifest) && manifest.contents_sha256().size() != Sha256Digest().size())
    return bad("contents_sha256 does not have 32 bytes");
  absl::flat_hash_set<std::string> names;
  for (const pb::Entry& entry : manifest.entries()) {
    RELOC_RETURN_IF_ERROR(CheckEntry(entry, prefix, bad));
    if (!names.insert(entry.name()).second) return bad("entry ", entry.name(), " is listed twice");
  }
  return absl::OkStatus();
}

absl::Status CheckContents(const pb::Contents& contents, const pb::Manifest& manifest,
                           std::string_view name) {
  ErrorMaker bad(name);
  size_t depth = Depth(manifest.store_prefix());
  absl::flat_hash_set<std::string> names;
  for (const pb::Item& item : contents.items()) {
    if (!names.insert(item.name()).second) return bad("item ", item.name(), " is listed twice");
  }
  for (const pb::Item& item : contents.items()) RELOC_RETURN_IF_ERROR(CheckItem(item, depth, names, name));
  return CheckFiles(contents.own_files(), 0, {""}, bad);
}

}  // namespace reloc

#include "reloc/pack/store.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "reloc/base/file.h"
#include "reloc/base/path.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

constexpr int kMaxSymlinks = 40;  // as in Linux: path_resolution(7)

constexpr std::string_view kKnownPrefixes[] = {"/gnu/store", "/nix/store"};

// Returns `path` with the leading `from` replaced by `to`; unchanged if `from` is empty.
std::string Rebase(std::string_view path, std::string_view from, std::string_view to) {
  if (from.empty() || !IsBelow(path, from)) return std::string(path);
  return absl::StrCat(Text(to), Text(path.substr(from.size())));
}

// Removes and returns the next component of `*rest`.
std::string NextComponent(std::string* rest) {
  size_t end = std::min(rest->find('/'), rest->size());
  std::string component = rest->substr(0, end);
  rest->erase(0, end + 1);
  return component;
}

}  // namespace

absl::StatusOr<StoreLocation> LocateStore(std::string prefix, std::string directory) {
  if (!IsCleanAbsolute(prefix)) {
    return absl::InvalidArgumentError(absl::StrCat("store prefix ", prefix, " is not a clean absolute path"));
  }
  if (directory.empty()) directory = prefix;
  std::unique_ptr<char, decltype(&free)> real(realpath(directory.c_str(), nullptr), &free);
  if (!real) return SystemError(errno, absl::StrCat("cannot find the store directory ", directory));
  return StoreLocation{std::move(prefix), real.get()};
}

absl::StatusOr<StoreLocation> FindStore(const std::vector<std::string>& paths, const std::string& prefix,
                                        const std::string& directory) {
  if (!prefix.empty()) return LocateStore(prefix, directory);
  for (std::string_view known : kKnownPrefixes) {
    absl::StatusOr<StoreLocation> store = LocateStore(std::string(known), directory);
    if (!store.ok() || paths.empty()) continue;
    absl::StatusOr<std::string> real = ResolveInStore(*store, paths.front());
    if (real.ok() && !ItemOf(*store, *real).empty()) return store;
  }
  return LocateStore("/gnu/store", directory);
}

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("+-._?=").find(c) != std::string_view::npos;
}

bool IsItemName(std::string_view name) {
  if (name.size() < kHashLength + 2 || name[kHashLength] != '-') return false;
  return name.find_first_not_of(kBase32) == kHashLength &&
         std::all_of(name.begin() + kHashLength + 1, name.end(), IsNameCharacter);
}

std::string HostPath(const StoreLocation& store, std::string_view path) {
  return Rebase(path, store.prefix, store.directory);
}

std::string StorePath(const StoreLocation& store, std::string_view path) {
  return Rebase(path, store.directory, store.prefix);
}

std::string_view ItemOf(const StoreLocation& store, std::string_view path) {
  if (!IsBelow(path, store.prefix) || path.size() <= store.prefix.size()) return {};
  std::string_view below = path.substr(store.prefix.size() + 1);
  return below.substr(0, below.find('/'));
}

namespace {

// Finds the store of a symlink's absolute target, if the link is in a directory that contains that store.
void FindOwnStore(std::string_view link, std::string_view target, StoreLocation* store) {
  std::string directory, prefix;
  if (!FindStoreAround(link, &directory, &prefix) || !IsBelow(target, prefix)) return;
  *store = {prefix, absl::StrCat(directory, prefix)};
}

// Follows all symlinks of `path`, see ResolveInStore. If `*store` is empty, it becomes the one that the first
// link into a store around it leads to.
absl::StatusOr<std::string> Resolve(StoreLocation* store, std::string_view path) {
  std::string done, rest(path);
  for (int links = 0; !rest.empty();) {
    std::string component = NextComponent(&rest);
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      done = done.substr(0, done.rfind('/'));
      continue;
    }
    std::string next = StorePath(*store, absl::StrCat(done, "/", component));
    // Directories above the prefix need not exist on this host.
    struct stat st = {};
    if (!IsBelow(store->prefix, next) && lstat(HostPath(*store, next).c_str(), &st) != 0) {
      return SystemError(errno, absl::StrCat("cannot resolve ", Text(path), ": ", HostPath(*store, next)));
    }
    if (!S_ISLNK(st.st_mode)) {
      done = next;
      continue;
    }
    if (++links > kMaxSymlinks) return SystemError(ELOOP, absl::StrCat("cannot resolve ", Text(path)));
    RELOC_ASSIGN_OR_RETURN(std::string target, ReadSymlink(HostPath(*store, next)));
    if (target.starts_with('/')) {
      if (store->prefix.empty()) FindOwnStore(next, target, store);
      done.clear();
    }
    rest = absl::StrCat(target, "/", rest);
  }
  return done.empty() ? "/" : done;
}

}  // namespace

absl::StatusOr<std::string> ResolveInStore(const StoreLocation& store, std::string_view path) {
  StoreLocation same = store;
  return Resolve(&same, path);
}

absl::StatusOr<std::string> ResolveProgramPath(std::string_view path) {
  StoreLocation store;
  RELOC_ASSIGN_OR_RETURN(std::string real, Resolve(&store, path));
  return HostPath(store, real);
}

bool FindStoreAround(std::string_view path, std::string* directory, std::string* prefix) {
  for (std::string_view above = DirName(path); !above.empty(); above = DirName(above)) {
    std::string_view base = above == "/" ? "" : above;
    for (std::string_view known : kKnownPrefixes) {
      if (!IsDirectory(absl::StrCat(Text(base), Text(known)).c_str())) continue;
      *directory = base;
      *prefix = known;
      return true;
    }
    if (above == "/") break;
  }
  return false;
}

}  // namespace reloc

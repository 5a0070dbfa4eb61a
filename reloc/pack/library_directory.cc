#include "reloc/pack/library_directory.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

namespace fs = std::filesystem;

// Subdirectories that ld.so tries before a directory itself, by processor: _dl_important_hwcaps and, before
// glibc 2.37, the platforms and capabilities of sysdeps/*/dl-procinfo.c.
constexpr auto kVariants = std::to_array<absl::string_view>(
    {"glibc-hwcaps", "tls", "x86_64", "haswell", "xeon_phi", "avx512_1", "aarch64", "atomics"});

bool IsVariant(absl::string_view name) {
  return std::find(kVariants.begin(), kVariants.end(), name) != kVariants.end() ||
         absl::StartsWith(name, "power");
}

// Returns true if ".." leads above `prefix` on the way.
bool LeavesPrefix(const std::string& path, const std::string& prefix) {
  if (!IsBelow(path, prefix)) return true;
  int depth = 0;
  for (absl::string_view component : absl::StrSplit(path.substr(prefix.size()), '/', absl::SkipEmpty())) {
    if (component == ".") continue;
    depth += component == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

// Calls `visit` with each path of the iterator. Unlike a range-for it does not throw if a directory cannot be
// read to its end.
template <typename Iterator>
std::error_code ForEachPath(const fs::path& directory, absl::FunctionRef<void(const fs::path&)> visit) {
  std::error_code error;
  for (Iterator entry(directory, error), end; !error && entry != end; entry.increment(error))
    visit(entry->path());
  return error;
}

// Adds nothing if that is no directory.
void AddNamesBelow(const fs::path& path, absl::flat_hash_set<std::string>* names) {
  ForEachPath<fs::recursive_directory_iterator>(
      path, [&](const fs::path& file) { names->insert(file.filename()); });
}

}  // namespace

const LibraryDirectory& LibraryDirectories::At(const std::string& path) {
  auto [known, is_new] = directories_.try_emplace(path);
  if (is_new) known->second = Read(path);
  return known->second;
}

// Returns true for a path that ends at a symlink that dangles here, because it may lead to a file on another
// host; and for one that continues after a symlink that leads outside.
bool LibraryDirectories::MayLeadOutside(const std::string& path) const {
  fs::path above = path;
  std::error_code error;
  while (IsBelow(above.native(), store_.prefix) &&
         !fs::exists(fs::symlink_status(HostPath(store_, above.native()), error)))
    above = above.parent_path();
  return RealStorePath(store_, above.native()).empty();
}

LibraryDirectory LibraryDirectories::Read(const std::string& path) const {
  LibraryDirectory directory;
  if (LeavesPrefix(path, store_.prefix) || MayLeadOutside(path)) return directory;
  const std::error_code error =
      ForEachPath<fs::directory_iterator>(HostPath(store_, path), [&](const fs::path& file) {
        std::string name = file.filename();
        if (IsVariant(name)) AddNamesBelow(file, &directory.variants);
        directory.names.insert(std::move(name));
      });
  directory.known =
      !error || error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
  return directory;
}

std::string RealStorePath(const StoreLocation& store, const std::string& path) {
  std::error_code error;
  const std::string real = fs::canonical(HostPath(store, path), error);
  if (error || !IsBelow(real, store.directory)) return "";
  return StorePath(store, real);
}

}  // namespace reloc

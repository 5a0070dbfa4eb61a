#include "reloc/pack/host_libraries.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/path.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

constexpr char kLibc[] = "libc.so.6";
constexpr char kLibgcc[] = "libgcc_s.so.1";
// The libraries that glibc installs beside its libc, and libgcc_s. musl is a single file with its loader.
constexpr auto kCompanions = std::to_array<const char*>(
    {kLibc, "libm.so.6", "libmvec.so.1", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1",
     "libresolv.so.2", "libanl.so.1", "libnsl.so.1", "libnss_files.so.2", "libnss_dns.so.2",
     "libnss_compat.so.2", "libBrokenLocale.so.1", "libc_malloc_debug.so.0", kLibgcc});

std::string NameOf(const std::string& path) { return std::string(BaseName(path)); }
std::string DirectoryOf(const std::string& path) { return std::string(DirName(path)); }

void AppendOnce(const std::string& text, std::vector<std::string>* list) {
  if (std::find(list->begin(), list->end(), text) == list->end()) list->push_back(text);
}

template <typename T>
void Append(const std::vector<T>& more, std::vector<T>* list) {
  list->insert(list->end(), more.begin(), more.end());
}

std::string Canonical(const std::string& path) {
  std::error_code error;
  const std::filesystem::path canonical = std::filesystem::canonical(path, error);
  return error ? path : canonical.string();
}

}  // namespace

std::string AddedData::PlaceOf(const std::string& source) const {
  for (const Path& path : paths)
    if (IsBelow(source, path.source)) return path.place + source.substr(path.source.size());
  return "";
}

bool LibraryGraph::IsLibc(const std::string& name, const std::string& file) const {
  // musl's loader lists itself: libc.so => /lib/ld-musl-x86_64.so.1.
  if (file == loaded_.loader) return true;
  auto libc = loaded_.files.find(kLibc);
  return libc != loaded_.files.end() && DirectoryOf(file) == DirectoryOf(libc->second) &&
         std::find(kCompanions.begin(), kCompanions.end(), name) != kCompanions.end();
}

absl::StatusOr<LibraryGraph::Library> LibraryGraph::Find(const std::string& name) {
  Library library;
  library.name = name;
  auto found = loaded_.files.find(name);
  if (name == BaseName(loaded_.loader) || (found != loaded_.files.end() && IsLibc(name, found->second))) {
    library.home = Library::Home::kLibc;
    return library;
  }
  if (absl::StrContains(name, '/'))
    return absl::UnimplementedError("needs the library " + name +
                                    " by that path, which a pack cannot change");
  if (found == loaded_.files.end())
    return absl::NotFoundError("needs " + name + ", which its loader does not find");
  library.file = found->second;
  library.place = added_->PlaceOf(Canonical(library.file));
  library.home = library.place.empty() ? Library::Home::kOwnItem : Library::Home::kAdded;
  return library;
}

absl::StatusOr<std::vector<LibraryGraph::Library>> LibraryGraph::Closure(
    const std::vector<std::string>& needed) {
  std::vector<std::string> names = needed;
  absl::flat_hash_set<std::string> seen;
  std::vector<Library> closure;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!seen.insert(names[i]).second) continue;
    RELOC_ASSIGN_OR_RETURN(const Library library, Find(names[i]));
    closure.push_back(library);
    if (library.home != Library::Home::kOwnItem) continue;
    RELOC_ASSIGN_OR_RETURN(const ElfInfo elf, sources_->Elf(library.file));
    Append(elf.needed, &names);
  }
  return closure;
}

absl::StatusOr<std::vector<std::string>> LibraryGraph::Facts(const std::vector<std::string>& needed) {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> facts, LibcFacts());
  RELOC_ASSIGN_OR_RETURN(const std::vector<Library> closure, Closure(needed));
  for (const Library& library : closure) {
    if (library.home == Library::Home::kAdded) facts.push_back(names_->Path(added_->item, library.place));
    if (library.home != Library::Home::kOwnItem) continue;
    RELOC_ASSIGN_OR_RETURN(std::string fact, sources_->Fact(library.name, library.file));
    facts.push_back(std::move(fact));
  }
  return facts;
}

absl::StatusOr<std::vector<std::string>> LibraryGraph::Directories(const std::vector<std::string>& needed) {
  std::vector<std::string> directories;
  bool libc = false;
  for (const std::string& name : needed) {
    RELOC_ASSIGN_OR_RETURN(const Library library, Find(name));
    if (library.home == Library::Home::kLibc) {
      libc = true;
    } else if (library.home == Library::Home::kAdded) {
      AppendOnce(DirectoryOf(names_->Path(added_->item, library.place)), &directories);
    } else {
      RELOC_ASSIGN_OR_RETURN(const std::string item, ItemOfLibrary(library));
      AppendOnce(names_->Path(item, "lib"), &directories);
    }
  }
  if (!libc) return directories;
  RELOC_ASSIGN_OR_RETURN(const std::string item, LibcItem());
  directories.push_back(names_->Path(item, "lib"));
  return directories;
}

absl::StatusOr<std::vector<NeededPath>> LibraryGraph::LibcPaths(const std::vector<std::string>& needed) {
  std::vector<NeededPath> paths;
  if (!loaded_.files.contains(kLibc)) return paths;  // musl
  RELOC_ASSIGN_OR_RETURN(const std::string item, LibcItem());
  for (const std::string& name : needed) {
    RELOC_ASSIGN_OR_RETURN(const Library library, Find(name));
    // libgcc_s belongs to the compiler: libraries of a newer one need theirs.
    if (library.home != Library::Home::kLibc || name == kLibgcc || name == BaseName(loaded_.loader)) continue;
    paths.push_back({name, names_->Path(item, "lib/" + name)});
  }
  return paths;
}

absl::StatusOr<std::string> LibraryGraph::Loader() {
  RELOC_ASSIGN_OR_RETURN(const std::string item, LibcItem());
  return names_->Path(item, "lib/" + NameOf(loaded_.loader));
}

absl::Status LibraryGraph::AddItems(const std::vector<std::string>& needed, HostPlan* plan) {
  RELOC_RETURN_IF_ERROR(AddLibc(plan));
  RELOC_ASSIGN_OR_RETURN(const std::vector<Library> closure, Closure(needed));
  for (const Library& library : closure)
    if (library.home == Library::Home::kOwnItem) RELOC_RETURN_IF_ERROR(AddLibrary(library, plan));
  return absl::OkStatus();
}

absl::StatusOr<std::string> LibraryGraph::ItemOfLibrary(const Library& library) {
  if (library.home == Library::Home::kLibc) return LibcItem();
  RELOC_ASSIGN_OR_RETURN(const ElfInfo elf, sources_->Elf(library.file));
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> facts, Facts(elf.needed));
  RELOC_ASSIGN_OR_RETURN(std::string own, sources_->Fact("lib/" + library.name, library.file));
  facts.push_back(std::move(own));
  return names_->Name(library.name, std::move(facts));
}

absl::Status LibraryGraph::AddLibrary(const Library& library, HostPlan* plan) {
  RELOC_ASSIGN_OR_RETURN(const std::string item, ItemOfLibrary(library));
  if (plan->items.contains(item)) return absl::OkStatus();
  RELOC_ASSIGN_OR_RETURN(const ElfInfo elf, sources_->Elf(library.file));
  HostFile file = {.kind = HostFile::Kind::kElf, .path = "lib/" + library.name, .source = library.file};
  RELOC_ASSIGN_OR_RETURN(file.run_path, Directories(elf.needed));
  RELOC_ASSIGN_OR_RETURN(file.needed, LibcPaths(elf.needed));
  file.run_path = WithOwnRunPath(std::move(file.run_path), elf);
  if (!elf.interp.empty()) {
    RELOC_ASSIGN_OR_RETURN(file.interpreter, Loader());
  }
  plan->Add(item, {std::move(file)});
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> LibraryGraph::LibcFiles() const {
  std::vector<std::pair<std::string, std::string>> files = {{NameOf(loaded_.loader), loaded_.loader}};
  auto libc = loaded_.files.find(kLibc);
  if (libc == loaded_.files.end()) return files;
  for (const char* name : kCompanions) {
    std::string file = absl::StrCat(DirectoryOf(libc->second), "/", name);
    if (IsElf(file)) files.emplace_back(name, std::move(file));
  }
  return files;
}

absl::StatusOr<std::vector<std::string>> LibraryGraph::LibcFacts() {
  std::vector<std::string> facts;
  for (const auto& [name, file] : LibcFiles()) {
    RELOC_ASSIGN_OR_RETURN(std::string fact, sources_->Fact("libc/" + name, file));
    facts.push_back(std::move(fact));
  }
  return facts;
}

absl::StatusOr<std::string> LibraryGraph::LibcItem() {
  RELOC_ASSIGN_OR_RETURN(std::vector<std::string> facts, LibcFacts());
  return names_->Name("libc", std::move(facts));
}

absl::Status LibraryGraph::AddLibc(HostPlan* plan) {
  RELOC_ASSIGN_OR_RETURN(const std::string item, LibcItem());
  if (plan->items.contains(item)) return absl::OkStatus();
  std::vector<HostFile> files;
  for (const auto& [name, source] : LibcFiles()) {
    HostFile file = {.kind = HostFile::Kind::kElf, .path = "lib/" + name, .source = source};
    // The loader is found through no RUNPATH and has none of its own; if it were rewritten, it would not
    // start.
    if (source == loaded_.loader) file.kind = HostFile::Kind::kCopy;
    // Libraries that libc.so.6 loads by itself (libgcc_s, NSS modules) are found here, or through the
    // program's RUNPATH, which glibc 2.36 was seen to use and which has this directory as well.
    file.run_path = {names_->Path(item, "lib")};
    RELOC_ASSIGN_OR_RETURN(const ElfInfo elf, sources_->Elf(source));
    if (!elf.interp.empty()) file.interpreter = names_->Path(item, "lib/" + NameOf(loaded_.loader));
    files.push_back(std::move(file));
  }
  plan->Add(item, std::move(files));
  return absl::OkStatus();
}

std::vector<std::string> WithOwnRunPath(std::vector<std::string> directories, const ElfInfo& elf) {
  const std::string& own = elf.runpath.empty() ? elf.rpath : elf.runpath;
  for (absl::string_view directory : absl::StrSplit(own, ':', absl::SkipEmpty()))
    AppendOnce(std::string(directory), &directories);
  return directories;
}

}  // namespace reloc

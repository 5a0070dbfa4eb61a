#include "client/user_places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "reloc/base/file.h"
#include "reloc/base/text.h"
#include "reloc/pack/trusted_path.h"

namespace reloc {
namespace {

constexpr char kRuntimeParent[] = "/run/user";
constexpr char kTemporary[] = "/tmp";
constexpr char kPrefix[] = "relocd-";
constexpr size_t kMaxNames = 100000;  // of a directory; everyone can make names in /tmp
constexpr size_t kMaxUsers = 256;
constexpr size_t kMaxDirs = 32;  // of one user
constexpr size_t kMaxWarnings = 8;

// Decimal as it is printed: no sign, no leading zeros.
bool TakeNumber(absl::string_view* text, uint64_t* number) {
  size_t digits = std::min(text->find_first_not_of("0123456789"), text->size());
  absl::string_view taken = text->substr(0, digits);
  text->remove_prefix(digits);
  return (taken == "0" || (!taken.empty() && taken[0] != '0')) &&
         ParseDecimal({taken.data(), taken.size()}, number);
}

bool TakeUid(absl::string_view* text, uid_t* uid) {
  uint64_t number = 0;
  if (!TakeNumber(text, &number) || number >= uid_t(-1)) return false;
  *uid = static_cast<uid_t>(number);
  return true;
}

// What may follow the name of a daemon's directory: nothing, or the batch job that the daemon belongs to.
bool IsSuffix(absl::string_view text) {
  uint64_t job = 0;
  return text.empty() || (absl::ConsumePrefix(&text, ".job-") && TakeNumber(&text, &job) && text.empty());
}

// Of "relocd-UID[.job-JOBID]".
bool ParseTemporary(absl::string_view name, uid_t* uid) {
  return absl::ConsumePrefix(&name, kPrefix) && TakeUid(&name, uid) && IsSuffix(name);
}

void ForEachName(const std::string& directory,
                 absl::FunctionRef<void(absl::string_view name, int dir)> visit) {
  Result<UniqueFd> fd = Open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd.ok()) return;
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd->Release()), ::closedir);
  if (stream == nullptr) return;
  for (size_t count = 0; count < kMaxNames; ++count) {
    const struct dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) return;
    visit(entry->d_name, ::dirfd(stream.get()));
  }
}

// Empty, or what is wrong with the directory `name`. Asks a file system that is mounted there nothing.
std::string WhyNot(int parent, const std::string& name, uid_t uid) {
  Result<UniqueFd> fd = OpenAt(parent, name.c_str(), O_PATH | O_NOFOLLOW | O_DIRECTORY);
  if (!fd.ok()) return fd.error().value == ENOTDIR ? "is not a directory" : "";
  if (MountOf(fd->get()) != MountOf(parent)) return "is a mount of its own";
  struct stat st;
  if (::fstat(fd->get(), &st) != 0) return "";
  return st.st_uid == uid ? "" : absl::StrCat("belongs to uid ", st.st_uid);
}

}  // namespace

std::vector<uid_t> UsersWithDaemons(std::vector<std::string>* warnings) {
  std::set<uid_t> users;
  auto add = [&](uid_t uid) {
    if (users.size() < kMaxUsers) users.insert(uid);
  };
  ForEachName(kRuntimeParent, [&](absl::string_view name, int) {
    uid_t uid = 0;
    if (TakeUid(&name, &uid) && name.empty()) add(uid);
  });
  ForEachName(kTemporary, [&](absl::string_view name, int dir) {
    uid_t uid = 0;
    if (!ParseTemporary(name, &uid)) return;
    std::string wrong = WhyNot(dir, std::string(name), uid);
    if (wrong.empty()) return add(uid);
    if (warnings->size() < kMaxWarnings) warnings->push_back(absl::StrCat(kTemporary, "/", name, " ", wrong));
  });
  return {users.begin(), users.end()};
}

std::vector<std::string> DaemonDirsOf(uid_t uid) {
  std::vector<std::string> dirs;
  const std::string runtime = absl::StrCat(kRuntimeParent, "/", uid);
  ForEachName(runtime, [&](absl::string_view name, int) {
    if (absl::string_view rest = name; absl::ConsumePrefix(&rest, "relocd") && IsSuffix(rest))
      dirs.push_back(absl::StrCat(runtime, "/", name));
  });
  ForEachName(kTemporary, [&](absl::string_view name, int dir) {
    uid_t named = 0;
    if (ParseTemporary(name, &named) && named == uid && WhyNot(dir, std::string(name), uid).empty())
      dirs.push_back(absl::StrCat(kTemporary, "/", name));
  });
  std::sort(dirs.begin(), dirs.end());  // a name comes before the same with a suffix
  dirs.resize(std::min(dirs.size(), kMaxDirs));
  return dirs;
}

}  // namespace reloc

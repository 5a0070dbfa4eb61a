#include "client/watch/user_places.h"

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
#include "absl/time/clock.h"
#include "reloc/base/file.h"
#include "reloc/base/kernel_statx.h"
#include "reloc/base/mounts.h"
#include "reloc/base/text.h"

namespace reloc {
namespace {

constexpr char kRuntimeParent[] = "/run/user";
constexpr char kProcesses[] = "/proc";
constexpr char kTemporary[] = "/tmp";
constexpr char kPrefix[] = "relocd-";
constexpr size_t kMaxUsers = 256;
constexpr size_t kMaxDirs = 32;  // of one user
constexpr size_t kMaxWarnings = 8;
constexpr absl::Duration kOwnBudget = absl::Milliseconds(500);  // for a directory that belongs to the user

// Parses a decimal number as it is printed: no sign, no leading zeros.
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

// Returns whether `text` may follow the name of a daemon's directory: nothing, or the batch job of the
// daemon.
bool IsSuffix(absl::string_view text) {
  uint64_t job = 0;
  return text.empty() || (absl::ConsumePrefix(&text, ".job-") && TakeNumber(&text, &job) && text.empty());
}

// Parses "relocd-UID[.job-JOBID]".
bool ParseTemporary(absl::string_view name, uid_t* uid) {
  return absl::ConsumePrefix(&name, kPrefix) && TakeUid(&name, uid) && IsSuffix(name);
}

std::string TemporaryName(uid_t uid) { return absl::StrCat(kPrefix, uid); }

UniqueFd OpenDirectory(const std::string& path) {
  Result<UniqueFd> fd = Open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK);
  return fd.ok() ? *std::move(fd) : UniqueFd();
}

// Returns false if there was no time for all names.
bool ForEachName(const std::string& directory, absl::Time deadline,
                 absl::FunctionRef<void(absl::string_view name, int dir)> visit) {
  std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(OpenDirectory(directory).Release()), ::closedir);
  if (stream == nullptr) return true;
  while (const struct dirent* entry = ::readdir(stream.get())) {
    visit(entry->d_name, ::dirfd(stream.get()));
    if (absl::Now() > deadline) return false;
  }
  return true;
}

enum class Kind { kGone, kGood, kWrong };

// Returns whether `name` is a directory of `uid` and no mount; `why` is what is wrong. Sends no request to a
// file system that is mounted there.
Kind LookAt(int parent, const std::string& name, uid_t uid, std::string* why) {
  KernelStatx known;
  Errno e = Statx(parent, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | kStatxDontSync,
                  kStatxBasicStats, &known);
  if (e.value == ENOENT) return Kind::kGone;
  if (e.ok() && !S_ISDIR(known.mode)) {
    *why = "is not a directory";
  } else if (e.ok() && known.uid != uid) {
    *why = absl::StrCat("belongs to uid ", known.uid);
  } else if (Result<UniqueFd> fd = OpenUnmounted(parent, name.c_str()); !fd.ok()) {
    *why = fd.error().value == EXDEV ? "is a mount of its own" : "cannot be opened";
  } else {
    // Read again: the name may have led to a mount before.
    struct stat st;
    if (::fstat(fd->get(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid) return Kind::kGood;
    *why = "belongs to somebody else";
  }
  return Kind::kWrong;
}

class PlaceSearch {
 public:
  // Looks up users with a directory that only root can make, or with a process. A daemon that can answer has
  // one.
  void LookUpKnown(absl::Time deadline) {
    bool all = ForEachName(kRuntimeParent, deadline, [&](absl::string_view name, int) {
      uid_t uid = 0;
      if (TakeUid(&name, &uid) && name.empty() && AddUser(uid)) known_.insert(uid);
    });
    all = all && ForEachName(kProcesses, deadline, [&](absl::string_view name, int dir) {
            uint64_t pid = 0;
            struct stat st;
            if (TakeNumber(&name, &pid) && name.empty() &&
                ::fstatat(dir, absl::StrCat(pid).c_str(), &st, 0) == 0)
              known_.insert(st.st_uid);
          });
    UniqueFd tmp = OpenDirectory(kTemporary);
    for (uid_t uid : known_) LookUp(tmp.get(), TemporaryName(uid), uid);
    if (!all) Cut("there are too many processes to look at those of all users");
  }

  void ScanTemporary(absl::Time deadline) {
    bool all = ForEachName(kTemporary, deadline, [&](absl::string_view name, int dir) {
      uid_t uid = 0;
      if (!ParseTemporary(name, &uid)) return;
      if (!known_.contains(uid) || name != TemporaryName(uid)) LookUp(dir, std::string(name), uid);
    });
    if (!all) Cut(absl::StrCat("there are too many names in ", kTemporary, " to look at all of them"));
  }

  DaemonPlaces Finish() {
    places_.warnings.insert(places_.warnings.end(), cut_.begin(), cut_.end());
    return std::move(places_);
  }

 private:
  bool AddUser(uid_t uid) {
    if (places_.users.size() < kMaxUsers || places_.users.contains(uid)) {
      places_.users.try_emplace(uid);
      return true;
    }
    Cut(absl::StrCat("there are more than ", kMaxUsers, " users who may have daemons"));
    return false;
  }

  void LookUp(int tmp, const std::string& name, uid_t uid) {
    if (auto user = places_.users.find(uid); user != places_.users.end() && user->second.size() >= kMaxDirs)
      return Cut(absl::StrCat("uid ", uid, " has more than ", kMaxDirs, " directories in ", kTemporary));
    std::string why;
    const Kind kind = LookAt(tmp, name, uid, &why);
    if (kind == Kind::kGood && AddUser(uid)) places_.users[uid].push_back(name);
    if (kind == Kind::kWrong && places_.warnings.size() < kMaxWarnings)
      places_.warnings.push_back(absl::StrCat(kTemporary, "/", name, " ", why));
  }

  void Cut(absl::string_view why) {
    if (cut_.size() < kMaxWarnings) cut_.insert(absl::StrCat(why, ": jobs of some daemons may be missing"));
  }

  DaemonPlaces places_;
  std::set<uid_t> known_;
  std::set<std::string> cut_;
};

}  // namespace

DaemonPlaces FindDaemonPlaces(absl::Duration budget) {
  PlaceSearch search;
  search.LookUpKnown(absl::Now() + budget);
  search.ScanTemporary(absl::Now() + budget);
  return search.Finish();
}

std::vector<std::string> DaemonDirsOf(uid_t uid, const std::vector<std::string>& names) {
  std::vector<std::string> dirs;
  const std::string runtime = absl::StrCat(kRuntimeParent, "/", uid);
  ForEachName(runtime, absl::Now() + kOwnBudget, [&](absl::string_view name, int) {
    if (absl::string_view rest = name; absl::ConsumePrefix(&rest, "relocd") && IsSuffix(rest))
      dirs.push_back(absl::StrCat(runtime, "/", name));
  });
  UniqueFd tmp = OpenDirectory(kTemporary);
  for (const std::string& name : names) {
    uid_t named = 0;
    std::string why;
    if (ParseTemporary(name, &named) && named == uid && LookAt(tmp.get(), name, uid, &why) == Kind::kGood)
      dirs.push_back(absl::StrCat(kTemporary, "/", name));
  }
  std::sort(dirs.begin(), dirs.end());  // a name comes before the same with a suffix
  dirs.resize(std::min(dirs.size(), kMaxDirs));
  return dirs;
}

}  // namespace reloc

#include "daemon/metrics/expand_user.h"

#include <pwd.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace reloc {
namespace {

// Some hosts do not know the names of all their users.
std::string UserName() {
  const struct passwd* user = ::getpwuid(::geteuid());
  return user != nullptr ? user->pw_name : absl::StrCat(::geteuid());
}

}  // namespace

std::string ExpandUser(const std::string& text) {
  // The name may have to come from afar.
  const std::string name = text.find("%u") == text.npos ? "" : UserName();
  return absl::StrReplaceAll(text, {{"%u", name}, {"%U", absl::StrCat(::geteuid())}, {"%%", "%"}});
}

}  // namespace reloc

#include "reloc/hosted/user_name.h"

#include <pwd.h>

#include "absl/strings/str_cat.h"

namespace reloc {

std::string UserName(uid_t uid) {
  const struct passwd* user = ::getpwuid(uid);
  return user != nullptr ? user->pw_name : absl::StrCat(uid);
}

}  // namespace reloc

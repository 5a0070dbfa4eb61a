#include "daemon/metrics/expand_user.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "reloc/hosted/user_name.h"

namespace reloc {

std::string ExpandUser(const std::string& text) {
  // The name may have to come from afar.
  const std::string name = text.find("%u") == text.npos ? "" : UserName(::geteuid());
  return absl::StrReplaceAll(text, {{"%u", name}, {"%U", absl::StrCat(::geteuid())}, {"%%", "%"}});
}

}  // namespace reloc

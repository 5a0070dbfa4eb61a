#include "reloc/launch/symlink_root.h"

#include <errno.h>

namespace reloc {

bool EnsureSymlinkRoot(const char* const*, string_view, string_view prefix, TextBuffer*, Failure* failure) {
  failure->Set("symlink root", Errno{ENOSYS}, prefix);
  return false;
}

}  // namespace reloc

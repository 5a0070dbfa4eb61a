// What a pack's ld.so can do, for one that is not the parent's, whose options are known.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// Appends the letters of LoaderSetting::options for the ld.so that is open as `fd` and lies in `directory`.
// False if it is not glibc's. As engine/loader_facts.h does when plans are compiled.
bool ReadLoaderFile(int fd, string_view directory, TextBuffer* options);

}  // namespace reloc

// Reads the options of an ld.so that is not the parent's, whose options are known.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

// Appends the letters of LoaderSetting::options for the ld.so that is open as `fd` and is in `directory`.
// Returns false if it is not glibc's. engine/loader_facts.h does the same when plans are compiled.
bool ReadLoaderFile(int fd, string_view directory, TextBuffer* options);

}  // namespace reloc

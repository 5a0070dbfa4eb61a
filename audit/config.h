// Reads what the launch plan passed to the audit module through the environment.
#pragma once

#include "reloc/base/library_index.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/text.h"

namespace reloc {

// All texts stay valid as long as the process.
struct AuditConfig {
  LoaderSetting setting;
  string_view library_path;  // LD_LIBRARY_PATH
  LibraryIndex libraries;    // the pack's; empty if it has none
};

// Returns false if there is no such configuration: the program inherited the module, and was not launched
// from a pack.
bool ReadAuditConfig(AuditConfig* config);

// Appends `path`, or its place in the pack if it is below the store prefix.
void AppendMapped(const AuditConfig& config, string_view path, TextBuffer* out);

}  // namespace reloc

#include "reloc/base/loader_setting.h"

#include "reloc/base/path.h"

namespace reloc {
namespace {

// Returns true if `content` contains the literal as a whole C string: GLIBC_2.3 is not found in GLIBC_2.34.
template <size_t kSize>
bool HasString(string_view content, const char (&text)[kSize]) {
  return content.find(string_view(text, kSize)) != string_view::npos;
}

}  // namespace

bool DescribeLoader(string_view content, TextBuffer* options) {
  if (HasString(content, "--argv0")) *options << kSetsArgv0;
  if (!HasString(content, "GLIBC_2.35")) *options << kBindsNow;  // the version of _dl_find_object
  return HasString(content, "GLIBC_PRIVATE");
}

void AppendJobMark(int pid, uint64_t launched, TextBuffer* out) { *out << pid << '.' << launched; }

bool ParseLoaderSetting(string_view value, LoaderSetting* setting) {
  setting->options = SplitFirst(value, ':', &value);
  setting->prefix = SplitFirst(value, ':', &value);
  setting->pack = SplitFirst(value, ':', &value);
  setting->modules = SplitFirst(value, ':', &value);
  setting->loader = SplitFirst(value, ':', &value);
  setting->program = value;
  return IsCleanAbsolute(setting->prefix) && IsCleanAbsolute(setting->pack) &&
         IsCleanAbsolute(setting->modules);
}

void AppendLoaderSetting(const LoaderSetting& setting, TextBuffer* out) {
  for (string_view part : {setting.options, setting.prefix, setting.pack, setting.modules, setting.loader})
    *out << part << ':';
  *out << setting.program;
}

}  // namespace reloc

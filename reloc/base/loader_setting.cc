#include "reloc/base/loader_setting.h"

#include "reloc/base/path.h"

namespace reloc {

bool ParseLoaderSetting(string_view value, LoaderSetting* setting) {
  setting->options = SplitFirst(value, ':', &value);
  setting->prefix = SplitFirst(value, ':', &value);
  setting->pack = SplitFirst(value, ':', &value);
  setting->loader = SplitFirst(value, ':', &value);
  setting->program = value;
  return IsCleanAbsolute(setting->prefix) && IsCleanAbsolute(setting->pack);
}

void AppendLoaderSetting(const LoaderSetting& setting, TextBuffer* out) {
  for (string_view part : {setting.options, setting.prefix, setting.pack, setting.loader})
    *out << part << ':';
  *out << setting.program;
}

}  // namespace reloc

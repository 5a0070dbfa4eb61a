#include "daemon/config_layers.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/config_file.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/suggest.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

// "--idle-exit" is "idle-exit" in a file.
std::string KeyOf(const CLI::Option& option) { return option.get_single_name(); }

}  // namespace

absl::Status ConfigLayers::Apply(const std::string& path, bool required) {
  absl::StatusOr<std::vector<Setting>> settings = ReadConfigFile(path, !required);
  if (absl::IsNotFound(settings.status()) && !required) return absl::OkStatus();
  if (absl::IsDeadlineExceeded(settings.status()) && !required) {
    warning_ = absl::StrCat(settings.status().message(), "; relocd does without that file");
    return absl::OkStatus();
  }
  RELOC_RETURN_IF_ERROR(settings.status());
  for (const Setting& setting : *settings) {
    CLI::Option* option = Find(setting.key);
    if (option == nullptr) return UnknownKey(setting.key, setting.where);
    try {
      option->clear();
      option->add_result(setting.value);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return absl::InvalidArgumentError(absl::StrCat(setting.where, ": ", OneLine(error.what())));
    }
    values_[setting.key] = {setting.value, setting.where};
  }
  return absl::OkStatus();
}

CLI::Option* ConfigLayers::Find(const std::string& key) const {
  CLI::Option* option = app_->get_option_no_throw("--" + key);
  return option != nullptr && option->get_configurable() ? option : nullptr;
}

absl::Status ConfigLayers::UnknownKey(const std::string& key, const std::string& where) const {
  std::vector<std::string> keys;
  for (const CLI::Option* option : app_->get_options()) {
    if (option->get_configurable()) keys.push_back(KeyOf(*option));
  }
  std::string suggestion = DidYouMean(key, keys);
  if (suggestion.empty()) suggestion = "; relocd --print-config shows those that there are";
  return absl::InvalidArgumentError(
      absl::StrCat(where, ": there is no setting '", OneLine(key), "'", suggestion));
}

ConfigLayers::Value ConfigLayers::InForce(const CLI::Option& option) const {
  if (option.count() > 0) return {option.results().back(), "command line"};
  auto found = values_.find(KeyOf(option));
  return found != values_.end() ? found->second : Value{option.get_default_str(), "default"};
}

std::string ConfigLayers::Print() const {
  std::string text = "# relocd " RELOC_VERSION ": what is in force, and where it was said\n";
  for (const CLI::Option* option : app_->get_options()) {
    if (!option->get_configurable()) continue;
    Value value = InForce(*option);
    // What is empty is for relocd to find out when it starts.
    absl::StrAppend(&text, value.text.empty() ? "#" : "", KeyOf(*option), " = ",
                    OneLine(QuoteConfigValue(value.text)), "  # ", OneLine(value.where), "\n");
  }
  return text;
}

}  // namespace reloc

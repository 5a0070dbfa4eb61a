// Configuration files: lines "key = value", the keys being relocd's options without their dashes.
//
// A value that has spaces at its ends, or a '#', stands in double quotes, in which \" and \\ are a quote and
// a backslash. A '#' at the start of a line or after a space begins a comment. CLI11 has a reader of its own,
// which knows no line numbers and cuts quoted values at a '#'.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reloc {

struct Setting {
  std::string key;
  std::string value;
  std::string where;  // "/etc/relocd/relocd.conf:3", for people
};

// The settings of the file `path`, in order. NotFound if there is no such file; other errors name the line.
// DeadlineExceeded if it does not answer. `is_default`: PermissionDenied if it is neither this user's nor
// root's, since $HOME may be another user's (su, sudo -E), who must not say where this user's daemon writes.
// Call it while the process is single-threaded.
absl::StatusOr<std::vector<Setting>> ReadConfigFile(const std::string& path, bool is_default);

// The files that are read if they are there, later ones winning: the site's, then the user's. `envp`: for
// $XDG_CONFIG_HOME and $HOME.
std::vector<std::string> DefaultConfigFiles(const char* const* envp);

// `value` in quotes, as the reader takes it.
std::string QuoteConfigValue(absl::string_view value);

}  // namespace reloc

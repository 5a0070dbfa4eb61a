#include "daemon/config_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "reloc/base/env.h"
#include "reloc/hosted/child_task.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/hosted/trusted_path.h"

namespace reloc {
namespace {

constexpr size_t kMaxFileBytes = 1024 * 1024;
constexpr absl::Duration kPatience = absl::Milliseconds(700);

bool IsCommentOrEmpty(absl::string_view text) { return text.empty() || text[0] == '#'; }

// The value at the start of `text`, which begins with a quote. False if the closing one is missing, or is
// followed by something else than a comment.
bool ParseQuoted(absl::string_view text, std::string* value) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return IsCommentOrEmpty(absl::StripAsciiWhitespace(text.substr(i + 1)));
    if (text[i] == '\\' && ++i == text.size()) return false;
    value->push_back(text[i]);
  }
  return false;
}

std::string ParseBare(absl::string_view text) {
  size_t comment = text.find('#');
  while (comment != text.npos && comment > 0 &&
         !absl::ascii_isspace(static_cast<unsigned char>(text[comment - 1]))) {
    comment = text.find('#', comment + 1);
  }
  return std::string(absl::StripTrailingAsciiWhitespace(text.substr(0, comment)));
}

absl::StatusOr<Setting> ParseLine(absl::string_view line, std::string where) {
  const size_t equals = line.find('=');
  std::string key(absl::StripAsciiWhitespace(line.substr(0, equals)));
  if (equals == line.npos || key.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": '", OneLine(line), "' is not of the form key = value"));
  }
  absl::string_view text = absl::StripAsciiWhitespace(line.substr(equals + 1));
  std::string value;
  if (text.empty() || text[0] != '"') {
    value = ParseBare(text);
  } else if (!ParseQuoted(text, &value)) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": the value of '", OneLine(key), "' ends not with its quote"));
  }
  return Setting{std::move(key), std::move(value), std::move(where)};
}

constexpr absl::string_view kDefaultAdvice = "; set HOME (sudo -H, su -) or XDG_CONFIG_HOME to your own";
constexpr absl::string_view kNamedAdvice = "; copy it to a place that only root can change";

absl::Status Refuse(const std::string& path, absl::string_view why, absl::string_view advice) {
  return absl::PermissionDeniedError(absl::StrCat("configuration ", path, ": ", why, advice));
}

// For root: what another user can change is not read, also where --config names it.
absl::Status RequireTrusted(const std::string& path, absl::string_view advice) {
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error);
  absl::Status trusted = RequireTrustedPath(absolute, IfMissing::kAccept);
  return trusted.ok() ? trusted : Refuse(path, trusted.message(), advice);
}

absl::Status RequireOwn(const std::string& path) {
  RELOC_RETURN_IF_ERROR(RequireTrusted(path, kDefaultAdvice));
  // A link counts as its owner's, wherever it leads.
  struct stat st;
  if (::lstat(path.c_str(), &st) != 0 || st.st_uid == ::geteuid() || st.st_uid == 0) return absl::OkStatus();
  return Refuse(path, absl::StrCat("it belongs to uid ", st.st_uid), kDefaultAdvice);
}

// In a process of its own: the home directory may be on a file system that hangs.
absl::StatusOr<std::string> ReadInTime(const std::string& path, bool is_default) {
  absl::StatusOr<std::string> text = TryInChild(kPatience, [&]() -> absl::StatusOr<std::string> {
    RELOC_RETURN_IF_ERROR(is_default ? RequireOwn(path) : RequireTrusted(path, kNamedAdvice));
    return ReadWholeFile(path, kMaxFileBytes);
  });
  if (!absl::IsDeadlineExceeded(text.status())) return text;
  return absl::DeadlineExceededError(absl::StrCat(path, " does not answer"));
}

}  // namespace

absl::StatusOr<std::vector<Setting>> ReadConfigFile(const std::string& path, bool is_default) {
  RELOC_ASSIGN_OR_RETURN(std::string text, ReadInTime(path, is_default));
  std::vector<Setting> settings;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (IsCommentOrEmpty(line)) continue;
    RELOC_ASSIGN_OR_RETURN(Setting setting, ParseLine(line, absl::StrCat(path, ":", number)));
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<std::string> DefaultConfigFiles(const char* const* envp) {
  std::vector<std::string> files = {"/etc/relocd/relocd.conf"};
  // Relative paths in these are to be ignored: XDG Base Directory Specification.
  string_view config = EnvValue(envp, "XDG_CONFIG_HOME");
  string_view home = EnvValue(envp, "HOME");
  if (StartsWith(config, "/")) {
    files.push_back(absl::StrCat(Text(config), "/relocd/relocd.conf"));
  } else if (StartsWith(home, "/")) {
    files.push_back(absl::StrCat(Text(home), "/.config/relocd/relocd.conf"));
  }
  return files;
}

std::string QuoteConfigValue(absl::string_view value) {
  return absl::StrCat("\"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

}  // namespace reloc

// Formats the output of listing commands: records of named values, as a table for people or as JSON for
// scripts.
//
// A record names each of its values once; JSON, --filter and tables all use these names.
#pragma once

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// protobuf's JSON value: it has a null, and its printer supports JSON's escapes.
using JsonValue = google::protobuf::Value;
using Record = std::vector<std::pair<std::string, JsonValue>>;  // in the order in which it is printed

JsonValue JsonNull();
JsonValue JsonNumber(double number);
JsonValue JsonBool(bool value);
// Replaces bytes that are not UTF-8 by U+FFFD, because JSON cannot express them.
JsonValue JsonText(absl::string_view bytes);
JsonValue JsonTime(const google::protobuf::Timestamp& time);  // RFC 3339, UTC

std::string ToJson(const Record& record);
std::string ToJson(const std::vector<Record>& records);

// Returns a value as --filter compares it: texts without quotes, null as "".
std::string ToText(const JsonValue& value);
// Returns the value of that name, or nullptr.
const JsonValue* FindValue(const Record& record, absl::string_view name);

// KEY=VALUE filters. Values of one key are alternatives, keys must all match.
class Filter {
 public:
  // Adds a filter. InvalidArgument if the text is not KEY=VALUE.
  absl::Status Add(absl::string_view text);
  bool empty() const { return wanted_.empty(); }
  // Returns InvalidArgument if a record has no such key.
  absl::Status CheckKeys(const Record& sample) const;
  bool Matches(const Record& record) const;

 private:
  std::vector<std::pair<std::string, std::string>> wanted_;
};

// Returns "1 job", "2 jobs". `plural`: if it is not `noun` and an "s".
std::string Counted(size_t count, absl::string_view noun, absl::string_view plural = "");

// Formats columns of equal width, two spaces apart. The first row is the header. Cells are escaped (OneLine):
// a program's arguments must not reach the terminal unescaped.
std::string Table(const std::vector<std::vector<std::string>>& rows);

}  // namespace reloc

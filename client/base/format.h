// What the listing commands print: records of named values, as a table for people or as JSON for scripts.
//
// A record names each of its values once; JSON, --filter and tables all go by these names.
#pragma once

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reloc {

// protobuf's JSON value: it has a null, and its printer knows JSON's escapes.
using JsonValue = google::protobuf::Value;
using Record = std::vector<std::pair<std::string, JsonValue>>;  // in the order in which it is printed

JsonValue JsonNull();
JsonValue JsonNumber(double number);
JsonValue JsonBool(bool value);
// Bytes that are not UTF-8 become U+FFFD: JSON has no other way.
JsonValue JsonText(absl::string_view bytes);
JsonValue JsonTime(const google::protobuf::Timestamp& time);  // RFC 3339, UTC

std::string ToJson(const Record& record);
std::string ToJson(const std::vector<Record>& records);

// A value as --filter compares it: texts bare, null as "".
std::string ToText(const JsonValue& value);
// The value of that name, or nullptr.
const JsonValue* FindValue(const Record& record, absl::string_view name);

// KEY=VALUE filters. Values of one key are alternatives, keys must all match.
class Filter {
 public:
  // InvalidArgument if a text is not KEY=VALUE.
  absl::Status Add(absl::string_view text);
  bool empty() const { return wanted_.empty(); }
  // InvalidArgument if a record has no such key.
  absl::Status CheckKeys(const Record& sample) const;
  bool Matches(const Record& record) const;

 private:
  std::vector<std::pair<std::string, std::string>> wanted_;
};

// "1 job", "2 jobs". `plural`: if it is not `noun` and an "s".
std::string Counted(size_t count, absl::string_view noun, absl::string_view plural = "");

// Columns of equal width, two spaces apart. The first row is the header. Cells are escaped (OneLine): what a
// program was called with must not reach the terminal.
std::string Table(const std::vector<std::vector<std::string>>& rows);

}  // namespace reloc

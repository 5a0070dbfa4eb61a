#include "client/base/format.h"

#include <google/protobuf/util/time_util.h>
#include <stdint.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "reloc/base/one_line.h"
#include "reloc/hosted/text.h"

namespace reloc {
namespace {

std::string ToUtf8(absl::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    size_t length = Utf8Length({bytes.data(), bytes.size()});
    absl::StrAppend(&text, length > 0 ? bytes.substr(0, length) : "\xEF\xBF\xBD");
    bytes.remove_prefix(std::max<size_t>(length, 1));
  }
  return text;
}

void AppendString(absl::string_view text, std::string* json) {
  json->push_back('"');
  char memory[kMaxEscape];
  for (string_view rest(text.data(), text.size()); !rest.empty();) {
    string_view piece = TakeShown(&rest, LineStyle::kJson, memory);
    if (piece.data() == memory) {
      absl::StrAppend(json, Text(piece));
      continue;
    }
    for (char c : piece) {
      if (c == '"' || c == '\\') json->push_back('\\');
      if (c == '\n' || c == '\t') {
        json->append(c == '\n' ? "\\n" : "\\t");
      } else {
        json->push_back(c);
      }
    }
  }
  json->push_back('"');
}

// Appends the shortest text that is parsed as the same number. JSON has none for infinity, which does not
// occur.
void AppendNumber(double number, std::string* json) {
  constexpr double kExact = 9007199254740992;  // 2^53: up to here every whole number is a double
  if (number == std::floor(number) && std::abs(number) < kExact) {
    absl::StrAppend(json, static_cast<int64_t>(number));
    return;
  }
  char text[32];
  json->append(text, std::to_chars(text, text + sizeof text, number).ptr);
}

// By hand: protobuf's printer takes 50 us for a job, and there may be thousands.
void AppendValue(const JsonValue& value, std::string* json) {
  if (value.has_string_value()) return AppendString(value.string_value(), json);
  if (value.has_number_value()) return AppendNumber(value.number_value(), json);
  if (value.has_bool_value()) return absl::StrAppend(json, value.bool_value() ? "true" : "false");
  const char* separator = "";
  if (value.has_list_value()) {
    json->push_back('[');
    for (const JsonValue& element : value.list_value().values()) {
      json->append(std::exchange(separator, ","));
      AppendValue(element, json);
    }
    json->push_back(']');
  } else if (value.has_struct_value()) {
    // protobuf's map has no order.
    const auto& fields = value.struct_value().fields();
    const std::map<std::string, JsonValue> ordered(fields.begin(), fields.end());
    json->push_back('{');
    for (const auto& [name, field] : ordered) {
      json->append(std::exchange(separator, ", "));
      AppendString(name, json);
      json->append(": ");
      AppendValue(field, json);
    }
    json->push_back('}');
  } else {
    json->append("null");
  }
}

void AppendRecord(const Record& record, std::string* json) {
  const char* separator = "{";
  for (const auto& [name, value] : record) {
    absl::StrAppend(json, std::exchange(separator, ", "), "\"", name, "\": ");
    AppendValue(value, json);
  }
  json->append(record.empty() ? "{}" : "}");
}

std::string ValueToJson(const JsonValue& value) {
  std::string json;
  AppendValue(value, &json);
  return json;
}

// Counts characters, not bytes; wide ones are counted as one.
size_t Width(absl::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(),
                                           [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace

JsonValue JsonNull() {
  JsonValue value;
  value.set_null_value(google::protobuf::NULL_VALUE);
  return value;
}

JsonValue JsonNumber(double number) {
  JsonValue value;
  value.set_number_value(number);
  return value;
}

JsonValue JsonBool(bool boolean) {
  JsonValue value;
  value.set_bool_value(boolean);
  return value;
}

JsonValue JsonText(absl::string_view bytes) {
  JsonValue value;
  value.set_string_value(ToUtf8(bytes));
  return value;
}

JsonValue JsonTime(const google::protobuf::Timestamp& time) {
  return JsonText(google::protobuf::util::TimeUtil::ToString(time));
}

std::string ToJson(const Record& record) {
  std::string json;
  AppendRecord(record, &json);
  return json;
}

std::string ToJson(const std::vector<Record>& records) {
  std::string json = "[";
  for (const Record& record : records) {
    if (json.size() > 1) json.append(",\n ");
    AppendRecord(record, &json);
  }
  json.push_back(']');
  return json;
}

std::string ToText(const JsonValue& value) {
  if (value.has_null_value()) return "";
  return value.has_string_value() ? value.string_value() : ValueToJson(value);
}

const JsonValue* FindValue(const Record& record, absl::string_view name) {
  for (const auto& [key, value] : record) {
    if (key == name) return &value;
  }
  return nullptr;
}

absl::Status Filter::Add(absl::string_view text) {
  std::pair<std::string, std::string> wanted = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (!absl::StrContains(text, '=') || wanted.first.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("--filter ", text, ": not KEY=VALUE"));
  }
  wanted_.push_back(std::move(wanted));
  return absl::OkStatus();
}

absl::Status Filter::CheckKeys(const Record& sample) const {
  for (const auto& [key, text] : wanted_) {
    if (FindValue(sample, key) != nullptr) continue;
    std::string known;
    for (const auto& [name, value] : sample) absl::StrAppend(&known, known.empty() ? "" : ", ", name);
    return absl::InvalidArgumentError(absl::StrCat("--filter ", key, ": no such key; there are ", known));
  }
  return absl::OkStatus();
}

bool Filter::Matches(const Record& record) const {
  return std::all_of(wanted_.begin(), wanted_.end(), [&](const auto& wanted) {
    // One of the alternatives for this key.
    const JsonValue* value = FindValue(record, wanted.first);
    std::string text = value == nullptr ? "" : ToText(*value);
    return std::any_of(wanted_.begin(), wanted_.end(), [&](const auto& other) {
      return other.first == wanted.first && other.second == text;
    });
  });
}

std::string Counted(size_t count, absl::string_view noun, absl::string_view plural) {
  if (count != 1 && !plural.empty()) return absl::StrCat(count, " ", plural);
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells = rows;
  std::vector<size_t> widths;
  for (auto& row : cells) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = OneLine(row[i]);
      widths[i] = std::max(widths[i], Width(row[i]));
    }
  }
  std::string table;
  for (const auto& row : cells) {
    for (size_t i = 0; i < row.size(); ++i) {
      bool last = i + 1 == row.size();
      absl::StrAppend(&table, row[i], last ? "\n" : std::string(widths[i] - Width(row[i]) + 2, ' '));
    }
  }
  return table;
}

}  // namespace reloc

#include "reloc/pack/digest.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"

namespace reloc {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Doubles represent all integers up to this exactly.
constexpr double kMaxInteger = 9007199254740992;

PackDigest FirstHalf(const Sha256Digest& whole) {
  PackDigest digest;
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

std::string Quoted(const std::string& text) {
  constexpr std::string_view kShort = "\b\t\n\f\r\"\\", kLetters = "btnfr\"\\";
  std::string out = "\"";
  for (char c : text) {
    if (size_t at = kShort.find(c); at != kShort.npos) {
      out += {'\\', kLetters[at]};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppend(&out, absl::StrFormat("\\u%04x", c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

absl::StatusOr<std::string> Canonical(const Value& value);

absl::StatusOr<std::string> Canonical(const Struct& object) {
  std::vector<std::pair<std::string, const Value*>> members;
  for (const auto& [key, value] : object.fields()) members.emplace_back(key, &value);
  std::sort(members.begin(), members.end());
  std::vector<std::string> texts;
  for (const auto& [key, value] : members) {
    RELOC_ASSIGN_OR_RETURN(std::string text, Canonical(*value));
    texts.push_back(absl::StrCat(Quoted(key), ":", text));
  }
  return absl::StrCat("{", absl::StrJoin(texts, ","), "}");
}

absl::StatusOr<std::string> Canonical(const Value& value) {
  switch (value.kind_case()) {
    case Value::kBoolValue:
      return std::string(value.bool_value() ? "true" : "false");
    case Value::kNumberValue: {
      const double number = value.number_value();
      if (std::trunc(number) == number && std::abs(number) < kMaxInteger)
        return absl::StrCat(static_cast<int64_t>(number));
      return absl::InvalidArgumentError("a number that is not an integer");
    }
    case Value::kStringValue:
      return Quoted(value.string_value());
    case Value::kStructValue:
      return Canonical(value.struct_value());
    case Value::kListValue: {
      std::vector<std::string> texts;
      for (const Value& element : value.list_value().values()) {
        RELOC_ASSIGN_OR_RETURN(std::string text, Canonical(element));
        texts.push_back(std::move(text));
      }
      return absl::StrCat("[", absl::StrJoin(texts, ","), "]");
    }
    default:
      return std::string("null");
  }
}

// Hashes a sequence of numbers and texts such that different sequences are hashed from different bytes.
class DigestWriter {
 public:
  DigestWriter& operator<<(uint64_t number) {
    std::array<char, 8> bytes;
    for (char& byte : bytes) byte = static_cast<char>(number & 0xff), number >>= 8;
    hash_.Update({bytes.data(), bytes.size()});
    return *this;
  }
  DigestWriter& operator<<(const std::string& text) {
    *this << static_cast<uint64_t>(text.size());
    hash_.Update(text);
    return *this;
  }
  PackDigest Finish() && { return FirstHalf(std::move(hash_).Finish()); }

 private:
  Sha256 hash_;
};

void AddItem(const pb::Item& item, DigestWriter* out) {
  *out << item.name() << static_cast<uint64_t>(item.references_size());
  for (const std::string& reference : item.references()) *out << reference;
  *out << static_cast<uint64_t>(item.files_size());
  for (const pb::File& file : item.files()) {
    *out << file.path() << static_cast<uint64_t>(file.type()) << static_cast<uint64_t>(file.executable())
         << file.size() << file.sha256() << file.target();
  }
}

}  // namespace

absl::StatusOr<PackDigest> ManifestDigest(std::string_view json) {
  Struct object;
  auto parsed = google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, &object);
  if (!parsed.ok()) return absl::InvalidArgumentError("no JSON object");
  object.mutable_fields()->erase("digest");
  object.mutable_fields()->erase("provenance");
  RELOC_ASSIGN_OR_RETURN(std::string canonical, Canonical(object));
  Sha256 hash;
  hash.Update(canonical);
  return FirstHalf(std::move(hash).Finish());
}

PackDigest StoreDigest(const pb::Manifest& manifest, const pb::Contents& contents) {
  DigestWriter out;
  out << manifest.store_prefix() << static_cast<uint64_t>(contents.items_size());
  for (const pb::Item& item : contents.items()) AddItem(item, &out);
  out << static_cast<uint64_t>(manifest.entries_size());
  for (const pb::Entry& entry : manifest.entries())
    out << entry.name() << entry.program() << entry.resolved();
  return std::move(out).Finish();
}

bool CoversAll(const pb::Manifest& manifest) { return !manifest.contents_sha256().empty(); }

PackDigest DigestOf(const pb::Manifest& manifest) {
  PackDigest digest{};
  std::copy_n(manifest.digest().begin(), std::min(manifest.digest().size(), digest.size()), digest.begin());
  return digest;
}

}  // namespace reloc

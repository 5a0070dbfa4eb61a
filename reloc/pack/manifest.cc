#include "reloc/pack/manifest.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reloc/pack/files.h"
#include "reloc/pack/hash.h"
#include "reloc/pack/manifest_check.h"
#include "reloc/pack/status.h"
#include "reloc/pack/text.h"

namespace reloc {
namespace {

using google::protobuf::Message;
using google::protobuf::util::JsonParseOptions;
using google::protobuf::util::JsonPrintOptions;

// Far above any real one, far below what would exhaust memory: an entry takes 100 bytes, a file 200.
constexpr size_t kMaxManifest = 64 << 20;
constexpr size_t kMaxContents = 1 << 30;

absl::Status ParseJson(std::string_view json, std::string_view name, bool ignore_unknown, Message* message) {
  JsonParseOptions options;
  options.ignore_unknown_fields = ignore_unknown;
  auto status = google::protobuf::util::JsonStringToMessage({json.data(), json.size()}, message, options);
  if (status.ok()) return absl::OkStatus();
  std::string_view why(status.message().data(), status.message().size());
  return absl::InvalidArgumentError(
      absl::StrCat(Text(name), ": ", OneLine(Text(why.substr(0, why.find('\n'))))));
}

absl::Status WriteJson(const std::string& path, const Message& message) {
  JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat(path, ": ", status.ToString()));
  json += '\n';
  return WriteNewFile(path, json, 0644);
}

// Hashes a sequence of numbers and texts such that no two sequences look alike.
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
  PackDigest Finish() && {
    Sha256Digest whole = std::move(hash_).Finish();
    PackDigest digest;
    std::copy_n(whole.begin(), digest.size(), digest.begin());
    return digest;
  }

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

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }
int HexValue(char c) { return c <= '9' ? c - '0' : c - 'A' + 10; }

void AppendEscaped(unsigned char byte, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  *out += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

}  // namespace

absl::StatusOr<pb::Manifest> ParseManifest(std::string_view json, std::string_view name) {
  pb::Manifest manifest;
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, /*ignore_unknown=*/true, &manifest));
  RELOC_RETURN_IF_ERROR(CheckFormat(manifest, name));
  // Known now: a field that we do not know is a newer minor version's, or garbage.
  bool newer = manifest.format_minor() > kFormatMinor;
  manifest.Clear();
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, newer, &manifest));
  RELOC_RETURN_IF_ERROR(CheckManifest(manifest, name));
  return manifest;
}

absl::StatusOr<pb::Contents> ParseContents(std::string_view json, std::string_view name,
                                           const pb::Manifest& manifest) {
  pb::Contents contents;
  bool newer = manifest.format_minor() > kFormatMinor;
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, newer, &contents));
  RELOC_RETURN_IF_ERROR(CheckContents(contents, manifest, name));
  return contents;
}

absl::StatusOr<pb::Manifest> LoadManifest(const std::string& pack) {
  std::string path = absl::StrCat(pack, "/", kManifestPath);
  absl::StatusOr<std::string> json = ReadWholeFile(path, kMaxManifest);
  if (absl::IsNotFound(json.status())) {
    return absl::NotFoundError(absl::StrCat(pack, " is not the directory of a pack: there is no ", path));
  }
  if (!json.ok()) return json.status();
  return ParseManifest(*json, path);
}

absl::StatusOr<pb::Contents> LoadContents(const std::string& pack, const pb::Manifest& manifest) {
  std::string path = absl::StrCat(pack, "/", kContentsPath);
  RELOC_ASSIGN_OR_RETURN(std::string json, ReadWholeFile(path, kMaxContents));
  return ParseContents(json, path, manifest);
}

absl::Status SaveManifest(const std::string& pack, const pb::Manifest& manifest,
                          const pb::Contents& contents) {
  RELOC_RETURN_IF_ERROR(WriteJson(absl::StrCat(pack, "/", kContentsPath), contents));
  return WriteJson(absl::StrCat(pack, "/", kManifestPath), manifest);
}

PackDigest ComputeDigest(const pb::Manifest& manifest, const pb::Contents& contents) {
  DigestWriter out;
  out << manifest.store_prefix() << static_cast<uint64_t>(contents.items_size());
  for (const pb::Item& item : contents.items()) AddItem(item, &out);
  out << static_cast<uint64_t>(manifest.entries_size());
  for (const pb::Entry& entry : manifest.entries())
    out << entry.name() << entry.program() << entry.resolved();
  return std::move(out).Finish();
}

PackDigest DigestOf(const pb::Manifest& manifest) {
  PackDigest digest{};
  std::copy_n(manifest.digest().begin(), std::min(manifest.digest().size(), digest.size()), digest.begin());
  return digest;
}

std::string EscapeName(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    size_t length = name[0] == '%' ? 0 : Utf8Length(name);
    if (length == 0) {
      AppendEscaped(static_cast<unsigned char>(name[0]), &out);
    } else {
      out += name.substr(0, length);
    }
    name.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

absl::StatusOr<std::string> UnescapeName(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && IsHex(text[i + 1]) && IsHex(text[i + 2])) {
      out += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      return absl::InvalidArgumentError("a % that is not followed by two hexadecimal digits");
    }
  }
  // One name, one spelling: else %2E%2E would be a way to write "..".
  if (EscapeName(out) != text) return absl::InvalidArgumentError("an escape that is not needed");
  return out;
}

}  // namespace reloc

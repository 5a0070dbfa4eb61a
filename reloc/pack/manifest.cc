#include "reloc/pack/manifest.h"

#include <errno.h>
#include <google/protobuf/util/json_util.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "reloc/hosted/files.h"
#include "reloc/hosted/hash.h"
#include "reloc/hosted/status.h"
#include "reloc/hosted/text.h"
#include "reloc/pack/manifest_check.h"

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

absl::StatusOr<std::string> PrintJson(const Message& message) {
  JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (!status.ok()) return absl::InternalError(absl::StrCat("cannot write JSON: ", status.ToString()));
  return json + '\n';
}

std::string HashOf(std::string_view bytes) {
  Sha256 hash;
  hash.Update(bytes);
  const Sha256Digest digest = std::move(hash).Finish();
  return {digest.begin(), digest.end()};
}

// Checks that `manifest` has the digest of its text. Older manifests can be checked only with their list of
// contents.
absl::Status CheckDigest(const pb::Manifest& manifest, std::string_view json, std::string_view name) {
  if (!CoversAll(manifest)) return absl::OkStatus();
  absl::StatusOr<PackDigest> digest = ManifestDigest(json);
  if (!digest.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(Text(name), ": ", digest.status().message()));
  }
  if (*digest == DigestOf(manifest)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(Text(name), " was changed: its digest is another"));
}

absl::StatusOr<std::string> ReadManifest(const std::string& pack) {
  std::string path = absl::StrCat(pack, "/", kManifestPath);
  absl::StatusOr<std::string> json = ReadWholeFile(path, kMaxManifest);
  if (json.ok()) return json;
  struct stat st;
  if (::stat(pack.c_str(), &st) == 0 && S_ISREG(st.st_mode)) {
    if (::access(pack.c_str(), R_OK) != 0) return SystemError(errno, absl::StrCat("cannot read ", pack));
    return absl::InvalidArgumentError(absl::StrCat(
        pack, " is a file, and neither a pack's directory nor its image; unpack an archive first: ",
        "mkdir DIR && tar -C DIR -xf ", pack));
  }
  if (!absl::IsNotFound(json.status())) return json;
  return absl::NotFoundError(absl::StrCat(pack, " is not the directory of a pack: there is no ", path));
}

}  // namespace

absl::StatusOr<pb::Manifest> ParseManifest(std::string_view json, std::string_view name) {
  pb::Manifest manifest;
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, /*ignore_unknown=*/true, &manifest));
  RELOC_RETURN_IF_ERROR(CheckFormat(manifest, name));
  // Now the version is known: an unknown field is from a newer minor version, or garbage.
  bool newer = manifest.format_minor() > kFormatMinor;
  manifest.Clear();
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, newer, &manifest));
  RELOC_RETURN_IF_ERROR(CheckManifest(manifest, name));
  RELOC_RETURN_IF_ERROR(CheckDigest(manifest, json, name));
  return manifest;
}

absl::StatusOr<pb::Contents> ParseContents(std::string_view json, std::string_view name,
                                           const pb::Manifest& manifest) {
  pb::Contents contents;
  bool newer = manifest.format_minor() > kFormatMinor;
  RELOC_RETURN_IF_ERROR(ParseJson(json, name, newer, &contents));
  RELOC_RETURN_IF_ERROR(CheckContents(contents, manifest, name));
  const bool belongs = CoversAll(manifest) ? HashOf(json) == manifest.contents_sha256()
                                           : StoreDigest(manifest, contents) == DigestOf(manifest);
  if (belongs) return contents;
  return absl::DataLossError(
      absl::StrCat(Text(name), " does not belong to manifest.json beside it: its digest is another"));
}

absl::StatusOr<pb::Manifest> LoadManifest(const std::string& pack) {
  RELOC_ASSIGN_OR_RETURN(std::string json, ReadManifest(pack));
  return ParseManifest(json, absl::StrCat(pack, "/", kManifestPath));
}

absl::StatusOr<pb::Contents> LoadContents(const std::string& pack, const pb::Manifest& manifest) {
  std::string path = absl::StrCat(pack, "/", kContentsPath);
  RELOC_ASSIGN_OR_RETURN(std::string json, ReadWholeFile(path, kMaxContents));
  return ParseContents(json, path, manifest);
}

absl::StatusOr<PackLists> LoadLists(const std::string& pack) {
  PackLists lists;
  const std::string contents = absl::StrCat(pack, "/", kContentsPath);
  RELOC_ASSIGN_OR_RETURN(lists.manifest_json, ReadManifest(pack));
  RELOC_ASSIGN_OR_RETURN(lists.manifest,
                         ParseManifest(lists.manifest_json, absl::StrCat(pack, "/", kManifestPath)));
  RELOC_ASSIGN_OR_RETURN(lists.contents_json, ReadWholeFile(contents, kMaxContents));
  RELOC_ASSIGN_OR_RETURN(lists.contents, ParseContents(lists.contents_json, contents, lists.manifest));
  return lists;
}

absl::Status SealLists(PackLists* lists) {
  pb::Manifest& manifest = lists->manifest;
  manifest.set_format_minor(std::max(manifest.format_minor(), kFormatMinor));
  RELOC_ASSIGN_OR_RETURN(lists->contents_json, PrintJson(lists->contents));
  manifest.set_contents_sha256(HashOf(lists->contents_json));
  RELOC_ASSIGN_OR_RETURN(lists->manifest_json, PrintJson(manifest));
  RELOC_ASSIGN_OR_RETURN(PackDigest digest, ManifestDigest(lists->manifest_json));
  manifest.set_digest(digest.data(), digest.size());
  RELOC_ASSIGN_OR_RETURN(lists->manifest_json, PrintJson(manifest));
  return absl::OkStatus();
}

absl::Status SaveLists(const std::string& pack, const PackLists& lists) {
  RELOC_RETURN_IF_ERROR(WriteNewFile(absl::StrCat(pack, "/", kContentsPath), lists.contents_json, 0644));
  return WriteNewFile(absl::StrCat(pack, "/", kManifestPath), lists.manifest_json, 0644);
}

}  // namespace reloc

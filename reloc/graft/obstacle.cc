#include "reloc/graft/obstacle.h"

#include "absl/strings/str_cat.h"
#include "reloc/graft/compressed.h"
#include "reloc/graft/split_prefix.h"
#include "reloc/graft/wide.h"

namespace reloc {
namespace {

bool IsForPeopleAlone(std::string_view path) {
  for (std::string_view folder : {"share/doc/", "share/info/", "share/man/"}) {
    const size_t at = path.find(folder);
    if (at == 0 || (at != path.npos && path[at - 1] == '/')) return true;
  }
  return false;
}

struct Format {
  const char* name;
  size_t offset;
  std::string_view magic;
};
constexpr Format kChecksummed[] = {
    {"a tar archive", 257, "ustar"},
    {"a PNG image", 0, "\x89PNG\r\n\x1a\n"},
    {"a pack of Git's", 0, "PACK"},
};

const char* ChecksummedFormat(std::string_view bytes) {
  for (const Format& format : kChecksummed) {
    if (bytes.size() < format.offset + format.magic.size()) continue;
    if (bytes.substr(format.offset, format.magic.size()) == format.magic) return format.name;
  }
  return nullptr;
}

}  // namespace

std::string FindObstacle(const PrefixRewriter& rewriter, std::string_view path, std::string_view bytes) {
  if (IsForPeopleAlone(path)) return "";
  if (const char* format = CompressedFormat(bytes); format != nullptr) {
    return HoldsCompressed(rewriter, bytes) ? absl::StrCat("names the store inside ", format) : "";
  }
  if (const char* format = ChecksummedFormat(bytes); format != nullptr && rewriter.IsIn(bytes)) {
    return absl::StrCat("is ", format, ", whose checksums would be wrong");
  }
  if (HoldsWide(rewriter.prefix(), 2, bytes)) return "names the store in UTF-16";
  if (HoldsWide(rewriter.prefix(), 4, bytes)) return "names the store in UTF-32";
  if (HasSplitPrefix(rewriter.prefix(), bytes)) return "has the store's name cut into machine code";
  return "";
}

}  // namespace reloc

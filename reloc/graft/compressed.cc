#include "reloc/graft/compressed.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <memory>
#include <string>

namespace reloc {
namespace {

constexpr size_t kBlock = 64 << 10;
constexpr int kMaxDepth = 4;  // levels of compressed files inside each other

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using UniqueArchive = std::unique_ptr<struct archive, FreeArchive>;

struct Format {
  const char* name;
  std::string_view magic;
};
// bzip2: a version and the block size follow.
constexpr Format kFormats[] = {
    {"a bzip2 file", "BZh"},
    {"a gzip file", "\x1f\x8b"},
    {"a zip archive", "PK\3\4"},
    {"a zstd file", "\x28\xb5\x2f\xfd"},
    {"an xz file",
     "\xfd"
     "7zXZ"},
};

// Reads an open archive, member by member. A member may be compressed itself, up to `depth` more levels.
bool HoldsBelow(const PrefixRewriter& rewriter, std::string_view bytes, int depth);

bool MemberHolds(const PrefixRewriter& rewriter, struct archive* in, int depth) {
  std::string content;
  for (la_ssize_t got = 1; got > 0;) {
    const size_t size = content.size();
    content.resize(size + kBlock);
    got = archive_read_data(in, content.data() + size, kBlock);
    content.resize(size + static_cast<size_t>(std::max<la_ssize_t>(got, 0)));
  }
  return rewriter.IsIn(content) || HoldsBelow(rewriter, content, depth);
}

bool HoldsBelow(const PrefixRewriter& rewriter, std::string_view bytes, int depth) {
  if (depth == 0 || CompressedFormat(bytes) == nullptr) return false;
  UniqueArchive in(archive_read_new());
  archive_read_support_filter_bzip2(in.get());
  archive_read_support_filter_gzip(in.get());
  archive_read_support_filter_xz(in.get());
  archive_read_support_filter_zstd(in.get());
  archive_read_support_format_zip(in.get());
  archive_read_support_format_raw(in.get());
  if (archive_read_open_memory(in.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return false;
  struct archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) >= ARCHIVE_WARN && entry != nullptr) {
    const char* name = archive_entry_pathname(entry);
    if (name != nullptr && rewriter.IsIn(name)) return true;
    if (MemberHolds(rewriter, in.get(), depth - 1)) return true;
    entry = nullptr;
  }
  return false;
}

}  // namespace

const char* CompressedFormat(std::string_view bytes) {
  for (const Format& format : kFormats) {
    if (bytes.substr(0, format.magic.size()) == format.magic) return format.name;
  }
  return nullptr;
}

bool HoldsCompressed(const PrefixRewriter& rewriter, std::string_view bytes) {
  return rewriter.IsIn(bytes) || HoldsBelow(rewriter, bytes, kMaxDepth);
}

}  // namespace reloc

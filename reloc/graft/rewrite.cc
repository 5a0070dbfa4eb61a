#include "reloc/graft/rewrite.h"

#include <string.h>

#include "reloc/pack/store.h"

namespace reloc {

PrefixRewriter::PrefixRewriter(std::string prefix, std::string path)
    : prefix_(std::move(prefix)), path_(std::move(path)) {}

// glibc's memmem(3) skips by hashes of two bytes; std::string_view::find stops at every '/'.
size_t PrefixRewriter::Find(std::string_view bytes, size_t from) const {
  while (from < bytes.size()) {
    const void* hit = memmem(bytes.data() + from, bytes.size() - from, prefix_.data(), prefix_.size());
    if (hit == nullptr) break;
    const size_t at = static_cast<size_t>(static_cast<const char*>(hit) - bytes.data());
    const size_t end = at + prefix_.size();
    if (end == bytes.size() || !IsNameCharacter(bytes[end])) return at;
    from = end;
  }
  return std::string_view::npos;
}

size_t PrefixRewriter::Rewrite(std::string* bytes) const {
  size_t count = 0;
  for (size_t at = Find(*bytes, 0); at != std::string::npos; at = Find(*bytes, at + prefix_.size())) {
    memcpy(bytes->data() + at, path_.data(), path_.size());
    ++count;
  }
  return count;
}

bool PrefixRewriter::IsIn(std::string_view bytes) const { return Find(bytes, 0) != std::string_view::npos; }

}  // namespace reloc

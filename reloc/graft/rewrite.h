// Rewrites the bytes of a graft: every occurrence of the store prefix is replaced by another path of the same
// length, as Guix grafts do. The same length, because a file may count bytes anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reloc {

// Immutable after construction: used by several threads.
class PrefixRewriter {
 public:
  // `path` must be as long as `prefix`; both must be clean and absolute.
  PrefixRewriter(std::string prefix, std::string path);

  const std::string& prefix() const { return prefix_; }
  const std::string& path() const { return path_; }

  // Replaces each prefix in `*bytes` that ends there: before a '/', a NUL, the end, or any character that
  // cannot continue a file name in a store ("/gnu/store" of "/gnu/store:", not of "/gnu/store2"). Returns the
  // number of replacements.
  size_t Rewrite(std::string* bytes) const;

  // Returns true if Rewrite() would change something.
  bool IsIn(std::string_view bytes) const;

 private:
  size_t Find(std::string_view bytes, size_t from) const;

  const std::string prefix_;
  const std::string path_;
};

}  // namespace reloc

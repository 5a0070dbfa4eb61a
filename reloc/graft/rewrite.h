// The bytes of a graft: every occurrence of the store prefix replaced by another path of the same length, as
// Guix grafts do. Same length, because nobody knows what in a file counts bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reloc {

// Immutable after construction: used from several threads.
class PrefixRewriter {
 public:
  // `path` is as long as `prefix`; both are clean and absolute.
  PrefixRewriter(std::string prefix, std::string path);

  const std::string& prefix() const { return prefix_; }
  const std::string& path() const { return path_; }

  // Replaces each prefix in `*bytes` that ends there: before a '/', a NUL, the end, or whatever cannot go on
  // a file's name in a store ("/gnu/store" of "/gnu/store:", not of "/gnu/store2"). Returns how many there
  // were.
  size_t Rewrite(std::string* bytes) const;

  // True if Rewrite() would change something.
  bool IsIn(std::string_view bytes) const;

 private:
  size_t Find(std::string_view bytes, size_t from) const;

  const std::string prefix_;
  const std::string path_;
};

}  // namespace reloc

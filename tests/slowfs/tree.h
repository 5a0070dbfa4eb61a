// The names that the kernel knows: every path that was ever looked up, with a number.
//
// Nothing is removed while the file system is mounted. It is used for small trees, so that every number keeps its
// path, and everything can be made cold again.
#pragma once

#include <stdint.h>

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace reloc::slowfs {

// A name in the directory with the number `first`.
using Entry = std::pair<uint64_t, std::string>;

// Thread-safe.
class Tree {
 public:
  // Returns the path of the file `id` below the top, which has the number 1 and the path ".".
  std::string PathOf(uint64_t id) const;
  // Returns the path of `name` in the directory `parent`.
  std::string Join(uint64_t parent, const std::string& name) const;
  // Returns the number of the file at `path` with the inode number `inode`: another file in its place has another
  // one.
  uint64_t IdOf(const std::string& path, uint64_t inode);

  // Notes that the kernel may cache `entry` from now on, or that it does not exist.
  void NoteEntry(const Entry& entry);
  std::set<Entry> Entries() const;

  // Returns how many files have numbers: 1 to this.
  uint64_t Count() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> paths_ = {"", "."};  // by number
  std::map<std::pair<std::string, uint64_t>, uint64_t> ids_;
  std::set<Entry> entries_;
};

}  // namespace reloc::slowfs

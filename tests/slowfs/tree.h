// The names that the kernel was told of: every path that was ever looked up, under a number.
//
// Nothing is forgotten while the file system is mounted. What it is for is small, and so a path can be told
// for each number, and everything be made cold again.
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

// Safe to use from several threads.
class Tree {
 public:
  // The path of the file `id` below the top, which has the number 1 and the path ".".
  std::string PathOf(uint64_t id) const;
  // The path of `name` in the directory `parent`.
  std::string Join(uint64_t parent, const std::string& name) const;
  // The number of the file at `path` that has the inode number `inode`: another file in its place has
  // another.
  uint64_t IdOf(const std::string& path, uint64_t inode);

  // The kernel may remember from now on what `entry` is, or that it is nothing.
  void NoteEntry(const Entry& entry);
  std::set<Entry> Entries() const;

  // How many files have numbers: 1 to this.
  uint64_t Count() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> paths_ = {"", "."};  // by number
  std::map<std::pair<std::string, uint64_t>, uint64_t> ids_;
  std::set<Entry> entries_;
};

}  // namespace reloc::slowfs

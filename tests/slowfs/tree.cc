#include "tests/slowfs/tree.h"

namespace reloc::slowfs {

std::string Tree::PathOf(uint64_t id) const {
  std::lock_guard lock(mutex_);
  return paths_[id];
}

std::string Tree::Join(uint64_t parent, const std::string& name) const {
  std::string directory = PathOf(parent);
  return directory == "." ? name : directory + "/" + name;
}

uint64_t Tree::IdOf(const std::string& path, uint64_t inode) {
  std::lock_guard lock(mutex_);
  auto [at, is_new] = ids_.try_emplace({path, inode}, paths_.size());
  if (is_new) paths_.push_back(path);
  return at->second;
}

void Tree::NoteEntry(const Entry& entry) {
  std::lock_guard lock(mutex_);
  entries_.insert(entry);
}

std::set<Entry> Tree::Entries() const {
  std::lock_guard lock(mutex_);
  return entries_;
}

uint64_t Tree::Count() const {
  std::lock_guard lock(mutex_);
  return paths_.size() - 1;
}

}  // namespace reloc::slowfs

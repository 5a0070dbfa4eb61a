#include "reloc/launch/environment.h"

#include <errno.h>
#include <string.h>

#include "reloc/base/env.h"
#include "reloc/base/path.h"

namespace reloc {
namespace {

bool OutOfMemory(const char* step, string_view about, Failure* failure) {
  failure->Set(step, Errno{ENOMEM}, about);
  return false;
}

// Returns false for a path that the list in the variable `name` would split.
bool IsListElement(string_view name, string_view path, Failure* failure) {
  const char* fix = nullptr;
  if (memchr(path.data(), ':', path.size()) != nullptr) fix = "move the pack to a path without ':'";
  // ld.so(8): spaces are separators there, too.
  if (name == "LD_PRELOAD" && memchr(path.data(), ' ', path.size()) != nullptr) {
    fix = "move the pack to a path without spaces";
  }
  // ld.so silently skips longer names (audit_list_next() in elf/rtld.c).
  if (name == "LD_AUDIT" && path.size() >= 255) fix = "move the pack to a shorter path";
  if (fix != nullptr) failure->Set("put into a list", Errno{EINVAL}, path, fix);
  return fix == nullptr;
}

}  // namespace

bool Environment::Set(string_view name, string_view value, Failure* failure) {
  return Assign(name, value, {}, failure);
}

bool Environment::Prepend(string_view name, string_view element, Failure* failure) {
  return IsListElement(name, element, failure) && Assign(name, element, EnvValue(*envp_, name), failure);
}

bool Environment::Map(string_view name, string_view prefix, string_view directory, Failure* failure) {
  string_view rest = EnvValue(*envp_, name);
  size_t elements = 1;
  for (char c : rest) {
    if (c == ':') ++elements;
  }
  size_t size = rest.size() + elements * (directory.size() + 1) + 1;
  bool mapped = false;
  char* memory = rest.empty() ? nullptr : arena_->TakeArray<char>(size);
  if (memory == nullptr) return rest.empty() || OutOfMemory("map variable", name, failure);
  TextBuffer list(memory, size);
  while (elements-- > 0) {
    string_view element = SplitFirst(rest, ':', &rest);
    if (IsBelow(element, prefix)) {
      list << directory;
      mapped = true;
    }
    list << element << (elements > 0 ? ":" : "");
  }
  if (!mapped) return true;
  return IsListElement(name, directory, failure) && Assign(name, list.view(), {}, failure);
}

// Sets NAME=first, or NAME=first:second.
bool Environment::Assign(string_view name, string_view first, string_view second, Failure* failure) {
  size_t count = CountStrings(*envp_);
  size_t size = name.size() + first.size() + second.size() + 3;
  char** envp = arena_->TakeArray<char*>(count + 2);
  char* memory = arena_->TakeArray<char>(size);
  if (envp == nullptr || memory == nullptr) return OutOfMemory("set variable", name, failure);
  TextBuffer text(memory, size);
  text << name << '=' << first;
  if (second.data() != nullptr) text << ':' << second;
  const char* old = EnvLookup(*envp_, name);
  size_t place = count;  // a new one is appended
  for (size_t i = 0; i < count; ++i) {
    envp[i] = (*envp_)[i];
    if (old != nullptr && envp[i] + name.size() + 1 == old) place = i;
  }
  envp[place] = memory;
  *envp_ = envp;
  return true;
}

}  // namespace reloc

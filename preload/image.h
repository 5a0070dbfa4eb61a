// Determines what execve(2) would execute for a path, and how to execute it here.
#pragma once

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include "preload/paths.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/text.h"

namespace reloc {

enum class ImageKind {
  kPlain,  // unchanged, without our variables: static programs (as shims), other libcs, setuid ones
  kHost,   // a program of the host's glibc: unchanged, with this module, so that it finds store paths
  kPack,   // a program of the pack: through its ld.so, with both modules
};

// A program or a chain of scripts. It is large, and still put on the stack: a child of vfork(2) shares its
// parent's heap.
class Image {
 public:
  // Inspects the file at `path`, as the caller named it. Returns 0, ELOOP for scripts nested too deeply, or
  // ENAMETOOLONG. Everything else that the kernel refuses is kPlain: execute it, and the kernel reports why.
  int Inspect(const char* path);

  ImageKind kind() const { return kind_; }
  const char* path() const { return path_.c_str(); }
  const char* loader() const { return loader_.c_str(); }
  string_view loader_options() const { return options_.view(); }

  // Returns what a script puts before its caller's argv[1]: interpreter, argument, script, in the kernel's
  // order. Empty for a program.
  char* const* front() const { return front_ + front_start_; }
  size_t front_count() const { return kMostFront - front_start_; }

 private:
  static constexpr int kMostScripts = 5;  // exec_binprm() in fs/exec.c
  static constexpr size_t kMostFront = kMostScripts * 2 + 1;
  static constexpr size_t kHeadSize = 256;  // BINPRM_BUF_SIZE

  bool ReadScript(int depth);
  void InspectElf(int fd);
  bool FindInterpreter(int fd);
  bool TakesPreload(int fd) const;
  void DescribeLoader();
  void PushFront(char* text) { front_[--front_start_] = text; }

  ImageKind kind_ = ImageKind::kPlain;
  PathText path_;
  PathText loader_;
  FixedText<8> options_;
  char heads_[kMostScripts + 1][kHeadSize];
  const char* interpreter_ = nullptr;  // of the script read last
  ElfW(Ehdr) header_;
  char* front_[kMostFront];
  size_t front_start_ = kMostFront;
};

}  // namespace reloc

// What execve(2) would execute for a path, and how it is to be executed here.
#pragma once

#include <elf.h>
#include <link.h>
#include <sys/stat.h>

#include "preload/paths.h"
#include "reloc/base/loader_setting.h"
#include "reloc/base/text.h"

namespace reloc {

enum class ImageKind {
  kPlain,  // as it is, and without a trace of us: static programs (shims are), those of other libcs, setuid
           // ones
  kHost,   // a program of the host's glibc: as it is, with this module, so that it finds store paths
  kPack,   // a program of the pack: by its ld.so, with both modules
};

// A program or a chain of scripts. Large, and for the stack: a child of vfork(2) shares its parent's heap.
class Image {
 public:
  // Looks at what lies at `path`, as the caller named it. 0, ELOOP for scripts nested too deeply, or
  // ENAMETOOLONG. What else the kernel refuses is kPlain: execute it, and the kernel says why.
  int Inspect(const char* path);

  ImageKind kind() const { return kind_; }
  const char* path() const { return path_.c_str(); }
  const char* loader() const { return loader_.c_str(); }
  string_view loader_options() const { return options_.view(); }

  // What a script puts in front of its caller's argv[1]: interpreter, argument, script, in the kernel's
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
  const char* interpreter_ = nullptr;  // of the script that was read last
  ElfW(Ehdr) header_;
  char* front_[kMostFront];
  size_t front_start_ = kMostFront;
};

}  // namespace reloc

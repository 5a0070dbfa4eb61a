// The process that serves an image's file system: reloc-squashfs (image/), or the host's squashfuse.
//
// It is a child of nobody here, in a session of its own, and outside of the mount namespace that its file
// system is mounted in. So neither ^C nor the end of the daemon reaches it, the program that is started has
// no child that it does not know of, and the file system goes when the last process of the namespace does.
// The kernel then tells the server, which ends.
#pragma once

#include "reloc/base/path.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Ours in this program's installation, or in the build tree; else squashfuse in its bin/, in the $PATH of
// `envp`, or where Debian has it.
Errno FindImageServer(const char* const* envp, PathText* path);

class ImageServer {
 public:
  bool Find(const char* const* envp, Failure* failure);

  // Forks it. It waits for Serve(), and ends if this process does so first. `image`: the file, O_PATH will
  // do; `fuse`: the open /dev/fuse; both are borrowed. Every other descriptor of this process is closed in
  // it.
  bool Fork(int image, int fuse, Failure* failure);

  // The file system is mounted: it begins. False if it has ended already.
  bool Serve(Failure* failure);

  // What it had to complain about until now, as one line; empty if nothing.
  void ReadComplaint(TextBuffer* text) const;

 private:
  [[noreturn]] void Run(int image, int fuse, int start);
  Errno ArrangeDescriptors(int image, int fuse);

  PathText program_;
  UniqueFd start_;       // something is sent when it may begin
  UniqueFd complaints_;  // its standard error, in memory: nobody need read it, and nothing can fill up
};

}  // namespace reloc

// Starts the process that serves an image's file system: reloc-squashfs (image/).
//
// It is nobody's child here, in a session of its own, and outside of the mount namespace that its file system
// is mounted in. So neither ^C nor the end of the daemon reaches it, the started program has no unexpected
// child, and the file system is unmounted when the last process of the namespace ends. The kernel then
// notifies the server, which ends.
#pragma once

#include <utility>

#include "reloc/base/path.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Finds it in this program's installation, or in the build tree. The host's squashfuse is not used: its
// library does not validate images.
Errno FindImageServer(PathText* path);

// Returns whether the kernel can filter system calls. The filter keeps a server that an image has taken over
// from doing harm.
bool CanFilterSystemCalls();

class ImageServer {
 public:
  bool Find(Failure* failure);

  // Forks it. It waits for Serve(), and ends if this process ends first. `image`: the file, O_PATH is enough;
  // `fuse`: the open /dev/fuse; both are borrowed. Every other descriptor of this process is closed in it.
  bool Fork(int image, int fuse, Failure* failure);

  // Starts serving, once the file system is mounted, and waits until it has read the image. EPIPE: it has
  // ended. ETIMEDOUT: it does not answer; an access to the file system would not return.
  Errno Serve();

  // Returns our end of its link, which hangs up when it ends. Valid after Serve().
  UniqueFd TakeLink() { return std::move(link_); }

  // Returns what it has written to stderr so far, as one line; empty if nothing.
  void ReadErrors(TextBuffer* text) const;

 private:
  [[noreturn]] void Run(int image, int fuse, int link);
  Errno ArrangeDescriptors(int image, int fuse, int link);

  PathText program_;
  UniqueFd link_;    // we send a byte when it may begin, and it answers with one when it has
  UniqueFd errors_;  // its stderr, in memory: nobody need read it, and it cannot fill up
};

}  // namespace reloc

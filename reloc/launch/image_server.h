// The process that serves an image's file system: reloc-squashfs (image/).
//
// It is a child of nobody here, in a session of its own, and outside of the mount namespace that its file
// system is mounted in. So neither ^C nor the end of the daemon reaches it, the program that is started has
// no child that it does not know of, and the file system goes when the last process of the namespace does.
// The kernel then tells the server, which ends.
#pragma once

#include <utility>

#include "reloc/base/path.h"
#include "reloc/base/text.h"
#include "reloc/base/unique_fd.h"
#include "reloc/launch/failure.h"

namespace reloc {

// Finds it in this program's installation, or in the build tree. The host's squashfuse is none: its library
// does not check what an image says.
Errno FindImageServer(PathText* path);

// Whether the kernel can filter system calls, which keeps a server that an image has taken over from doing
// harm.
bool CanFilterSystemCalls();

class ImageServer {
 public:
  bool Find(Failure* failure);

  // Forks it. It waits for Serve(), and ends if this process does so first. `image`: the file, O_PATH will
  // do; `fuse`: the open /dev/fuse; both are borrowed. Every other descriptor of this process is closed in
  // it.
  bool Fork(int image, int fuse, Failure* failure);

  // Lets it begin, since the file system is mounted, and waits until it has understood the image. EPIPE: it
  // has ended. ETIMEDOUT: it does not answer; what looks into the file system would not return.
  Errno Serve();

  // Our end of its link, which hangs up when it ends. After Serve().
  UniqueFd TakeLink() { return std::move(link_); }

  // What it had to complain about until now, as one line; empty if nothing.
  void ReadComplaint(TextBuffer* text) const;

 private:
  [[noreturn]] void Run(int image, int fuse, int link);
  Errno ArrangeDescriptors(int image, int fuse, int link);

  PathText program_;
  UniqueFd link_;        // a byte goes there when it may begin, and one comes when it has
  UniqueFd complaints_;  // its standard error, in memory: nobody need read it, and nothing can fill up
};

}  // namespace reloc

// Maps names of Unix sockets, which are paths. sun_path has 108 bytes, which may be too few with a pack's
// path: such a socket is reached through /proc/self/fd.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "preload/next.h"
#include "preload/paths.h"
#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

class SocketName {
 public:
  ~SocketName() {
    if (directory_ >= 0) raw::Close(directory_);
  }
  // Replaces `*name` and `*size` by the mapped name's, if it is a store path.
  void Map(const sockaddr** name, socklen_t* size) {
    constexpr size_t kHeader = offsetof(sockaddr_un, sun_path);
    if (!Active() || *name == nullptr || *size <= kHeader || (*name)->sa_family != AF_UNIX) return;
    if (*size > sizeof name_) return;
    memcpy(&name_, *name, *size);
    FixedText<sizeof name_.sun_path + 1> given;
    given << string_view(name_.sun_path, Length(name_.sun_path, *size - kHeader));
    MappedPath mapped;
    const char* path = mapped.Map(given.c_str());
    if (path == given.c_str()) return;
    TextBuffer text(name_.sun_path, sizeof name_.sun_path);
    text << path;
    if (text.overflowed()) Shorten(path, &text);
    *name = reinterpret_cast<const sockaddr*>(&name_);
    *size = static_cast<socklen_t>(kHeader + text.size() + 1);
  }

 private:
  static size_t Length(const char* text, size_t most) {
    const void* end = memchr(text, '\0', most);
    return end == nullptr ? most : static_cast<size_t>(static_cast<const char*>(end) - text);
  }

  void Shorten(string_view path, TextBuffer* text) {
    PathText directory;
    directory << DirName(path);
    directory_ = static_cast<int>(
        raw::Call(SYS_openat, AT_FDCWD, raw::Address(directory.c_str()), O_PATH | O_DIRECTORY | O_CLOEXEC));
    text->Clear();
    *text << "/proc/self/fd/" << directory_ << '/' << BaseName(path);
  }

  sockaddr_un name_;
  int directory_ = -1;
};

}  // namespace

RELOC_INTERPOSE(int, connect, (int fd, const sockaddr* name, socklen_t size)) {
  RELOC_NEXT(int, connect, (int, const sockaddr*, socklen_t));
  SocketName mapped;
  mapped.Map(&name, &size);
  return next(fd, name, size);
}

RELOC_INTERPOSE(int, bind, (int fd, const sockaddr* name, socklen_t size)) {
  RELOC_NEXT(int, bind, (int, const sockaddr*, socklen_t));
  SocketName mapped;
  mapped.Map(&name, &size);
  return next(fd, name, size);
}

}  // namespace reloc

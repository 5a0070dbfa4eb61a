#include "reloc/launch/image_root.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "reloc/base/file.h"
#include "reloc/launch/image_server.h"
#include "reloc/launch/namespaces.h"
#include "reloc/launch/pack_files.h"
#include "reloc/launch/root_builder.h"
#include "reloc/launch/under_tracer.h"

namespace reloc {
namespace {

constexpr const char* kUserNamespaceFix =
    "images are mounted in a user namespace: relocctl engines tells the cure; or unpack the image: "
    "unsquashfs "
    "-d DIR IMAGE";

// The working directory is the staged root at that point.
constexpr const char* kPackInStage = kImagePackDir + 1;

class ImageRoot {
 public:
  ImageRoot(const PackImage& image, Failure* failure) : image_(image), failure_(failure) {}

  // The order matters. The kernel allows a mount only if /dev/fuse was opened in the same user namespace; and
  // the server must not be in the mount namespace, because it would keep that alive.
  bool Enter() {
    if (IsUnderTracer())
      return Fail("make a root", kOk, "under proot", "unpack the image: unsquashfs -d DIR IMAGE");
    return CheckImage(image_, failure_) && server_.Find(failure_) && EnterUser() && OpenFuse() &&
           server_.Fork(image_.file.get(), fuse_.get(), failure_) && EnterMounts() && Stage() && Mount() &&
           Serve() && OpenPack() && Finish();
  }
  UniqueFd TakeServerLink() { return server_.TakeLink(); }

 private:
  bool Fail(const char* step, Errno error, string_view about, const char* fix = nullptr) {
    failure_->Set(step, error, about, fix);
    return false;
  }

  bool EnterUser() {
    const char* step = nullptr;
    Errno e = EnterUserNamespace(&step);
    return e.ok() || Fail(step, e, "", kUserNamespaceFix);
  }

  bool OpenFuse() {
    Result<UniqueFd> fuse = Open("/dev/fuse", O_RDWR);
    if (!fuse.ok()) {
      return Fail("open", fuse.error(), "/dev/fuse",
                  "as root: modprobe fuse; chmod 666 /dev/fuse; or unpack the "
                  "image: unsquashfs -d DIR IMAGE");
    }
    fuse_ = std::move(*fuse);
    return true;
  }

  bool EnterMounts() {
    const char* step = nullptr;
    Errno e = EnterNewNamespaces(&step);
    return e.ok() || Fail(step, e, "", kUserNamespaceFix);
  }

  bool Stage() {
    FixedText<128> id;
    DescribeImage(image_.key, &id);
    return builder_.StageForImage(id.view(), failure_);
  }

  // allow_other: other processes of the namespace may have different groups than its maker; nobody outside of
  // it can reach the mount. default_permissions: the kernel checks modes, which the server does not.
  bool Mount() {
    FixedText<128> options;
    options << "fd=" << fuse_.get() << ",rootmode=40000,user_id=" << ::geteuid()
            << ",group_id=" << ::getegid() << ",allow_other,default_permissions";
    const int mounted = ::mount(image_.path.c_str(), kPackInStage, "fuse.reloc-squashfs",
                                MS_RDONLY | MS_NOSUID | MS_NODEV, options.c_str());
    if (mounted != 0) return Fail("mount", Errno::Last(), image_.path.view(), kUserNamespaceFix);
    fuse_.Reset();  // now only the server has it: if the server ends, accesses fail and do not wait
    return true;
  }

  bool Serve() {
    Errno e = server_.Serve();
    return e.ok() || FailAtServer(e);
  }

  // This is the first access to the file system.
  bool OpenPack() {
    Result<UniqueFd> pack = Open(kPackInStage, O_PATH | O_DIRECTORY);
    struct stat st;
    if (!pack.ok()) return FailAtServer(pack.error());
    if (::fstat(pack->get(), &st) != 0) return FailAtServer(Errno::Last());
    pack_ = std::move(*pack);
    pack_path_ << "/proc/self/fd/" << pack_.get();
    if (FindStorePrefix(pack_path_.view(), &prefix_)) return true;
    return Fail("find a store in", kOk, image_.path.view(), "it is no image of a pack, or damaged");
  }

  bool FailAtServer(Errno error) {
    FixedText<512> about;
    about << image_.path.view();
    FixedText<256> errors;
    server_.ReadErrors(&errors);
    if (!errors.empty()) about << ": " << errors.view();
    return Fail("mount", errors.empty() ? error : kOk, about.view(),
                error.value == ETIMEDOUT ? "its server does not answer: is the file system that it is on?"
                                         : "is the image damaged?");
  }

  bool Finish() {
    PathText store;
    store << pack_path_.view() << prefix_.view();
    return builder_.StagePrefix(prefix_.view(), failure_) &&
           builder_.BindStore(store.c_str(), prefix_.view(), failure_) && builder_.Enter(failure_);
  }

  const PackImage& image_;
  Failure* failure_;
  ImageServer server_;
  UniqueFd fuse_;
  RootBuilder builder_;
  UniqueFd pack_;
  FixedText<64> pack_path_;
  PathText prefix_;
};

}  // namespace

void DescribeImage(const RootKey& key, TextBuffer* text) {
  *text << key.store.device << '.' << key.store.inode << '.';
  AppendDigest(key.digest, text);
}

bool EnterImageRoot(const PackImage& image, Failure* failure, UniqueFd* server) {
  const mode_t mask = ::umask(022);
  ImageRoot root(image, failure);
  const bool entered = root.Enter();
  ::umask(mask);
  if (server != nullptr) *server = root.TakeServerLink();
  return entered;
}

}  // namespace reloc

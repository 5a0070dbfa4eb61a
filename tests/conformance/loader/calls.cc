// Calls every function of libc that takes a path, with store paths, and prints which of them fail.
//
// Usage: calls FILE LINK DIRECTORY      FILE, and LINK that leads to it by its absolute path, are in DIRECTORY,
//                                       which must be writable
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <libintl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#include <string>

// Functions that programs call that were linked to a glibc before 2.33.
extern "C" int OldStat(int version, const char* path, struct stat* out);
extern "C" int OldLstat(int version, const char* path, struct stat* out);
__asm__(".symver OldStat,__xstat@GLIBC_2.2.5");
__asm__(".symver OldLstat,__lxstat@GLIBC_2.2.5");
// Functions that a program compiled with _FORTIFY_SOURCE calls.
extern "C" int __open_2(const char* path, int flags);
extern "C" int __open64_2(const char* path, int flags);
extern "C" int __openat_2(int directory, const char* path, int flags);
extern "C" ssize_t __readlink_chk(const char* path, char* out, size_t size, size_t room);
extern "C" char* __realpath_chk(const char* path, char* out, size_t room);
extern "C" char* __getcwd_chk(char* out, size_t size, size_t room);

namespace {

int g_failures;

void Check(bool good, const char* what) {
  if (good) return;
  printf("%s: %s\n", what, strerror(errno));
  ++g_failures;
}

#define CHECK(expression) errno = 0, Check((expression), #expression)

bool Closes(int fd) { return fd >= 0 && close(fd) == 0; }
bool Closes(FILE* file) { return file != nullptr && fclose(file) == 0; }
bool Closes(DIR* directory) { return directory != nullptr && closedir(directory) == 0; }

bool Is(const char* text, const std::string& wanted) {
  if (text != nullptr && wanted != text) printf("%s, not ", text);
  return text != nullptr && text == wanted;
}

void Open(const char* file) {
  CHECK(Closes(open(file, O_RDONLY)));
  CHECK(Closes(open64(file, O_RDONLY)));
  CHECK(Closes(openat(AT_FDCWD, file, O_RDONLY)));
  CHECK(Closes(openat64(AT_FDCWD, file, O_RDONLY)));
  CHECK(Closes(__open_2(file, O_RDONLY)));
  CHECK(Closes(__open64_2(file, O_RDONLY)));
  CHECK(Closes(__openat_2(AT_FDCWD, file, O_RDONLY)));
  CHECK(Closes(fopen(file, "r")));
  CHECK(Closes(fopen64(file, "r")));
  CHECK(Closes(freopen(file, "r", fopen("/dev/null", "r"))));
  CHECK(Closes(freopen64(file, "r", fopen("/dev/null", "r"))));
}

void Stat(const char* file) {
  struct stat st;
  struct stat64 st64;
  struct statx stx;
  struct statfs fs;
  struct statvfs vfs;
  CHECK(stat(file, &st) == 0 && S_ISREG(st.st_mode));
  CHECK(stat64(file, &st64) == 0);
  CHECK(lstat(file, &st) == 0);
  CHECK(lstat64(file, &st64) == 0);
  CHECK(fstatat(AT_FDCWD, file, &st, 0) == 0);
  CHECK(fstatat64(AT_FDCWD, file, &st64, 0) == 0);
  CHECK(statx(AT_FDCWD, file, 0, STATX_BASIC_STATS, &stx) == 0);
  CHECK(OldStat(1, file, &st) == 0 && S_ISREG(st.st_mode));
  CHECK(OldLstat(1, file, &st) == 0);
  CHECK(statfs(file, &fs) == 0);
  CHECK(statvfs(file, &vfs) == 0);
  CHECK(pathconf(file, _PC_NAME_MAX) > 0);
  CHECK(access(file, R_OK) == 0);
  CHECK(eaccess(file, R_OK) == 0);
  CHECK(euidaccess(file, R_OK) == 0);
  CHECK(faccessat(AT_FDCWD, file, R_OK, 0) == 0);
}

void Change(const char* file, const std::string& directory) {
  const std::string made = directory + "/made", other = directory + "/other";
  const char *a = made.c_str(), *b = other.c_str();
  CHECK(Closes(creat(a, 0600)) && unlink(a) == 0);
  CHECK(Closes(creat64(a, 0600)) && truncate(a, 5) == 0 && truncate64(a, 6) == 0);
  CHECK(rename(a, b) == 0 && renameat(AT_FDCWD, b, AT_FDCWD, a) == 0);
  CHECK(renameat2(AT_FDCWD, a, AT_FDCWD, b, 0) == 0 && link(b, a) == 0 && remove(a) == 0);
  CHECK(linkat(AT_FDCWD, b, AT_FDCWD, a, 0) == 0 && unlinkat(AT_FDCWD, a, 0) == 0);
  CHECK(symlink("target", a) == 0 && unlink(a) == 0 && symlinkat("target", AT_FDCWD, a) == 0 &&
        unlink(a) == 0);
  CHECK(mkdir(a, 0700) == 0 && rmdir(a) == 0 && mkdirat(AT_FDCWD, a, 0700) == 0 && rmdir(a) == 0);
  CHECK(mkfifo(a, 0600) == 0 && unlink(a) == 0 && mkfifoat(AT_FDCWD, a, 0600) == 0 && unlink(a) == 0);
  CHECK(mknod(a, S_IFIFO | 0600, 0) == 0 && unlink(a) == 0);
  CHECK(chmod(b, 0644) == 0 && fchmodat(AT_FDCWD, b, 0600, 0) == 0);
  CHECK(chown(b, getuid(), getgid()) == 0 && lchown(b, getuid(), getgid()) == 0);
  CHECK(fchownat(AT_FDCWD, b, getuid(), getgid(), 0) == 0);
  CHECK(utime(b, nullptr) == 0 && utimes(b, nullptr) == 0 && lutimes(b, nullptr) == 0);
  CHECK(futimesat(AT_FDCWD, b, nullptr) == 0 && utimensat(AT_FDCWD, b, nullptr, 0) == 0);
  CHECK(listxattr(b, nullptr, 0) >= 0 && llistxattr(b, nullptr, 0) >= 0);
  CHECK(getxattr(b, "user.none", nullptr, 0) == -1 && errno != ENOENT);
  CHECK(lgetxattr(b, "user.none", nullptr, 0) == -1 && errno != ENOENT);
  CHECK(removexattr(b, "user.none") == -1 && errno != ENOENT);
  CHECK(unlink(b) == 0);
  int watch = inotify_init();
  CHECK(inotify_add_watch(watch, file, IN_ACCESS) >= 0);
  close(watch);
}

void Temporary(const std::string& directory) {
  std::string name = directory + "/fileXXXXXX";
  int fd = mkstemp(name.data());
  CHECK(name.compare(0, directory.size(), directory) == 0 && name.find("XXXXXX") == name.npos);
  CHECK(Closes(fd) && unlink(name.c_str()) == 0);
  name = directory + "/fileXXXXXX.c";
  CHECK(Closes(mkostemps(name.data(), 2, O_CLOEXEC)) && unlink(name.c_str()) == 0);
  name = directory + "/directoryXXXXXX";
  CHECK(mkdtemp(name.data()) == name.data() && rmdir(name.c_str()) == 0);
}

int g_walked;
int Walked(const char*, const struct stat*, int) { return ++g_walked, 0; }
int WalkedToo(const char*, const struct stat*, int, struct FTW*) { return ++g_walked, 0; }

void Directories(const std::string& directory) {
  CHECK(Closes(opendir(directory.c_str())));
  struct dirent** list = nullptr;
  CHECK(scandir(directory.c_str(), &list, nullptr, alphasort) > 2);
  CHECK(scandirat(AT_FDCWD, directory.c_str(), &list, nullptr, alphasort) > 2);
  CHECK(ftw(directory.c_str(), Walked, 4) == 0 && g_walked > 1);
  CHECK(nftw(directory.c_str(), WalkedToo, 4, FTW_PHYS) == 0 && g_walked > 3);
  char* roots[] = {const_cast<char*>(directory.c_str()), nullptr};
  FTS* walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, nullptr);
  FTSENT* entry = walk == nullptr ? nullptr : fts_read(walk);
  CHECK(entry != nullptr && entry->fts_info == FTS_D);
  if (walk != nullptr) fts_close(walk);
  glob_t found;
  CHECK(glob((directory + "/fil?").c_str(), 0, nullptr, &found) == 0 && found.gl_pathc == 1);
  CHECK(Is(found.gl_pathv[0], directory + "/file"));
}

void Names(const std::string& file, const char* link, const std::string& directory) {
  char text[4096];
  ssize_t size = readlink(link, text, sizeof text - 1);
  CHECK(size > 0 && std::string(text, static_cast<size_t>(size)) == file);
  CHECK(readlinkat(AT_FDCWD, link, text, sizeof text) == size);
  CHECK(readlink(link, text, 3) == 3);
  CHECK(__readlink_chk(link, text, sizeof text, sizeof text) == size);
  CHECK(Is(realpath(link, text), file) && Is(__realpath_chk(link, text, sizeof text), file));
  CHECK(Is(canonicalize_file_name(link), file));
  CHECK(chdir(directory.c_str()) == 0 && Is(getcwd(text, sizeof text), directory));
  CHECK(Is(getcwd(text, directory.size() + 1), directory));
  CHECK(getcwd(text, directory.size()) == nullptr && errno == ERANGE);
  CHECK(Is(getcwd(nullptr, 0), directory) && Is(__getcwd_chk(text, sizeof text, sizeof text), directory));
  CHECK(Is(get_current_dir_name(), directory));
  CHECK(Is(bindtextdomain("some", directory.c_str()), directory));
}

void Sockets(const std::string& directory) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::string path = directory + "/s";
  snprintf(name.sun_path, sizeof name.sun_path, "%s", path.c_str());
  int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(server, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 && listen(server, 1) == 0);
  CHECK(connect(client, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  CHECK(unlink(path.c_str()) == 0);
  close(server);
  close(client);
}

// Tries a path that leads through an absolute symlink into the store, and texts that look like paths.
void Others(const char* link, const std::string& file) {
  struct stat st;
  CHECK(Closes(open(link, O_RDONLY)) && Closes(fopen(link, "r")));
  CHECK(stat(link, &st) == 0 && S_ISREG(st.st_mode));
  CHECK(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
  CHECK(Closes(open(("/" + file).c_str(), O_RDONLY)));
  CHECK(Closes(open(("/./" + file).c_str(), O_RDONLY)));
  CHECK(Closes(open(("/usr/.." + file).c_str(), O_RDONLY)));
  CHECK(stat((file.substr(0, file.find('/', 1))).c_str(), &st) == 0);  // /gnu
  CHECK(open((file + "x").c_str(), O_RDONLY) == -1 && errno == ENOENT);
  CHECK(open(nullptr, O_RDONLY) == -1 && errno == EFAULT);
  CHECK(open("", O_RDONLY) == -1 && errno == ENOENT);
  CHECK(open(file.c_str(), O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
  errno = 77;
  bool opened = Closes(open(file.c_str(), O_RDONLY));
  Check(opened && errno == 77, "errno is left alone");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string file = argv[1], directory = argv[3];
  Open(file.c_str());
  Stat(file.c_str());
  Change(file.c_str(), directory);
  Temporary(directory);
  Directories(directory);
  Names(file, argv[2], directory);
  Sockets(directory);
  Others(argv[2], file);
  return g_failures == 0 ? 0 : 1;
}

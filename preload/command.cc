// The environment of a child is the one that its parent passed, plus the variables that this module needs
// there, which its SetUp() removes in the child (preload/setup.h). So it does not matter whether a program
// passes its environment on, changes it or clears it.
#include "preload/command.h"

#include <fcntl.h>
#include <string.h>

#include "reloc/base/env.h"
#include "reloc/base/path.h"
#include "reloc/base/raw.h"

namespace reloc {
namespace {

string_view NameOf(const char* variable) {
  string_view value;
  return SplitFirst(string_view(variable), '=', &value);
}

bool IsListOfLibc(string_view name) {
  for (string_view list : kLibcLists) {
    if (name == list) return true;
  }
  return false;
}

// Returns true for variables that are not passed on unchanged.
bool IsSpecial(const char* variable) {
  // Checks the first letter first, because environments are large.
  if (strchr("GLT", variable[0]) == nullptr || variable[0] == '\0') return false;
  string_view name = NameOf(variable);
  return name == "LD_AUDIT" || name == "LD_PRELOAD" || IsListOfLibc(name);
}

bool Has(const Image& image, LoaderOption option) {
  return memchr(image.loader_options().data(), option, image.loader_options().size()) != nullptr;
}

size_t Elements(const char* list) {
  size_t count = 1;
  for (; *list != '\0'; ++list) {
    if (*list == ':') ++count;
  }
  return count;
}

// Allocates memory piece by piece.
class Memory {
 public:
  explicit Memory(char* memory) : memory_(memory) {}
  char** Pointers(size_t count) { return reinterpret_cast<char**>(Take(count * sizeof(char*))); }
  char* Take(size_t size) {
    char* taken = memory_;
    memory_ += size;
    return taken;
  }

 private:
  char* memory_;
};

// Puts texts one after the other into one piece of memory.
class Texts {
 public:
  Texts(char* memory, size_t size) : memory_(memory), size_(size) {}
  // Runs `write` on a TextBuffer and returns its text.
  template <class Write>
  char* Make(Write write) {
    TextBuffer text(memory_, size_);
    write(&text);
    char* made = memory_;
    memory_ += text.size() + 1;
    size_ -= text.size() + 1;
    return made;
  }

 private:
  char* memory_;
  size_t size_;
};

class Environment {
 public:
  Environment(const Image& image, char** out, Texts* texts) : image_(image), out_(out), texts_(*texts) {}

  void Fill(char* const* envp) {
    for (; envp != nullptr && *envp != nullptr; ++envp) {
      if (IsSpecial(*envp)) {
        AddSpecial(*envp);
      } else {
        Add(*envp);
      }
    }
    AddOurs();
    Add(nullptr);
  }

 private:
  void Add(char* variable) { *out_++ = variable; }

  void AddSpecial(char* variable) {
    string_view value;
    string_view name = SplitFirst(string_view(variable), '=', &value);
    if (name == "LD_PRELOAD" && image_.kind() != ImageKind::kPlain) {
      preload_ = value;
    } else if (name == "LD_AUDIT" && image_.kind() == ImageKind::kPack) {
      audit_ = value;
    } else if (name == "GCONV_PATH") {
      gconv_ = value;
    } else if (image_.kind() == ImageKind::kPack && IsListOfLibc(name)) {
      Add(texts_.Make([&](TextBuffer* text) {
        *text << name << '=';
        AppendList(value, false, text);
      }));
    } else {
      Add(variable);
    }
  }

  // Appends the elements of a list with store paths mapped; skips the directory beside our own ld.so, which
  // only GCONV_PATH has. `joined`: the list is not at the beginning.
  void AppendList(string_view list, bool joined, TextBuffer* text) {
    const LoaderSetting& setting = Setting();
    for (size_t left = Elements(list.data()); left > 0; --left) {
      string_view element = SplitFirst(list, ':', &list);
      if (IsGconvOf(element, setting.loader)) continue;
      if (joined) *text << ':';
      joined = true;
      if (image_.kind() == ImageKind::kPack && IsBelow(element, setting.prefix)) *text << setting.pack;
      *text << element;
    }
  }

  static bool IsGconvOf(string_view directory, string_view loader) {
    return !loader.empty() && BaseName(directory) == "gconv" && DirName(directory) == DirName(loader);
  }

  void AddOurs() {
    AddGconv();
    if (image_.kind() == ImageKind::kPlain) return;
    bool pack = image_.kind() == ImageKind::kPack;
    const LoaderSetting& setting = Setting();
    if (pack) AddJoined("LD_AUDIT", setting.modules, kAuditModule, audit_);
    AddJoined("LD_PRELOAD", pack ? string_view() : setting.modules, pack ? kPreloadName : kPreloadModule,
              preload_);
    LoaderSetting child = setting;
    child.program = string_view();
    if (pack) {
      child.loader = string_view(image_.loader());
      child.options = image_.loader_options();
      if (Has(image_, kBindsNow)) Add(const_cast<char*>("LD_BIND_NOW=1"));
    }
    Add(texts_.Make([&](TextBuffer* text) {
      *text << kLoaderVariable << '=';
      AppendLoaderSetting(child, text);
      if (pack) AppendAbsolute(image_.path(), text);
    }));
    if (g_job[0] != '\0') Add(texts_.Make([](TextBuffer* text) { *text << kJobVariable << '=' << g_job; }));
  }

  void AddGconv() {
    const string_view name = "GCONV_PATH=";
    bool ours = image_.kind() == ImageKind::kPack && Has(image_, kHasGconv);
    char* variable = texts_.Make([&](TextBuffer* text) {
      *text << name;
      if (ours) *text << DirName(image_.loader()) << "/gconv";
      if (gconv_.data() != nullptr) AppendList(gconv_, ours, text);
    });
    if (variable != name) Add(variable);
  }

  void AddJoined(string_view name, string_view directory, string_view file, string_view rest) {
    Add(texts_.Make([&](TextBuffer* text) {
      *text << name << '=' << directory << file;
      if (rest.data() != nullptr) *text << ':' << rest;  // also an empty one: the variable was set
    }));
  }

  // Makes the path absolute, for /proc/self/exe: the working directory may change.
  static void AppendAbsolute(const char* path, TextBuffer* text) {
    if (path[0] != '/') {
      char directory[4096];
      long size = raw::Call(SYS_getcwd, raw::Address(directory), sizeof directory);
      if (size > 1) *text << string_view(directory, static_cast<size_t>(size - 1)) << '/';
    }
    *text << path;
  }

  const Image& image_;
  char** out_;
  Texts& texts_;
  string_view audit_, preload_, gconv_;
};

// The arguments for ld.so before the program's: itself, --argv0 and its value, the program.
constexpr size_t kLoaderArguments = 4;

char** ComposeArgv(const Image& image, char* const* argv, char** out) {
  char** start = out;
  bool script = image.front_count() > 0;
  const size_t count = CountStrings(argv);
  const char* argv0 = script ? image.front()[0] : count > 0 ? argv[0] : "";
  if (image.kind() == ImageKind::kPack) {
    *out++ = const_cast<char*>(image.loader());
    if (Has(image, kSetsArgv0)) {
      *out++ = const_cast<char*>("--argv0");
      *out++ = const_cast<char*>(argv0);
    }
    *out++ = const_cast<char*>(image.path());
  } else {
    *out++ = const_cast<char*>(argv0);
  }
  for (size_t i = 1; i < image.front_count(); ++i) *out++ = image.front()[i];
  for (size_t i = 1; i < count; ++i) *out++ = argv[i];
  *out = nullptr;
  return start;
}

size_t TextSize(const Image& image, char* const* envp) {
  const LoaderSetting& setting = Setting();
  // This module's own: the modules' paths, the setting, GCONV_PATH.
  constexpr size_t kNames = 256 + sizeof g_job;
  size_t size = 4 * setting.pack.size() + 3 * setting.modules.size() + setting.prefix.size() +
                setting.loader.size() + 3 * strlen(image.loader()) + kNames;
  // The program's absolute path.
  size += strlen(image.path()) + (image.path()[0] == '/' ? 0 : 4096);
  for (; envp != nullptr && *envp != nullptr; ++envp) {
    if (IsSpecial(*envp)) size += strlen(*envp) + Elements(*envp) * (setting.pack.size() + 1);
  }
  return size;
}

}  // namespace

size_t CommandSize(const Image& image, char* const* argv, char* const* envp) {
  size_t pointers = CountStrings(argv) + image.front_count() + kLoaderArguments + 2 + CountStrings(envp) + 9;
  return pointers * sizeof(char*) + TextSize(image, envp);
}

Command Compose(const Image& image, char* const* argv, char* const* envp, char* memory) {
  Memory pieces(memory);
  char** new_argv = pieces.Pointers(CountStrings(argv) + image.front_count() + kLoaderArguments + 2);
  char** new_envp = pieces.Pointers(CountStrings(envp) + 9);
  size_t size = TextSize(image, envp);
  Texts texts(pieces.Take(size), size);
  Environment(image, new_envp, &texts).Fill(envp);
  const char* path = image.kind() == ImageKind::kPack ? image.loader() : image.path();
  // A plain program that is no script keeps its argv unchanged, even an empty one.
  bool same = image.kind() != ImageKind::kPack && image.front_count() == 0;
  return {path, same && argv != nullptr ? argv : ComposeArgv(image, argv, new_argv), new_envp};
}

}  // namespace reloc

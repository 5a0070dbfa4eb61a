// The variable RELOC_LOADER: what the loader engine's launch plan passes to the two modules that it loads
// into a program (audit/, preload/), and what they pass on to the program's children.
//
//   RELOC_LOADER=<options>:<store prefix>:<pack>:<modules>:<ld.so>:<program>
//
// It is one variable, so that one is removed from the program's environment. Only the last part may contain a
// ':'. A pack below such a path is refused at launch, because LD_AUDIT cannot name a module in it either.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

inline constexpr string_view kLoaderVariable = "RELOC_LOADER";
// The files in LoaderSetting::modules.
inline constexpr string_view kAuditModule = "/audit.so";
inline constexpr string_view kPreloadModule = "/preload.so";
// LD_PRELOAD cannot express a path with a space (ld.so(8)); the audit module resolves this name.
inline constexpr string_view kPreloadName = "preload.so";

// Marks the processes of a job, whatever their parents are, where the kernel has no mark for them (ADR 0016):
// RELOC_JOB=<pid>.<microseconds>, the job's first process and CLOCK_MONOTONIC at its launch. Used for
// programs under the loader engine, which passes it on and hides it from programs like RELOC_LOADER, and for
// tracers.
inline constexpr string_view kJobVariable = "RELOC_JOB";
// Appends the variable's value.
void AppendJobMark(int pid, uint64_t launched, TextBuffer* out);

// Lists of directories and files that libc opens by itself, unseen by the modules. Where they name store
// paths, the pack is put in front of them.
inline constexpr string_view kLibcLists[] = {"GCONV_PATH",     "GUIX_LOCPATH",        "LD_LIBRARY_PATH",
                                             "LOCALE_ARCHIVE", "LOCALE_ARCHIVE_2_27", "LOCPATH",
                                             "TZDIR"};

// The letters of LoaderSetting::options: facts about `loader`.
enum LoaderOption : char {
  kSetsArgv0 = 'a',  // it has the option --argv0 (glibc >= 2.33)
  kBindsNow = 'n',   // it needs LD_BIND_NOW: it cannot bind lazily with an audit module (glibc < 2.35)
  kHasGconv = 'g',   // there is a directory gconv beside it, which GCONV_PATH must name
};

struct LoaderSetting {
  string_view options;
  string_view prefix;   // the store's path as programs see it
  string_view pack;     // the store is at <pack><prefix>
  string_view modules;  // the modules' directory: the pack's, or relocd's own for a tree that is no pack
  string_view loader;   // the ld.so in the pack that starts programs, or empty if none is known yet
  string_view program;  // the program in the pack that it starts; empty for programs of the host

  bool Has(LoaderOption option) const {
    for (char c : options) {
      if (c == option) return true;
    }
    return false;
  }
};

// Appends the options that follow from `content`, an ld.so's file: all but kHasGconv. The file is searched
// and not executed, because it may not run here. Returns false if it is not glibc's ld.so.
bool DescribeLoader(string_view content, TextBuffer* options);
// Files beside ld.so; one of them exists if its libc has character set converters.
inline constexpr string_view kGconvFiles[] = {"/gconv/gconv-modules", "/gconv/gconv-modules.d"};

// Parses the variable's value; the parts point into it. Returns false if it is malformed.
bool ParseLoaderSetting(string_view value, LoaderSetting* setting);

// Appends the variable's value.
void AppendLoaderSetting(const LoaderSetting& setting, TextBuffer* out);

}  // namespace reloc

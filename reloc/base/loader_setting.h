// What the loader engine's launch plan tells the two modules that it loads into a program (audit/, preload/),
// and what they hand on to the program's children: the variable RELOC_LOADER.
//
//   RELOC_LOADER=<options>:<store prefix>:<pack>:<modules>:<ld.so>:<program>
//
// One variable, which is taken out of a program's environment as one. No part but the last may hold a ':': a
// pack below such a path is refused when it is launched, since LD_AUDIT cannot name a module in it either.
#pragma once

#include "reloc/base/text.h"

namespace reloc {

inline constexpr string_view kLoaderVariable = "RELOC_LOADER";
// What lies in LoaderSetting::modules.
inline constexpr string_view kAuditModule = "/audit.so";
inline constexpr string_view kPreloadModule = "/preload.so";
// LD_PRELOAD cannot say a path with a space (ld.so(8)): the audit module knows where this is.
inline constexpr string_view kPreloadName = "preload.so";

// What marks the processes of a job, whoever their parents are, where the kernel has no mark for them (ADR
// 0016): RELOC_JOB=<pid>.<microseconds>, the job's first process and CLOCK_MONOTONIC when it was launched. Of
// programs under the loader engine, which hands it on and takes it out of what programs see as it does with
// RELOC_LOADER; and of a tracer.
inline constexpr string_view kJobVariable = "RELOC_JOB";
// Appends the variable's value.
void AppendJobMark(int pid, uint64_t launched, TextBuffer* out);

// Lists of directories and files that libc opens by itself, where no module sees it: where they name store
// paths, the pack is put before them.
inline constexpr string_view kLibcLists[] = {"GCONV_PATH",     "GUIX_LOCPATH",        "LD_LIBRARY_PATH",
                                             "LOCALE_ARCHIVE", "LOCALE_ARCHIVE_2_27", "LOCPATH",
                                             "TZDIR"};

// The letters of LoaderSetting::options: facts about `loader`.
enum LoaderOption : char {
  kSetsArgv0 = 'a',  // it has the option --argv0 (glibc >= 2.33)
  kBindsNow = 'n',   // it needs LD_BIND_NOW, since it cannot bind lazily with an audit module (glibc < 2.35)
  kHasGconv = 'g',   // a directory gconv lies beside it, which GCONV_PATH must name
};

struct LoaderSetting {
  string_view options;
  string_view prefix;   // the store's path as programs know it
  string_view pack;     // <pack><prefix> is where the store lies
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

// Appends the letters of what `content`, an ld.so's file, says of it: all but kHasGconv. It is not executed,
// since it may not run here. False if it is not glibc's.
bool DescribeLoader(string_view content, TextBuffer* options);
// Beside ld.so, where its libc has converters: one of them is there.
inline constexpr string_view kGconvFiles[] = {"/gconv/gconv-modules", "/gconv/gconv-modules.d"};

// Takes the variable's value apart; the parts point into it. False if it is not one.
bool ParseLoaderSetting(string_view value, LoaderSetting* setting);

// Appends the value.
void AppendLoaderSetting(const LoaderSetting& setting, TextBuffer* out);

}  // namespace reloc

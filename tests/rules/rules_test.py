#!/usr/bin/env python3
"""The rules can fail: each is tried on something to refuse, and on something to accept."""

import unittest

import binaries
import faults
import filesystem
import includes
import output
import processes
import prose


class IncludesTest(unittest.TestCase):
    def assert_refused(self, path, line, reason):
        found = list(includes.check_text(path, "// a comment\n" + line))
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{path}:2: "), found[0])
        self.assertIn(reason, found[0])

    def assert_allowed(self, path, line):
        self.assertEqual(list(includes.check_text(path, line)), [])

    def test_upward(self):
        self.assert_refused("reloc/base/x.h", '#include "reloc/launch/plan.h"', "base may not")
        self.assert_refused("reloc/pack/x.cc", '#include "reloc/engine/compile.h"', "pack may not")
        self.assert_refused("shim/main.cc", '#include "reloc/pack/elf.h"', "shim may not")

    def test_upward_in_the_daemon(self):
        self.assert_refused("daemon/jobs/x.cc", '#include "daemon/control/service.h"', "daemon/jobs may not")
        self.assert_refused("daemon/model/x.h", '#include "daemon/roots/root_cache.h"', "daemon/model may not")
        self.assert_refused("daemon/metrics/x.h", '#include "daemon/options.h"', "daemon/metrics may not include daemon")
        self.assert_allowed("daemon/control/x.cc", '#include "daemon/jobs/job_table.h"')
        self.assert_allowed("daemon/daemon.cc", '#include "daemon/control/service.h"')

    def test_programs(self):
        self.assert_refused("client/x.cc", '#include "daemon/jobs.h"', "may not include daemon")
        self.assert_refused("reloc/engine/x.cc", '# include "client/run.h"', "may not include client")

    def test_freestanding(self):
        self.assert_refused("reloc/base/x.cc", "#include <string>", "freestanding")
        self.assert_refused("reloc/launch/x.cc", '#include "absl/status/status.h"', "freestanding")
        self.assert_refused("audit/x.cc", "#include <absl/strings/str_cat.h>", "freestanding")
        self.assert_refused("reloc/launch/x.cc", '#include "plan.h"', "from the top")

    def test_allowed(self):
        self.assert_allowed("reloc/launch/x.cc", '#include "reloc/base/file.h"\n#include <span>\n#include <sys/mount.h>')
        self.assert_allowed("daemon/x.cc", '#include "proto/control.pb.h"\n#include "daemon/jobs/table.h"\n#include <string>')
        self.assert_allowed("reloc/pack/x.cc", '#include "absl/status/status.h"')


class SymbolsTest(unittest.TestCase):
    def symbols(self, *names):
        lines = "".join(f"x.a:file.cc.o:                 U {name}\n" for name in names)
        return [symbol for _, symbol in binaries.forbidden_symbols(lines)]

    def test_refused(self):
        names = ["malloc", "free@GLIBC_2.2.5", "__cxa_guard_acquire", "__gxx_personality_v0",
                 "_Znwm", "_ZdaPv",                  # operator new(unsigned long), operator delete[](void*)
                 "_ZSt24__throw_out_of_range_fmtPKcz",  # std::__throw_out_of_range_fmt(char const*, ...)
                 "_ZNKSs4sizeEv", "_ZTVSt9exception",   # std::string::size() const, vtable for std::exception
                 "_ZN4absl6StatusD1Ev"]              # absl::Status::~Status()
        self.assertEqual(self.symbols(*names), names)

    def test_allowed(self):
        names = ["openat", "__stack_chk_fail", "memcpy", "freeaddrinfo",
                 "_ZN5reloc4Plan5ParseESt4spanIKcLm18446744073709551615EEPS0_PmPPS2_"]
        self.assertEqual(self.symbols(*names), [])


class HardenedTest(unittest.TestCase):
    HEADERS = "  Type:                              DYN (Position-Independent Executable file)\n  GNU_RELRO      0x0a5838\n"
    DYNAMIC = " 0x000000006ffffffb (FLAGS_1)            Flags: NOW PIE\n"
    SYMBOLS = "                 U __memcpy_chk@GLIBC_2.3.4\n                 U __stack_chk_fail@GLIBC_2.4\n"

    def missing(self, **changed):
        given = {"headers": self.HEADERS, "dynamic": self.DYNAMIC, "symbols": self.SYMBOLS} | changed
        return " ".join(binaries.missing_from(**given))

    def test_programs(self):
        self.assertEqual(self.missing(), "")
        self.assertIn("-pie", self.missing(headers=self.HEADERS.replace("DYN (Position-Independent ", "EXEC (")))
        self.assertIn("-z relro", self.missing(headers=self.HEADERS.replace("GNU_RELRO", "LOAD")))
        self.assertIn("-z now", self.missing(dynamic=self.DYNAMIC.replace("NOW ", "")))
        self.assertIn("-fstack-protector-strong", self.missing(symbols=self.SYMBOLS.replace("__stack_chk_fail", "x")))
        self.assertIn("FORTIFY", self.missing(symbols=self.SYMBOLS.replace("__memcpy_chk", "memcpy")))

    def flags(self, output, *flags):
        command = " ".join(("c++", *flags, "-o", output, "-c", "/src/x.cc"))
        return len(list(binaries.check_flags([{"directory": "/b", "command": command, "file": "/src/x.cc"}], "/b")))

    def test_flags(self):
        all_three = binaries.HARDENING
        self.assertEqual(self.flags("daemon/CMakeFiles/x.o", *all_three), 0)
        self.assertEqual(self.flags("daemon/CMakeFiles/x.o", *all_three[1:]), 1)
        self.assertEqual(self.flags("reloc/base/CMakeFiles/x.o"), 3)
        self.assertEqual(self.flags("preload/CMakeFiles/x.o", "-ffreestanding"), 0)
        self.assertEqual(self.flags("tests/testprogs/CMakeFiles/x.o"), 0)


class FaultsTest(unittest.TestCase):
    def test_each_fault_has_its_place_and_its_test(self):
        points = faults.parse('  X(kRootOpen, "root.open", "opens")   \\\n  X(kLogOpen, "log.open", "opens")')
        self.assertEqual(points, [("kRootOpen", "root.open"), ("kLogOpen", "log.open")])
        code, tests = "fault::Fails(fault::Point::kRootOpen)", 'self.start("root.open=EMFILE")'
        self.assertEqual(list(faults.violations(points[:1], code, tests)), [])
        self.assertEqual(len(list(faults.violations(points, code, tests))), 2)


class OutputTest(unittest.TestCase):
    def found(self, line, path="client/x.cc"):
        return list(output.check_text(path, "// printf(\n" + line))

    def test_refused(self):
        for line in ('printf("%s", name);', 'fprintf(stderr, "x");', "::fputs(text, file);", "std::cout << name;",
                     "WriteAll(1, name);", "write(STDERR_FILENO, name, 1);", "std::puts(name);", "perror(name);"):
            self.assertEqual(len(self.found(line)), 1, line)
            self.assertTrue(self.found(line)[0].startswith("client/x.cc:2: "), line)

    def test_allowed(self):
        for line in ("PrintOut(OneLine(name));", 'snprintf(text, sizeof text, "%d", n);', "StrFormat(name);",
                     "WriteAll(fd, name);", 'Say("printf(");', "sprintf_like(x);", "// puts(name)"):
            self.assertEqual(self.found(line), [], line)
        self.assertEqual(self.found('printf("x");', "reloc/cli/output.cc"), [])


class ProcessesTest(unittest.TestCase):
    def test_whoever_may_be_held_up_reads_no_other_process(self):
        for line in ('path = absl::StrCat("/proc/", pid, "/stat");', 'path << "/proc/" << pid;',
                     "auto stat = ReadProcStat(pid);"):
            self.assertEqual(len(list(processes.check_text("daemon/control/x.cc", line))), 1, line)
            self.assertEqual(list(processes.check_text("daemon/processes/survey.cc", line)), [])
        for line in ('Open("/proc/self/exe", O_RDONLY)', '// as "/proc/" and a number'):
            self.assertEqual(list(processes.check_text("daemon/control/x.cc", line)), [], line)


class FilesystemTest(unittest.TestCase):
    def found(self, line):
        return len(list(filesystem.check_text("daemon/x.cc", line)))

    def test_refused(self):
        for line in ("for (const auto& entry : std::filesystem::directory_iterator(path, error)) {",
                     "for (auto& entry : fs::recursive_directory_iterator(path, error))",
                     "if (fs::is_directory(StrCat(a, b))) return;", "fs::remove_all(Path(a, error));",
                     "fs::directory_iterator entry(path);", "fs::exists(fs::symlink_status(path));"):
            self.assertEqual(self.found(line), 1, line)

    def test_allowed(self):
        for line in ("for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {",
                     "if (fs::is_directory(StrCat(a, b), error)) return;", "fs::path(a).parent_path();",
                     "if (!fs::is_directory(fs::symlink_status(Path(a), error))) {", "// fs::remove_all(path)",
                     "entry != std::filesystem::directory_iterator()", 'Say("fs::exists(path)");'):
            self.assertEqual(self.found(line), 0, line)


class ProseTest(unittest.TestCase):
    LONG = "word " * 30 + "word"

    def test_long_lines_are_found_and_wrapped(self):
        for text in (self.LONG, f"- {self.LONG}\n- short", f"  1. {self.LONG}\n     more", f"short\n{self.LONG}\n\nnext"):
            self.assertEqual(len(list(prose.check_text("x.md", text))), 1, text)
            wrapped = prose.fixed(text)
            self.assertEqual(list(prose.check_text("x.md", wrapped)), [])
            self.assertEqual(wrapped.split(), text.split())
            self.assertEqual(prose.fixed(wrapped), wrapped)

    def test_what_is_no_prose_stays(self):
        for text in (f"```\n{self.LONG}\n```", f"| {self.LONG} |", f"# {self.LONG}", f"text\n\n    {self.LONG}", "x" * 200):
            self.assertEqual(list(prose.check_text("x.md", text)), [], text)
            self.assertEqual(prose.fixed(text), text)

    def test_an_item_keeps_its_indentation_and_no_word_becomes_a_marker(self):
        wrapped = prose.fixed("- " + "a" * 112 + " here - there and so on\n- next")
        self.assertEqual(wrapped, "- " + "a" * 112 + "\n  here - there and so on\n- next")


if __name__ == "__main__":
    unittest.main()

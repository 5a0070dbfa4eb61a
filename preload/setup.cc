#include "preload/setup.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "reloc/base/path.h"

namespace reloc {

LoaderSetting g_setting;
char g_job[64];
int g_setup_state;

namespace {

// A copy, because programs that change what ps(1) shows overwrite the environment's memory.
char g_text[12288];

bool IsModule(string_view element, string_view module) {
  string_view directory = g_setting.modules;
  return element.size() == directory.size() + module.size() && StartsWith(element, directory) &&
         Suffix(element, directory.size()) == module;
}

// Returns in `*value` the value of `variable` if its name is `name`.
bool ValueOf(char* variable, string_view name, char** value) {
  if (strncmp(variable, name.data(), name.size()) != 0 || variable[name.size()] != '=') return false;
  *value = variable + name.size() + 1;
  return true;
}

// Removes the first element of a list if it is ours. Returns true if nothing is left: then the variable was
// not set.
bool TakeOurs(char* list, bool (*is_ours)(string_view)) {
  string_view rest;
  string_view first = SplitFirst(list, ':', &rest);
  if (!is_ours(first)) return false;
  if (first.size() == strlen(list)) return true;
  memmove(list, list + first.size() + 1, rest.size() + 1);
  return false;
}

// Returns true if `variable` is not for the program's environment.
bool IsOurs(char* variable) {
  char* value = nullptr;
  if (ValueOf(variable, kLoaderVariable, &value) || ValueOf(variable, kJobVariable, &value)) return true;
  if (ValueOf(variable, "LD_AUDIT", &value)) return TakeOurs(value, IsOurAudit);
  if (ValueOf(variable, "LD_PRELOAD", &value)) return TakeOurs(value, IsOurPreload);
  return g_setting.Has(kBindsNow) && !g_setting.program.empty() && ValueOf(variable, "LD_BIND_NOW", &value);
}

void ReadSetting(char** variables) {
  TextBuffer text(g_text, sizeof g_text);
  TextBuffer job(g_job, sizeof g_job);
  char* value = nullptr;
  for (; *variables != nullptr; ++variables) {
    if (ValueOf(*variables, kLoaderVariable, &value)) text << value;
    if (ValueOf(*variables, kJobVariable, &value)) job << value;
  }
  if (!text.overflowed() && ParseLoaderSetting(text.view(), &g_setting)) return;
  g_setting = LoaderSetting();
}

// Works in place: main() gets this very array.
void TakeOursOut(char** variables) {
  char** kept = variables;
  for (; *variables != nullptr; ++variables) {
    if (!IsOurs(*variables)) *kept++ = *variables;
  }
  *kept = nullptr;
}

// Makes getauxval(AT_EXECFN) return the program, and not ld.so, which the kernel executed. The auxiliary
// vector follows the environment as ld.so left it.
void NameProgram(char** variables) {
  while (*variables != nullptr) ++variables;
  for (auto* entry = reinterpret_cast<ElfW(auxv_t)*>(variables + 1); entry->a_type != AT_NULL; ++entry) {
    // The program is the last part of the text, which ends with a NUL.
    const char* program = g_setting.program.data();
    if (IsBelow(g_setting.program, g_setting.pack) &&
        IsBelow(Suffix(g_setting.program, g_setting.pack.size()), g_setting.prefix)) {
      program += g_setting.pack.size();
    }
    if (entry->a_type == AT_EXECFN) entry->a_un.a_val = reinterpret_cast<uintptr_t>(program);
  }
}

}  // namespace

bool IsOurAudit(string_view element) { return IsModule(element, kAuditModule); }

bool IsOurPreload(string_view element) {
  return element == kPreloadName || IsModule(element, kPreloadModule);
}

void SetUp() {
  if (environ == nullptr) return;  // too early: libc itself is not initialized
  ReadSetting(environ);
  if (!g_setting.pack.empty()) TakeOursOut(environ);
  __atomic_store_n(&g_setup_state, 1, __ATOMIC_RELEASE);
}

}  // namespace reloc

// ld.so passes main()'s arguments to every constructor.
__attribute__((constructor)) static void Construct(int, char**, char** variables) {
  bool untouched = __atomic_load_n(&reloc::g_setup_state, __ATOMIC_ACQUIRE) == 0;
  char** end = variables;
  while (*end != nullptr) ++end;
  if (!reloc::Active() || reloc::g_setting.program.empty() || !untouched) return;
  // The end is where it was before variables were removed.
  reloc::NameProgram(end);
}

// Keeps the loader engine's preload module out of relocd's own programs, which must see paths unchanged. When
// a program of that engine starts them, the module (preload/) is loaded into them, as into any host program,
// and maps their paths.
#pragma once

namespace reloc {

// Executes this program again if the module is loaded, and returns only if it is not. Call it first of all.
// `envp` is the environment as the module left it, so that it is not loaded a second time.
void ExecuteWithoutPreload(char** argv, char** envp);

}  // namespace reloc

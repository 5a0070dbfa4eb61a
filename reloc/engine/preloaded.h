// relocd's own programs look at paths as they are, also when a program of the loader engine starts them: then
// that engine's preload module (preload/) is loaded into them, as into any host program, and maps their
// paths.
#pragma once

namespace reloc {

// Executes this program again if the module is loaded, and only returns if it is not. Call before anything
// else; `envp` is what the module left of the environment, so that it is not loaded a second time.
void ExecuteWithoutPreload(char** argv, char** envp);

}  // namespace reloc

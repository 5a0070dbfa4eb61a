// `relocctl run`: starts a program of a pack in place of this process.
//
// It is dispatched before anything else of relocctl is set up and touches neither gRPC nor CLI11: a launch is
// to cost a small multiple of a native one.
#pragma once

namespace reloc {

// `argv` begins with "run". Returns an exit status; does not return when the program was started.
int RunCommand(char** argv, char** envp);

}  // namespace reloc

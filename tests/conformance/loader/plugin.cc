// Opened by name; needs a library that only its own DT_RUNPATH, or the program's DT_RPATH, finds.
extern "C" int Needed();
extern "C" int Answer() { return Needed(); }

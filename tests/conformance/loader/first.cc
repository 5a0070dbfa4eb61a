extern "C" int FirstLibrary() { return 1; }

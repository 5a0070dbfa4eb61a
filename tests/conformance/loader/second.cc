extern "C" int SecondLibrary() { return 2; }

extern "C" int Needed() { return 42; }

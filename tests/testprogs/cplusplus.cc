// cplusplus: uses the libraries of C++: exceptions through them, threads, streams, a locale.
#include <iostream>
#include <locale>
#include <stdexcept>
#include <string>
#include <thread>
#include <typeinfo>
#include <vector>

namespace {

thread_local int own = 1;

std::string Caught() {
  try {
    return std::string("abc").substr(4);
  } catch (const std::out_of_range& error) {
    return error.what();
  }
}

}  // namespace

int main() {
  std::cout << Caught() << '\n';
  std::vector<int> seen(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([i, &seen] { seen[i] = own += i; });
  for (std::thread& thread : threads) thread.join();
  for (int value : seen) std::cout << value << ' ';
  std::cout << own << ' ' << typeid(seen).name() << ' ' << std::locale("").name() << std::endl;
  throw std::runtime_error("on purpose");
}

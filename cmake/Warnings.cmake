# Warnings are errors everywhere. Generated protobuf code gets none of them (see proto/CMakeLists.txt).
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wcast-qual -Wimplicit-fallthrough -Werror)
find_program(RELOC_CCACHE ccache)
if(RELOC_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RELOC_CCACHE})
endif()

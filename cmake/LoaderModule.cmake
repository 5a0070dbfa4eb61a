# reloc_loader_module(NAME SOURCES...): a module that ld.so loads into programs of any glibc: freestanding, linked to
# nothing, whatever the preset says (see audit/audit.cc, preload/next.h). Never sanitized: ld.so loads it before a
# sanitizer's runtime exists.
function(reloc_loader_module name)
  set(_base ${CMAKE_SOURCE_DIR}/reloc/base)
  add_library(${name} MODULE ${ARGN}
    ${_base}/env.cc ${_base}/loader_setting.cc ${_base}/memory.cc ${_base}/path.cc ${_base}/text.cc)
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/libexec)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  # A stack protector's canary and a static's guard would need the thread's memory, which ld.so has not set up yet.
  target_compile_options(${name} PRIVATE
    -O2 -ffreestanding -fvisibility=hidden -fvisibility-inlines-hidden -fno-exceptions -fno-rtti -fno-stack-protector
    -fno-threadsafe-statics -fno-asynchronous-unwind-tables -fno-plt -U_FORTIFY_SOURCE)
  # Else the loops in memory.cc would be replaced by calls of the functions that they make up; GCC is told there.
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set_source_files_properties(${_base}/memory.cc PROPERTIES COMPILE_OPTIONS -fno-builtin)
  endif()
  # Two segments instead of five, and nothing to protect afterwards: fewer system calls in every program's start.
  target_link_options(${name} PRIVATE
    -nostdlib -nostartfiles LINKER:-Bsymbolic LINKER:-z,now LINKER:-z,norelro
    LINKER:-z,noseparate-code LINKER:--build-id=none LINKER:--gc-sections LINKER:-s)
  install(TARGETS ${name} DESTINATION ${RELOC_LIBEXECDIR})
endfunction()

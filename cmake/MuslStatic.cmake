# Static programs with musl, in C++20, without libstdc++: only its headers are used (span, string_view, array).
#
# libstdc++'s headers expect glibc's <features.h> to define __GLIBC_PREREQ; the musl specs give no C++ header
# path, so both are said here. A program of this kind starts in 1.07 times a native exec; with static glibc 1.6.
set(RELOC_MUSL_INCLUDE /usr/include/${CMAKE_SYSTEM_PROCESSOR}-linux-musl)
find_file(RELOC_MUSL_SPECS musl-gcc.specs PATHS /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl
  NO_DEFAULT_PATH REQUIRED)
find_program(RELOC_GXX NAMES g++-12 g++ REQUIRED)
execute_process(COMMAND ${RELOC_GXX} -dumpversion OUTPUT_VARIABLE _gxx OUTPUT_STRIP_TRAILING_WHITESPACE)
string(REGEX MATCH "^[0-9]+" _gxx ${_gxx})
set(_triple ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
# -Os: a launch costs system calls and pages, not instructions. Measured, it starts as quickly as with -O2 (both ways of
# the shim, medians of 1,500 within 0.2 %), and is 8 KB smaller.
set(RELOC_MUSL_FLAGS
  -std=c++20 -Os -g1 -fno-exceptions -fno-rtti -fno-stack-protector -ffunction-sections -fdata-sections
  -fno-asynchronous-unwind-tables -fno-threadsafe-statics -fno-pie -U_FORTIFY_SOURCE -D_GNU_SOURCE
  "-D__GLIBC_PREREQ(a,b)=0" -nostdinc -nostdinc++
  -isystem /usr/include/c++/${_gxx} -isystem /usr/include/${_triple}/c++/${_gxx}
  -isystem ${RELOC_MUSL_INCLUDE} -isystem /usr/lib/gcc/${_triple}/${_gxx}/include
  -Wall -Wextra -Wshadow -Wimplicit-fallthrough -Werror)

# Data follow text in the file at once: up to 4 KB less to read. Else ld decides by the size of .bss.
set(RELOC_MUSL_CLOSE -Wl,-z,common-page-size=64)

# reloc_musl_program(NAME SOURCES...): builds ${CMAKE_BINARY_DIR}/libexec/NAME whatever compiler the preset uses.
function(reloc_musl_program name)
  set(_objects)
  foreach(_source ${ARGN})
    file(RELATIVE_PATH _rel ${CMAKE_SOURCE_DIR} ${_source})
    string(REPLACE "/" "_" _flat ${_rel})
    set(_object ${CMAKE_BINARY_DIR}/musl/${_flat}.o)
    add_custom_command(OUTPUT ${_object}
      COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/musl
      COMMAND ${RELOC_CCACHE} ${RELOC_GXX} ${RELOC_MUSL_FLAGS} -I${CMAKE_SOURCE_DIR} -MD -MF ${_object}.d
              -c ${_source} -o ${_object}
      DEPENDS ${_source} DEPFILE ${_object}.d COMMENT "Building (musl) ${_rel}" VERBATIM)
    list(APPEND _objects ${_object})
  endforeach()
  set(_program ${CMAKE_BINARY_DIR}/libexec/${name})
  add_custom_command(OUTPUT ${_program}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/libexec
    COMMAND ${RELOC_GXX} -specs=${RELOC_MUSL_SPECS} -static -no-pie -nostartfiles
            /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl/crt1.o
            /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl/crti.o
            ${_objects} /usr/lib/${CMAKE_SYSTEM_PROCESSOR}-linux-musl/crtn.o
            -Wl,--gc-sections -Wl,-z,norelro -Wl,-z,noseparate-code ${RELOC_MUSL_CLOSE} -Wl,--build-id=none -s -o ${_program}
    DEPENDS ${_objects} COMMENT "Linking (musl, static) ${name}" VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${_program})
endfunction()

# Third-party libraries, all packaged by Debian 12 and but for one linked statically: a program that links gRPC
# dynamically needs 12 ms before main(), statically 1.4 ms.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Debian's gRPC CMake files name only shared libraries, hence the archives by path. `unsecure`: the control
# socket is a Unix socket whose peer was checked; TLS would only add OpenSSL to every start.
function(reloc_static_library out name)
  find_library(${out} NAMES lib${name}.a REQUIRED)
endfunction()
foreach(_lib grpc++_unsecure grpc_unsecure gpr address_sorting upb cares re2 protobuf z zstd archive bz2 lzma nettle crypto sqlite3)
  string(MAKE_C_IDENTIFIER ${_lib} _id)
  reloc_static_library(RELOC_LIB_${_id} ${_lib})
endforeach()
file(GLOB RELOC_ABSL_LIBS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libabsl_*.a)
list(FILTER RELOC_ABSL_LIBS EXCLUDE REGEX "flags|scoped_mock|failure_signal|random_internal_distribution_test")

# reloc_archives(NAME ARCHIVES... [NEEDS LIBRARIES...]): the imported library NAME, which is all ARCHIVES.
#
# Those of Abseil, and those of gRPC, refer to each other in circles. As one linker script with a GROUP they are one
# library to CMake, which then orders it by what it needs; --start-group in a list of libraries it tears apart.
function(reloc_archives name)
  cmake_parse_arguments(A "" "" "NEEDS" ${ARGN})
  list(JOIN A_UNPARSED_ARGUMENTS "\n  " _archives)
  set(_script ${CMAKE_BINARY_DIR}/link/${name}.ld)
  file(WRITE ${_script}.new "GROUP(\n  ${_archives})\n")
  file(COPY_FILE ${_script}.new ${_script} ONLY_IF_DIFFERENT)
  add_library(${name} STATIC IMPORTED)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION ${_script} INTERFACE_LINK_LIBRARIES "${A_NEEDS};Threads::Threads")
endfunction()
reloc_archives(reloc_absl ${RELOC_ABSL_LIBS})
reloc_archives(reloc_protobuf ${RELOC_LIB_protobuf} ${RELOC_LIB_z})
reloc_archives(reloc_grpc
  ${RELOC_LIB_grpc___unsecure} ${RELOC_LIB_grpc_unsecure} ${RELOC_LIB_gpr} ${RELOC_LIB_address_sorting}
  ${RELOC_LIB_upb} ${RELOC_LIB_cares} ${RELOC_LIB_re2}
  NEEDS reloc_protobuf reloc_absl)
add_library(reloc_archive_lib INTERFACE)
# One error message of every format's writer lies in the same object as a table of all formats, which would pull in
# 7zip, xar and zip with liblzma, libxml2, ICU and nettle. It is about devices and sockets, which never get there.
target_link_options(reloc_archive_lib INTERFACE -Wl,--defsym=__archive_write_entry_filetype_unsupported=abort)
# Only who reads zip and whatever else a file may be compressed by gets bz2, lzma and nettle, which zip's reader asks
# for decryption.
reloc_archives(reloc_archive_group
  ${RELOC_LIB_archive} ${RELOC_LIB_zstd} ${RELOC_LIB_z} ${RELOC_LIB_bz2} ${RELOC_LIB_lzma} ${RELOC_LIB_nettle})
target_link_libraries(reloc_archive_lib INTERFACE reloc_archive_group)
add_library(reloc_crypto INTERFACE)
target_link_libraries(reloc_crypto INTERFACE ${RELOC_LIB_crypto} ${CMAKE_DL_LIBS} Threads::Threads)

add_library(reloc_sqlite INTERFACE)
target_link_libraries(reloc_sqlite INTERFACE ${RELOC_LIB_sqlite3} m ${CMAKE_DL_LIBS} Threads::Threads)

# What serves one-file packs: FUSE, and the compressions that SquashFS has.
foreach(_lib fuse3 lz4)
  find_library(RELOC_LIB_${_lib} NAMES lib${_lib}.a)
  if(NOT RELOC_LIB_${_lib})
    message(FATAL_ERROR "lib${_lib}.a is missing, which serves one-file packs: install lib${_lib}-dev (scripts/deps)")
  endif()
endforeach()
reloc_archives(reloc_fuse ${RELOC_LIB_fuse3} NEEDS ${CMAKE_DL_LIBS})
reloc_archives(reloc_unpack ${RELOC_LIB_lz4} ${RELOC_LIB_lzma} ${RELOC_LIB_zstd} ${RELOC_LIB_z})

# The one that Debian has no archive of. It and relocd must share one libstdc++, for they share objects; that and
# being a library of its own cost 0.6 ms of relocd's start and 0.1 MB.
find_library(RELOC_LIB_PROMETHEUS prometheus-cpp-core REQUIRED)
add_library(reloc_prometheus INTERFACE)
target_link_libraries(reloc_prometheus INTERFACE ${RELOC_LIB_PROMETHEUS})

# Wide, for UTF-8. Its terminal descriptions are the host's.
reloc_static_library(RELOC_LIB_ncursesw ncursesw)
reloc_static_library(RELOC_LIB_tinfo tinfo)
add_library(reloc_ncurses INTERFACE)
target_compile_definitions(reloc_ncurses INTERFACE NCURSES_WIDECHAR=1 NCURSES_NOMACROS=1)
target_link_libraries(reloc_ncurses INTERFACE ${RELOC_LIB_ncursesw} ${RELOC_LIB_tinfo})

# Header-only, and its formatting library too: Debian's spdlog expects fmt from outside.
find_package(spdlog REQUIRED)
add_library(reloc_spdlog INTERFACE)
target_compile_definitions(reloc_spdlog INTERFACE SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
target_link_libraries(reloc_spdlog INTERFACE Threads::Threads)

find_program(RELOC_PROTOC protoc REQUIRED)
find_program(RELOC_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

# Without what nothing calls. gRPC brings 28,000 relocations that a program at a random address needs: packed they are
# 10 KB instead of 750, and ld.so is done with them sooner. It has to be glibc 2.36, as for other reasons already.
include(CheckLinkerFlag)
check_linker_flag(CXX LINKER:-z,pack-relative-relocs RELOC_LINKER_PACKS_RELOCATIONS)
function(reloc_trim target)
  if(NOT RELOC_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,--gc-sections -Wl,-O1 -Wl,--as-needed)
    if(RELOC_LINKER_PACKS_RELOCATIONS)
      target_link_options(${target} PRIVATE LINKER:-z,pack-relative-relocs)
    endif()
  endif()
endfunction()

# A program that starts quickly: no libstdc++ to load.
function(reloc_fast_start target)
  reloc_trim(${target})
  if(NOT RELOC_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()

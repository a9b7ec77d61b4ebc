# Language level, warnings, sanitizers, compiler cache and linker.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
# Asserts stay on in release builds: an invariant that breaks must stop the process, not corrupt a row.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
# Tests wait for servers and databases, not for their own code: compiling them fast is worth more.
set(CRM_TEST_OPTIONS $<$<CONFIG:Release>:-O0>)
set(CRM_OPTIMIZED_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)
# The same macros for every file, whatever it is linked with: precompiled headers ask for it.
add_compile_options(-pthread)

set(CRM_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=<list>")
if(CRM_SANITIZE)
  add_compile_options(-fsanitize=${CRM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CRM_SANITIZE})
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
                                  CCACHE_NOHASHDIR=1
                                  CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Our own code is built with these; generated code is not ours.
add_library(crm_warnings INTERFACE)
target_compile_options(crm_warnings INTERFACE -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror)

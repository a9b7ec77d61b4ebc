# crm_embed(<target> <variable> <file> …): compiles files into a library, byte for byte. The code
# finds them, in the order given, by
#
#   #include "<folder>/embedded_<variable>.h"
#   std::span<const crm::EmbeddedFile> files = crm::embedded::<variable>();
#
# <variable> is snake_case and unique in a program; files are relative to the current folder. A
# changed file is embedded anew at the next build; for a new one, glob with CONFIGURE_DEPENDS.
#
# Run as a script (cmake -P) this file writes the source: -DOUT=… -DHEADER=… -DVARIABLE=… -DFILES=….

function(crm_embed target variable)
  cmake_path(GET CMAKE_CURRENT_FUNCTION_LIST_DIR PARENT_PATH root)
  file(RELATIVE_PATH folder ${root} ${CMAKE_CURRENT_SOURCE_DIR})
  set(include_dir ${CMAKE_BINARY_DIR}/embedded)
  set(stem ${include_dir}/${folder}/embedded_${variable})
  string(MAKE_C_IDENTIFIER "CRM_${folder}_embedded_${variable}_H_" guard)
  string(TOUPPER ${guard} guard)
  file(CONFIGURE OUTPUT ${stem}.h @ONLY CONTENT [[
#ifndef @guard@
#define @guard@

#include <span>

#include "common/base/embedded_file.h"

namespace crm::embedded {
std::span<const EmbeddedFile> @variable@();
}  // namespace crm::embedded

#endif  // @guard@
]])
  list(TRANSFORM ARGN REPLACE "^([^/].*)$" "${CMAKE_CURRENT_SOURCE_DIR}/\\1" OUTPUT_VARIABLE files)
  list(JOIN files "|" joined)
  add_custom_command(
    OUTPUT ${stem}.cc
    COMMAND ${CMAKE_COMMAND} -DOUT=${stem}.cc -DHEADER=${folder}/embedded_${variable}.h
            -DVARIABLE=${variable} "-DFILES=${joined}" -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    DEPENDS ${files} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    COMMENT "Embedding ${folder}: ${variable}"
    VERBATIM)
  target_sources(${target} PRIVATE ${stem}.cc)
  target_include_directories(${target} PUBLIC ${include_dir})
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  string(REPLACE "|" ";" FILES "${FILES}")
  list(LENGTH FILES count)
  set(contents "")
  set(entries "")
  set(index 0)
  foreach(file ${FILES})
    cmake_path(GET file FILENAME name)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${hex}")
    string(APPEND contents "constexpr char kContent${index}[] = \"${escaped}\";\n")
    string(APPEND entries "    {\"${name}\", {kContent${index}, sizeof(kContent${index}) - 1}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  file(WRITE ${OUT} "#include \"${HEADER}\"

#include <array>

namespace crm::embedded {
namespace {

${contents}
constexpr std::array<EmbeddedFile, ${count}> kFiles = {{
${entries}}};

}  // namespace

std::span<const EmbeddedFile> ${VARIABLE}() { return kFiles; }

}  // namespace crm::embedded
")
endif()

include(CrmEmbed)

# crm_module(<name> [DEPS …]): the library of the current folder. Sources are its *.cc, except
#   main.cc and *_test.cc. The tests make one binary, <name>_test, linked with TEST_DEPS too.
# crm_binary(<name> DEPS …): a program from the current folder's main.cc.
function(crm_module name)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  if(sources)
    add_library(crm_${name} STATIC ${sources})
    target_link_libraries(crm_${name} PUBLIC ${ARG_DEPS} PRIVATE crm_warnings)
    target_include_directories(crm_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  else()
    add_library(crm_${name} INTERFACE)
    target_link_libraries(crm_${name} INTERFACE ${ARG_DEPS})
    target_include_directories(crm_${name} INTERFACE ${CMAKE_SOURCE_DIR})
  endif()
  add_library(crm::${name} ALIAS crm_${name})
  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE crm_${name} crm_warnings ${ARG_TEST_DEPS} GTest::gmock
                                               GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE CRM_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                                    CRM_BINARY_DIR="${CMAKE_BINARY_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()

function(crm_binary name)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} main.cc)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} crm_warnings)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

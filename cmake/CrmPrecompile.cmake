# Outside headers that nearly every file reads, compiled once: one set for libraries and programs,
# one for tests, one for tests that are optimized. CRM_PRECOMPILE=OFF builds without, to see that each file includes what it uses.
# Headers of our own stay out: a change to one must not rebuild everything.
option(CRM_PRECOMPILE "Precompile the headers of outside libraries" ON)

# CMake writes a header that includes them all; angle brackets keep paths out of it.
set(CRM_LIBRARY_HEADERS
  <algorithm> <atomic> <functional> <map> <memory> <mutex> <optional> <set> <string> <string_view>
  <thread> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/status/status.h> <absl/status/statusor.h>
  <absl/strings/match.h> <absl/strings/str_cat.h> <absl/strings/str_join.h>
  <absl/synchronization/mutex.h> <absl/time/clock.h> <absl/time/time.h> <absl/types/span.h>
  <google/protobuf/descriptor.h> <google/protobuf/map_field.h> <google/protobuf/message.h>
  <google/protobuf/timestamp.pb.h>)
set(CRM_TEST_HEADERS ${CRM_LIBRARY_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)

function(crm_precompiled_set name headers)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/precompiled/${name}.cc)
  target_link_libraries(${name} PRIVATE absl::flat_hash_map absl::statusor absl::synchronization
                                        absl::time protobuf::libprotobuf ${ARGN})
  target_precompile_headers(${name} PRIVATE ${headers})
endfunction()
if(CRM_PRECOMPILE)
  crm_precompiled_set(crm_precompiled_library "${CRM_LIBRARY_HEADERS}")
  crm_precompiled_set(crm_precompiled_test "${CRM_TEST_HEADERS}" GTest::gmock)
  target_compile_options(crm_precompiled_test PRIVATE ${CRM_TEST_OPTIONS})
  crm_precompiled_set(crm_precompiled_optimized_test "${CRM_TEST_HEADERS}" GTest::gmock)
  target_compile_options(crm_precompiled_optimized_test PRIVATE ${CRM_OPTIMIZED_TEST_OPTIONS})
endif()

# crm_precompile(<target> <set>): one of the sets above, which has the options of the target.
function(crm_precompile target set)
  if(CRM_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM ${set})
  endif()
endfunction()

// What every service's `Create` is made of (ServiceFactory): builds its composition on a runtime
// that has not started yet.
//
//   class Composition : public runtime::Service {
//    public:
//     explicit Composition(runtime::ServiceRuntime& runtime);
//     absl::Status Open();   // reads what is needed, registers every RPC and job
//   };
//   return runtime::Compose<Composition>(runtime);
#ifndef CRM_COMMON_RUNTIME_COMPOSITION_H_
#define CRM_COMMON_RUNTIME_COMPOSITION_H_

#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status_macros.h"
#include "common/numbering/number_pattern.h"
#include "common/runtime/service_runtime.h"

namespace crm::runtime {

template <typename Composition>
absl::StatusOr<std::unique_ptr<Service>> Compose(ServiceRuntime& runtime) {
  auto composition = std::make_unique<Composition>(runtime);
  CRM_RETURN_IF_ERROR(composition->Open());
  return composition;
}

// Of a constant of the program: one that is no pattern ends it at its start.
inline numbering::NumberPattern PatternOf(std::string_view constant) {
  return *numbering::NumberPattern::Parse(constant);
}

}  // namespace crm::runtime

#endif  // CRM_COMMON_RUNTIME_COMPOSITION_H_

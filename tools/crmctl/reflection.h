// What a server says about itself: its services and the messages of their methods, of which this
// program need not know anything.
//
//   Reflection reflection(channel);
//   CRM_ASSIGN_OR_RETURN(const auto* method, reflection.Method("…CustomerService/GetCustomer"));
//   std::unique_ptr<Message> request = reflection.NewMessage(*method->input_type());
//
// Errors: those of the channel; UNIMPLEMENTED if the server has reflection switched off; NOT_FOUND,
// reason kMethodUnknown. Descriptors and messages live as long as the Reflection. Not thread-safe.
#ifndef CRM_TOOLS_CRMCTL_REFLECTION_H_
#define CRM_TOOLS_CRMCTL_REFLECTION_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/client/channel.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/dynamic_message.h"

namespace crm::cli {

inline constexpr char kMethodUnknown[] = "METHOD_UNKNOWN";

class Reflection {
 public:
  // `channel` outlives the reflection.
  Reflection(client::Channel& channel, client::CallOptions options);

  // Sorted.
  absl::StatusOr<std::vector<std::string>> Services();
  absl::StatusOr<const google::protobuf::ServiceDescriptor*> Service(const std::string& name);
  // `package.Service/Method` or `package.Service.Method`; the package may be left out if only one
  // service has the name.
  absl::StatusOr<const google::protobuf::MethodDescriptor*> Method(std::string_view name);
  // Learns the types of all services that the server can describe: an Any may hold them.
  absl::Status LoadAll();

  std::unique_ptr<google::protobuf::Message> NewMessage(const google::protobuf::Descriptor& type);

 private:
  absl::Status Load(const std::string& symbol);
  absl::StatusOr<std::string> FullServiceName(const std::string& name);

  client::Channel& channel_;
  const client::CallOptions options_;
  google::protobuf::SimpleDescriptorDatabase files_;
  google::protobuf::DescriptorPool pool_{&files_};
  google::protobuf::DynamicMessageFactory factory_{&pool_};
};

}  // namespace crm::cli

#endif  // CRM_TOOLS_CRMCTL_REFLECTION_H_

#include "common/server/reflection_service.h"

#include <memory>
#include <set>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace crm::server {
namespace {

namespace pb = google::protobuf;
namespace v1 = grpc::reflection::v1;
namespace v1alpha = grpc::reflection::v1alpha;

using Services = std::shared_ptr<const std::vector<std::string>>;

// A file after those it imports, each once.
void AddFile(const pb::FileDescriptor& file, std::set<const pb::FileDescriptor*>& added,
             pb::RepeatedPtrField<std::string>& out) {
  if (!added.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, out);
  pb::FileDescriptorProto proto;
  file.CopyTo(&proto);
  proto.SerializeToString(out.Add());
}

// Both versions are the same but for their package.
template <typename Request, typename Response>
class Answerer {
 public:
  explicit Answerer(const Services& services) : services_(services) {}

  Response Answer(const Request& request) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    const pb::DescriptorPool& pool = *pb::DescriptorPool::generated_pool();
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        AnswerFile(pool.FindFileByName(request.file_by_filename()), response);
        break;
      case Request::kFileContainingSymbol:
        AnswerFile(pool.FindFileContainingSymbol(request.file_containing_symbol()), response);
        break;
      case Request::kFileContainingExtension:
        AnswerExtension(pool, request, response);
        break;
      case Request::kAllExtensionNumbersOfType:
        AnswerNumbers(pool, request.all_extension_numbers_of_type(), response);
        break;
      case Request::kListServices:
        for (const std::string& name : *services_) {
          response.mutable_list_services_response()->add_service()->set_name(name);
        }
        break;
      case Request::MESSAGE_REQUEST_NOT_SET:
        Fail(absl::StatusCode::kInvalidArgument, "say what is wanted", response);
        break;
    }
    return response;
  }

 private:
  static void Fail(absl::StatusCode code, const char* message, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<int>(code));
    response.mutable_error_response()->set_error_message(message);
  }

  static void AnswerFile(const pb::FileDescriptor* file, Response& response) {
    if (file == nullptr) return Fail(absl::StatusCode::kNotFound, "not known", response);
    std::set<const pb::FileDescriptor*> added;
    AddFile(*file, added,
            *response.mutable_file_descriptor_response()->mutable_file_descriptor_proto());
  }

  static void AnswerExtension(const pb::DescriptorPool& pool, const Request& request,
                              Response& response) {
    const auto& wanted = request.file_containing_extension();
    const pb::Descriptor* type = pool.FindMessageTypeByName(wanted.containing_type());
    const pb::FieldDescriptor* extension =
        type == nullptr ? nullptr : pool.FindExtensionByNumber(type, wanted.extension_number());
    AnswerFile(extension == nullptr ? nullptr : extension->file(), response);
  }

  static void AnswerNumbers(const pb::DescriptorPool& pool, const std::string& name,
                            Response& response) {
    const pb::Descriptor* type = pool.FindMessageTypeByName(name);
    if (type == nullptr) return Fail(absl::StatusCode::kNotFound, "not known", response);
    auto& answer = *response.mutable_all_extension_numbers_response();
    answer.set_base_type_name(name);
    std::vector<const pb::FieldDescriptor*> extensions;
    pool.FindAllExtensions(type, &extensions);
    for (const auto* extension : extensions) answer.add_extension_number(extension->number());
  }

  const Services& services_;
};

template <typename Request, typename Response>
MethodTable Table(const Services& services) {
  MethodTable table(Request::descriptor()->file()->FindServiceByName("ServerReflection"), "public");
  table.BidiStream<Request, Response>(
      "ServerReflectionInfo",
      [services](CallContext&, StreamReader<Request>& reader, StreamWriter<Response>& writer) {
        const Answerer<Request, Response> answerer(services);
        Request request;
        while (reader.Read(request) && writer.Write(answerer.Answer(request))) {
        }
        return absl::OkStatus();
      });
  return table;
}

}  // namespace

std::vector<MethodTable> ReflectionTables(std::vector<std::string> services) {
  for (const auto* descriptor : {v1::ServerReflectionRequest::descriptor(),
                                 v1alpha::ServerReflectionRequest::descriptor()}) {
    services.push_back(descriptor->file()->FindServiceByName("ServerReflection")->full_name());
  }
  const auto shared = std::make_shared<const std::vector<std::string>>(std::move(services));
  std::vector<MethodTable> tables;
  tables.push_back(Table<v1::ServerReflectionRequest, v1::ServerReflectionResponse>(shared));
  tables.push_back(
      Table<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse>(shared));
  return tables;
}

}  // namespace crm::server

// Runs a service in the test process: real gRPC over loopback, a database of its own, tokens of a
// local issuer, and a clock that the test moves.
//
//   ServiceHarness harness(customer::Info(), customer::CustomerService::Create);
//   auto created = harness.Call<CreateCustomerRequest, Customer>(
//       harness.TokenOf("u1", {"data_steward"}), "crm.customer.v1.CustomerService/CreateCustomer",
//       request);
//   Replica& second = harness.StartReplica();   // another process' worth on the same database
#ifndef CRM_COMMON_TESTING_SERVICE_HARNESS_H_
#define CRM_COMMON_TESTING_SERVICE_HARNESS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/auth/local_issuer.h"
#include "common/base/clock.h"
#include "common/client/channel.h"
#include "common/runtime/service_runtime.h"
#include "common/testdb/test_database.h"

namespace crm::testing {

// One running replica and a channel to it.
class Replica {
 public:
  Replica(const runtime::ServiceInfo& info, const runtime::ServiceFactory& factory,
          const config::ServiceOptions& options, const Clock& clock);
  ~Replica();

  runtime::ServiceRuntime& runtime() { return *runtime_; }
  runtime::Service& service() { return *service_; }
  client::Channel& channel() { return *channel_; }
  int port() const { return runtime_->port(); }
  // SIGTERM's effect.
  void Stop() { runtime_->Stop(); }

 private:
  std::unique_ptr<runtime::ServiceRuntime> runtime_;
  std::unique_ptr<runtime::Service> service_;
  std::unique_ptr<client::Channel> channel_;
};

// What does not work ends the test binary with a message.
class ServiceHarness {
 public:
  // `adjust` changes the settings before the first replica starts.
  ServiceHarness(runtime::ServiceInfo info, runtime::ServiceFactory factory,
                 const std::function<void(config::ServiceOptions&)>& adjust = {});
  ~ServiceHarness();

  FakeClock& clock() { return clock_; }
  TestDatabase& database() { return *database_; }
  // For a replica that starts with settings of its own.
  config::ServiceOptions options() const { return options_; }

  // The replica that the harness started.
  Replica& replica() { return *replicas_.front(); }
  Replica& StartReplica();
  Replica& StartReplica(const config::ServiceOptions& options);

  // A token that is good for eight hours of the harness' clock.
  std::string TokenOf(std::string_view user, std::vector<std::string> roles,
                      std::string_view team = "") const;

  // The same for a program: another service, the ERP, a gateway.
  std::string TokenOfService(std::string_view name,
                             std::vector<std::string> roles = {"service_account"}) const;

  // `method`: "crm.customer.v1.CustomerService/GetCustomer".
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(const std::string& token, std::string_view method,
                                const Request& request, client::CallOptions options = {}) {
    return CallOn<Request, Response>(replica(), token, method, request, std::move(options));
  }
  template <typename Request, typename Response>
  static absl::StatusOr<Response> CallOn(Replica& replica, const std::string& token,
                                         std::string_view method, const Request& request,
                                         client::CallOptions options = {}) {
    options.token = token;
    return replica.channel().Call<Request, Response>("/" + std::string(method), request, options);
  }

 private:
  const runtime::ServiceInfo info_;
  const runtime::ServiceFactory factory_;
  FakeClock clock_;
  std::string directory_;  // keys and tokens
  std::unique_ptr<auth::LocalIssuer> issuer_;
  std::unique_ptr<TestDatabase> database_;
  config::ServiceOptions options_;
  std::vector<std::unique_ptr<Replica>> replicas_;
};

}  // namespace crm::testing

#endif  // CRM_COMMON_TESTING_SERVICE_HARNESS_H_

// The pipelines in force (SAL-2): small configuration, in memory on every replica.
#ifndef CRM_SERVICES_SALES_PIPELINES_H_
#define CRM_SERVICES_SALES_PIPELINES_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/record/followed.h"
#include "common/record/table.h"
#include "common/server/call_context.h"
#include "crm/sales/v1/pipeline.pb.h"

namespace crm::sales {

using StoredPipeline = record::Stored<v1::Pipeline>;

inline constexpr char kDefaultPipeline[] = "default";

class Pipelines {
 public:
  // Has the default pipeline.
  Pipelines();

  void Put(StoredPipeline pipeline);

  // Null if there is none.
  const StoredPipeline* Find(std::string_view code) const;
  // The pipeline that names the team, else the default one.
  const v1::Pipeline& ForTeam(std::string_view team) const;
  // By code.
  const std::map<std::string, StoredPipeline, std::less<>>& all() const { return pipelines_; }

 private:
  std::map<std::string, StoredPipeline, std::less<>> pipelines_;
};

// Thread-safe.
struct PipelineStore {
  PipelineStore(crypto::Keyring& keyring, IdGenerator& ids);

  absl::StatusOr<Pipelines> Load(db::Connection& db) const;

  // In force on this replica; empty before the first Follow.
  std::shared_ptr<const Pipelines> Get() const { return pipelines.Current().value; }

  // Writes `after` over `before`, one of `all`, with the call's commit; nothing if nothing differs.
  // Gives it as it is then.
  v1::Pipeline Save(server::CallContext& call, const record::Followed<Pipelines>::Snapshot& all,
                    const StoredPipeline& before, v1::Pipeline after);

  const record::Table table;
  record::Followed<Pipelines> pipelines;
};

}  // namespace crm::sales

#endif  // CRM_SERVICES_SALES_PIPELINES_H_

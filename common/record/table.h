// The rows of a resource: each change writes the row, its history and its event.
//
//   const record::Table users(StaffUser::descriptor(), keyring, ids, "staff");
//   user.key = users.Change(call.writes(), before.key, before.message, user.message,
//   SourceOf(call));
#ifndef CRM_COMMON_RECORD_TABLE_H_
#define CRM_COMMON_RECORD_TABLE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/crypto/keyring.h"
#include "common/db/connection.h"
#include "common/db/write_set.h"
#include "common/record/history_page.h"
#include "common/resource/history.h"
#include "common/resource/resource_table.h"
#include "common/schema/validate.h"
#include "common/server/call_context.h"
#include "google/protobuf/message.h"

namespace crm::record {

template <typename Message>
struct Stored {
  resource::RowKey key;
  Message message;
};

// Thread-safe.
class Table {
 public:
  // `noun`: of the events, `<noun>.created` and so on.
  Table(const google::protobuf::Descriptor* descriptor, crypto::Keyring& keyring, IdGenerator& ids,
        std::string noun);

  const resource::ResourceTable& table() const { return table_; }

  // Fills author, times and etag of `message` and adds it. `version` is 1 but for resources whose
  // first version the program brings along.
  resource::RowKey Create(db::WriteSet& writes, google::protobuf::Message& message,
                          const resource::ChangeSource& source, int64_t version = 1) const;
  // Writes what differs and fills last editor, time and etag of `after`; nothing if nothing does.
  resource::RowKey Change(db::WriteSet& writes, resource::RowKey key,
                          const google::protobuf::Message& before, google::protobuf::Message& after,
                          const resource::ChangeSource& source) const;
  void Delete(db::WriteSet& writes, resource::RowKey key, const google::protobuf::Message& before,
              const resource::ChangeSource& source) const;
  // The history of a change that another row than `key` began with: of a resource's first version.
  void AddHistory(db::WriteSet& writes, resource::RowKey key,
                  const google::protobuf::Message& before, const google::protobuf::Message& after,
                  const resource::ChangeSource& source) const;

  template <typename Message>
  absl::StatusOr<std::vector<Stored<Message>>> LoadAll(db::Connection& db) const {
    CRM_ASSIGN_OR_RETURN(db::Rows rows, db.Select({"record_load", select_all_}, {}));
    std::vector<Stored<Message>> all(rows.size());
    for (Stored<Message>& stored : all) {
      rows.Next();
      CRM_RETURN_IF_ERROR(table_.Read(rows, stored.key, stored.message));
    }
    return all;
  }

  // Newest first. The creation is told from the message itself; without a creator it is left out.
  absl::StatusOr<HistoryPage> ReadHistory(db::Connection& db, int64_t id,
                                          const google::protobuf::Message& message,
                                          int32_t page_size, const std::string& page_token) const;

 private:
  void AddEvent(db::WriteSet& writes, std::string_view verb, resource::RowKey key,
                const google::protobuf::Message& message, const resource::ChangeSource& source,
                const crm::types::v1::ChangeList& changes) const;
  std::string TextOf(const google::protobuf::Message& message, std::string_view field) const;
  void Stamp(google::protobuf::Message& message, resource::RowKey key,
             std::string_view author_field, std::string_view time_field,
             const resource::ChangeSource& source) const;
  std::optional<absl::Time> TimeOf(const google::protobuf::Message& message,
                                   std::string_view field) const;

  resource::ResourceTable table_;
  IdGenerator& ids_;
  std::string noun_;
  std::string type_;
  std::string select_all_;
};

// Who makes a change over the API.
resource::ChangeSource SourceOf(const server::CallContext& call);

// Violations of the resource in the field `resource` of a request.
absl::Status RefuseIn(std::string_view resource, std::vector<schema::Violation> violations,
                      schema::Language language);

// The text in the language of the call.
inline const std::string& InLanguage(schema::Language language, const std::string& zh,
                                     const std::string& en) {
  return language == schema::Language::kChinese ? zh : en;
}

}  // namespace crm::record

#endif  // CRM_COMMON_RECORD_TABLE_H_

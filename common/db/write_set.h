// A change as data. A handler reads, decides, and fills a WriteSet; the GroupCommitter puts the
// write sets that are waiting into one transaction: inserts merged to multi-row statements, one
// flush. Either all of a write set is durable or nothing of it.
#ifndef CRM_COMMON_DB_WRITE_SET_H_
#define CRM_COMMON_DB_WRITE_SET_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/db/query.h"
#include "common/db/value.h"

namespace crm::db {

// A table to insert into. Made once (usually static or from a schema); identity by address.
struct InsertSpec {
  std::string_view table;
  std::vector<std::string> columns;
  // Appended to the statement, such as "ON DUPLICATE KEY UPDATE n = VALUES(n)"; empty: a duplicate
  // fails the write set with ALREADY_EXISTS and ErrorInfo.metadata["table"].
  std::string on_duplicate;
};

enum class Expect {
  kAny,
  kSomeRow,  // no matched row = the row moved on: ABORTED WRITE_CONFLICT
};

class WriteSet {
 public:
  struct Insertion {
    const InsertSpec* spec;
    Values row;
  };
  struct Statement {
    std::string_view name;
    std::string sql;
    Values params;
    Expect expect;
  };

  void Insert(const InsertSpec& spec, Values row) { inserts_.push_back({&spec, std::move(row)}); }
  void Execute(const Query& query, Values params, Expect expect = Expect::kAny) {
    statements_.push_back({query.name, std::string(query.sql), std::move(params), expect});
  }
  // A serialised crm.event.v1.Event without position; the committer's outbox hook stores it.
  void AddEvent(std::string event) { events_.push_back(std::move(event)); }

  bool empty() const { return inserts_.empty() && statements_.empty() && events_.empty(); }
  const std::vector<Insertion>& inserts() const { return inserts_; }
  const std::vector<Statement>& statements() const { return statements_; }
  const std::vector<std::string>& events() const { return events_; }

 private:
  std::vector<Insertion> inserts_;
  std::vector<Statement> statements_;
  std::vector<std::string> events_;
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_WRITE_SET_H_

// Prepared statements and their results, as the driver has them.
#ifndef CRM_COMMON_DB_MYSQL_ROWS_H_
#define CRM_COMMON_DB_MYSQL_ROWS_H_

#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>

#include <memory>
#include <string>
#include <utility>

#include "common/db/connection.h"

namespace crm::db {

struct PreparedEntry {
  std::string sql;
  std::unique_ptr<sql::PreparedStatement> statement;
  size_t param_count = 0;
  // A result is being read: running the statement again would take it away.
  bool busy = false;
};

class Rows::Impl {
 public:
  Impl(std::shared_ptr<PreparedEntry> entry, std::unique_ptr<sql::ResultSet> result)
      : entry_(std::move(entry)), result_(std::move(result)) {
    entry_->busy = true;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    result_.reset();
    entry_->busy = false;
  }

  sql::ResultSet& result() { return *result_; }

 private:
  std::shared_ptr<PreparedEntry> entry_;
  std::unique_ptr<sql::ResultSet> result_;
};

}  // namespace crm::db

#endif  // CRM_COMMON_DB_MYSQL_ROWS_H_

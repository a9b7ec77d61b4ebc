// For tests of background jobs: an archive beside the one of the service, on the same database.
#ifndef CRM_SERVICES_CUSTOMER_ARCHIVE_TEST_FIXTURE_H_
#define CRM_SERVICES_CUSTOMER_ARCHIVE_TEST_FIXTURE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "services/customer/archive.h"
#include "services/customer/people_test_fixture.h"

namespace crm::customer {

class ArchiveTest : public PeopleTest {
 protected:
  // The service has jobs of its own that look at everybody at its start: they are done.
  ArchiveTest() {
    const char* const done = "lease WHERE name IN ('ages', 'completeness') AND value <> 0";
    EXPECT_TRUE(Eventually([&] { return Count(done) == 2; }));
  }

  runtime::ServiceRuntime& runtime() { return harness_.replica().runtime(); }

  int64_t Count(const std::string& condition) {
    return harness_.database().Int(absl::StrCat("SELECT COUNT(*) FROM ", condition));
  }
  // Of the row of a customer.
  int64_t Cell(const v1::Customer& customer, const std::string& column) {
    return harness_.database().Int(
        absl::StrCat("SELECT ", column, " FROM customer WHERE number = '", customer.number(), "'"));
  }

  numbering::CurrentNumbers numbers_{
      {.name = "customer",
       .pattern = *numbering::NumberPattern::Parse("CRM{yyyy}{seq:6}"),
       .zone = runtime().zone()},
      runtime().pool()};
  Archive archive_{runtime().clock(), runtime().ids(), runtime().keyring(), numbers_,
                   runtime().zone()};
};

}  // namespace crm::customer

#endif  // CRM_SERVICES_CUSTOMER_ARCHIVE_TEST_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/db/pool.h"
#include "common/db/query.h"
#include "common/error/error.h"

namespace crm::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Address, ReadsAllParts) {
  const auto address = Address::Parse(
      "mysql://crm%40x:p%3A%2F%40ss@db.internal:3307/crm_customer?socket=/run/db.sock&ssl_ca=/"
      "ca.pem");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->user, "crm@x");
  EXPECT_EQ(address->password, "p:/@ss");
  EXPECT_EQ(address->host, "db.internal");
  EXPECT_EQ(address->port, 3307);
  EXPECT_EQ(address->database, "crm_customer");
  EXPECT_EQ(address->socket, "/run/db.sock");
  EXPECT_EQ(address->ssl_ca, "/ca.pem");
}

TEST(Address, HasDefaults) {
  const auto address = Address::Parse("mysql://crm@");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, 3306);
  EXPECT_EQ(address->password, "");
  EXPECT_EQ(address->database, "");
}

TEST(Address, ReadsIpV6) {
  const auto address = Address::Parse("mysql://crm:p@[::1]:3310/d");
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->port, 3310);
  EXPECT_EQ(address->WithoutPassword(), "mysql://crm@[::1]:3310/d");
}

// PLT-25: bad configuration is refused, and the password is not in the message.
TEST(Address, RefusesNonsense) {
  for (const char* bad :
       {"", "crm", "postgres://crm:geheim@h/d", "mysql://", "mysql://host/db",
        "mysql://:geheim@h/d", "mysql://crm:geheim@h:x/d", "mysql://crm:geheim@h:0/d",
        "mysql://crm:geheim@h:70000/d", "mysql://crm:geheim%@h/d", "mysql://crm:geheim%2@h/d",
        "mysql://crm:geheim%zz@h/d", "mysql://crm:geheim@h/d?tls=off"}) {
    const auto address = Address::Parse(bad);
    ASSERT_FALSE(address.ok()) << bad;
    EXPECT_EQ(ErrorReason(address.status()), "DB_ADDRESS_INVALID");
    EXPECT_THAT(address.status().ToString(), Not(HasSubstr("geheim")));
  }
}

TEST(Address, IsShownWithoutPassword) {
  const auto address = Address::Parse("mysql://crm:geheim@h:1/d?ssl_ca=/a%20b.pem");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->WithoutPassword(), "mysql://crm@h:1/d?ssl_ca=/a%20b.pem");
}

TEST(PaddedInSize, IsAPowerOfTwoUpToTheBound) {
  EXPECT_EQ(PaddedInSize(0), 1U);
  EXPECT_EQ(PaddedInSize(1), 1U);
  EXPECT_EQ(PaddedInSize(3), 4U);
  EXPECT_EQ(PaddedInSize(64), 64U);
  EXPECT_EQ(PaddedInSize(65), 128U);
  EXPECT_EQ(PaddedInSize(512), 512U);
  EXPECT_EQ(PaddedInSize(9999), 512U);
}

}  // namespace
}  // namespace crm::db

// The report of protos/crm/testing/v1/report.proto for the tests of this folder.
#ifndef CRM_COMMON_REPORT_EXPORT_STOCK_TEST_DATA_H_
#define CRM_COMMON_REPORT_EXPORT_STOCK_TEST_DATA_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "common/tabular/table.h"
#include "crm/testing/v1/report.pb.h"

namespace crm::report_export {

using crm::testing::v1::GetStockReportResponse;
using Table = std::vector<std::vector<std::string>>;

inline GetStockReportResponse Stock() {
  GetStockReportResponse answer;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"pb(
        total {
          pieces: 12
          value: "180000.50"
          lots { lot: "L0" pieces: 7 }
        }
        lines {
          name: "=1+1"
          value: "-1280.50"
          sold: 0.125
          shape: SHAPE_ROUND
          keeper: "li"
          phone: "13800138000"
          count_time { seconds: 1774000800 }
          age { seconds: 90 nanos: 500000000 }
          tags: "新"
          tags: "a,\"b\""
          size { width: 40 mean_days: 2.5 }
          lots { lot: "L1" pieces: 3 }
          lots { lot: "@L2" }
          first_day: "2026-03-01"
          group: "SHAPE_SQUARE"
          picture: "\377"
          parts { name: "inside" }
        }
        lines { name: "+8613800138000" sold_out: true group: "NO_SUCH_VALUE" }
        next_page_token: "t"
      )pb",
      &answer));
  return answer;
}

// What tabular::OpenTable reads in a file of these bytes.
inline Table ReadBack(const std::string& bytes, const std::string& sheet = "") {
  const std::string path = ::testing::TempDir() + "/report-export-test";
  std::ofstream(path, std::ios::binary) << bytes;
  tabular::ReadOptions options;
  options.sheet = sheet;
  auto reader = tabular::OpenTable(path, options);
  EXPECT_TRUE(reader.ok()) << reader.status();
  Table rows;
  tabular::Row row;
  while (reader.ok()) {
    const absl::StatusOr<bool> more = (*reader)->Next(row);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok() || !*more) break;
    rows.push_back(row.Copy());
  }
  std::remove(path.c_str());
  return rows;
}

}  // namespace crm::report_export

#endif  // CRM_COMMON_REPORT_EXPORT_STOCK_TEST_DATA_H_

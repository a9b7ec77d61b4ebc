// What a run of the benchmarks is told.
#ifndef CRM_BENCH_SETTINGS_H_
#define CRM_BENCH_SETTINGS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/db/pool.h"

namespace crm::bench {

struct Settings {
  std::string only;                        // prefix of the names to run; empty = all
  int64_t rows = 1'000'000;                // customers in the archive
  int rounds = 3;                          // figures are medians of these
  absl::Duration time = absl::Seconds(3);  // of one load
  int connections = 2;                     // of the load generator
  bool growth = true;                      // measure at a tenth of the rows, too

  std::string directory;  // keeps the archives, keys, logs and results
  std::string programs;   // folder of crm-customer, crm-examples and this program
  std::string roles;      // roles file of the service
  db::Address database;   // an administrator's, no database chosen
  int database_pid = 0;   // 0 = unknown: its processor time is not told
};

inline constexpr char kYardstickDatabase[] = "crm_bench_yardstick";

}  // namespace crm::bench

#endif  // CRM_BENCH_SETTINGS_H_

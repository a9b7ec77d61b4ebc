// Programs run beside the benchmarks, and what they use.
#ifndef CRM_BENCH_PROCESS_H_
#define CRM_BENCH_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace crm::bench {

// A program that is stopped (SIGTERM, then waited for) with this object. Not thread-safe.
class Process {
 public:
  // `arguments` begin with the program. Standard output and error go to the end of `log_path`.
  static absl::StatusOr<std::unique_ptr<Process>> Start(
      const std::vector<std::string>& arguments, const std::string& log_path,
      const std::vector<std::string>& more_environment = {});
  ~Process();

  pid_t pid() const { return pid_; }
  // False once it has ended by itself.
  bool Running();
  // Forgets the highest memory use so far.
  void ResetPeakMemory() const;
  // Highest resident memory since then, in MiB; 0 if the system does not tell.
  double PeakMemoryMb() const;

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_;
  bool ended_ = false;
};

// Processor time that a process has used; zero if there is none.
absl::Duration ProcessorTimeOf(pid_t pid);

// Runs a program to its end and gives its standard output. UNKNOWN naming the program if it fails;
// its standard error goes to ours.
absl::StatusOr<std::string> Output(const std::vector<std::string>& arguments);

// A port of the loopback interface that nobody uses at the moment.
int FreePort();

}  // namespace crm::bench

#endif  // CRM_BENCH_PROCESS_H_

#include "bench/load.h"

#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status_macros.h"

namespace crm::bench {
namespace {

using google::protobuf::Message;

absl::Duration DurationOf(const timeval& time) {
  return absl::Seconds(time.tv_sec) + absl::Microseconds(time.tv_usec);
}

// The outcome of the calls of one connection: all are told on its thread.
class Outcomes {
 public:
  static bool IsFailure(const absl::Status& status) {
    return !status.ok() && !absl::IsResourceExhausted(status) && !absl::IsDeadlineExceeded(status);
  }

  void Add(const absl::Status& status, absl::Duration took) {
    switch (status.code()) {
      case absl::StatusCode::kOk:
        return result_.answered.Add(took);
      case absl::StatusCode::kResourceExhausted:
        return result_.refused.Add(took);
      case absl::StatusCode::kDeadlineExceeded:
        ++result_.late;
        return;
      default:
        if (result_.failed++ == 0) result_.first_failure = status;
    }
  }
  void MergeInto(LoadResult& total) const {
    total.answered.Merge(result_.answered);
    total.refused.Merge(result_.refused);
    total.late += result_.late;
    total.failed += result_.failed;
    total.first_failure.Update(result_.first_failure);
  }

 private:
  LoadResult result_;
};

// Lets one thread wait for calls that end on others.
class OpenCalls {
 public:
  explicit OpenCalls(int open) : open_(open) {}
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void End() {
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) none_.notify_all();
  }
  void AwaitNone() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [this] { return open_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int open_;
};

// One call at a time, again and again, on one connection.
class Caller {
 public:
  using Done = std::function<void(const absl::Status&)>;
  // Sends a request.
  using Send = std::function<void(const Message& request, Done)>;

  Caller(Send send, const CallKind& kind)
      : send_(std::move(send)), kind_(kind), request_(kind.request->New()) {}

  // `done` runs on the connection's thread.
  void Start(
      std::function<void(const absl::Status&, absl::Time started, absl::Duration took)> done) {
    done_ = std::move(done);
    Again();
  }
  void Again() {
    kind_.fill(random_, *request_);
    started_ = absl::Now();
    send_(*request_,
          [this](const absl::Status& status) { done_(status, started_, absl::Now() - started_); });
  }

 private:
  const Send send_;
  const CallKind& kind_;
  absl::BitGen random_;
  std::unique_ptr<Message> request_;
  absl::Time started_;
  std::function<void(const absl::Status&, absl::Time, absl::Duration)> done_;
};

Caller::Send SendWith(client::Channel& channel, const CallKind& kind) {
  const std::shared_ptr<Message> response(kind.response->New());
  return [&channel, &kind, response](const Message& request, Caller::Done done) {
    channel.CallAnyAsync(kind.method, request, *response, {.timeout = kind.timeout},
                         std::move(done));
  };
}

Caller::Send SendWith(Http2Client& client, const CallKind& kind) {
  return [&client, &kind](const Message& request, Caller::Done done) {
    client.Call(kind.method, request, kind.timeout, std::move(done));
  };
}

std::unique_ptr<Caller> MakeCaller(const Clients& clients, size_t connection, bool alone,
                                   const CallKind& kind) {
  return std::make_unique<Caller>(
      alone ? SendWith(*clients.usual, kind) : SendWith(*clients.lean[connection], kind), kind);
}

double MicrosOfEach(absl::Duration total, size_t calls) {
  return calls == 0 ? 0 : absl::ToDoubleMicroseconds(total) / static_cast<double>(calls);
}

}  // namespace

absl::Duration OwnProcessorTime() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return DurationOf(usage.ru_utime) + DurationOf(usage.ru_stime);
}

absl::StatusOr<Clients> ConnectClients(const std::string& address, const std::string& token,
                                       int connections) {
  Clients clients;
  CRM_ASSIGN_OR_RETURN(
      clients.usual,
      client::Channel::Connect({.address = address, .token = token, .own_connection = true}));
  for (int i = 0; i < connections; ++i) {
    CRM_ASSIGN_OR_RETURN(auto client, Http2Client::Connect(address, token));
    clients.lean.push_back(std::move(client));
  }
  return clients;
}

LoadResult KeepOutstanding(const Clients& clients, int outstanding, absl::Duration time,
                           const CallKind& call) {
  const absl::Time begin = absl::Now() + time / 5;
  const absl::Time end = begin + time;
  const size_t connections = std::min(clients.lean.size(), static_cast<size_t>(outstanding));
  std::vector<Outcomes> outcomes(connections);
  std::vector<std::unique_ptr<Caller>> callers;
  OpenCalls open(outstanding);
  for (int i = 0; i < outstanding; ++i) {
    callers.push_back(
        MakeCaller(clients, static_cast<size_t>(i) % connections, outstanding == 1, call));
  }
  const absl::Duration used_before = OwnProcessorTime();
  for (size_t i = 0; i < callers.size(); ++i) {
    Caller* const caller = callers[i].get();
    Outcomes* const outcome = &outcomes[i % connections];
    caller->Start([caller, outcome, begin, end, &open](const absl::Status& status,
                                                       absl::Time started, absl::Duration took) {
      const bool failed = Outcomes::IsFailure(status);
      if (failed || (started >= begin && started + took < end)) outcome->Add(status, took);
      // A failure shows that the server or the connection is gone: the next call would fail, too.
      started + took < end && !failed ? caller->Again() : open.End();
    });
  }
  open.AwaitNone();
  LoadResult result;
  result.elapsed = time;
  for (const Outcomes& outcome : outcomes) outcome.MergeInto(result);
  result.client_micros =
      MicrosOfEach((OwnProcessorTime() - used_before) * kCountedShare, result.answered.count());
  return result;
}

LoadResult KeepRate(const Clients& clients, double per_second, int max_outstanding,
                    absl::Duration time, const CallKind& call) {
  std::vector<Outcomes> outcomes(clients.lean.size());
  // Callers that are free, by connection: taken here, given back by the connection's thread.
  struct Idle {
    std::mutex mutex;
    std::vector<Caller*> callers;
  };
  std::vector<Idle> idle(clients.lean.size());
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < max_outstanding; ++i) {
    const size_t connection = static_cast<size_t>(i) % clients.lean.size();
    callers.push_back(MakeCaller(clients, connection, false, call));
    idle[connection].callers.push_back(callers.back().get());
  }
  OpenCalls open(1);
  const absl::Time begin = absl::Now();
  int64_t started_calls = 0;
  size_t connection = 0;
  for (absl::Time now = begin; now < begin + time; now = absl::Now()) {
    const auto due = static_cast<int64_t>(absl::ToDoubleSeconds(now - begin) * per_second);
    // What is due together goes out together, on one connection.
    connection = (connection + 1) % clients.lean.size();
    for (; started_calls < due; ++started_calls) {
      Caller* caller = nullptr;
      {
        const std::lock_guard lock(idle[connection].mutex);
        if (idle[connection].callers.empty()) continue;
        caller = idle[connection].callers.back();
        idle[connection].callers.pop_back();
      }
      open.Begin();
      caller->Start([caller, connection, &outcomes, &idle, &open](const absl::Status& status,
                                                                  absl::Time, absl::Duration took) {
        outcomes[connection].Add(status, took);
        {
          const std::lock_guard lock(idle[connection].mutex);
          idle[connection].callers.push_back(caller);
        }
        open.End();
      });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  open.End();
  open.AwaitNone();
  LoadResult result;
  result.elapsed = time;
  for (const Outcomes& outcome : outcomes) outcome.MergeInto(result);
  return result;
}

}  // namespace crm::bench

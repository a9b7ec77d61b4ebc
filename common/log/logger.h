// Structured logs: one JSON object a line (PLT-27).
//
//   Logger logger({.service = "customer"});
//   logger.Write(Level::kInfo, "listening", {{"port", 8443}});
//   → {"time":"2026-11-05T02:00:00.123456Z","level":"info","service":"customer",
//      "message":"listening","port":8443}
//
// Lines are handed to a thread of their own through a bounded queue: a slow reader of standard
// output never holds up a call; when the queue is full the oldest lines are lost and counted.
// Invalid UTF-8 is replaced, long texts are cut. What must not be logged (personal data, tokens) is
// the writer's duty: see schema::RedactedDebugString.
//
// Thread-safe.
#ifndef CRM_COMMON_LOG_LOGGER_H_
#define CRM_COMMON_LOG_LOGGER_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace crm::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

// `debug`, `info`, `warning`, `error`, `off`; nothing for another word.
std::optional<Level> ParseLevel(std::string_view name);
std::string_view LevelName(Level level);

// One named value of a line.
struct Field {
  using Value = std::variant<std::string_view, int64_t, double>;

  Field(std::string_view key, std::string_view value) : key(key), value(value) {}
  Field(std::string_view key, const std::string& value)
      : key(key), value(std::string_view(value)) {}
  Field(std::string_view key, const char* value) : key(key), value(std::string_view(value)) {}
  Field(std::string_view key, std::integral auto value)
      : key(key), value(static_cast<int64_t>(value)) {}
  Field(std::string_view key, double value) : key(key), value(value) {}

  std::string_view key;
  Value value;
};

struct LoggerOptions {
  std::string service;
  Level level = Level::kInfo;
  std::ostream* out = nullptr;  // null = standard output
  size_t queue_lines = 8192;
  size_t max_text_bytes = 2048;  // of one field
};

class Logger {
 public:
  explicit Logger(LoggerOptions options);
  ~Logger();  // writes what is queued
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(Level level) const { return level >= this->level(); }
  Level level() const { return level_.load(std::memory_order_relaxed); }
  void SetLevel(Level level) { level_.store(level, std::memory_order_relaxed); }

  void Write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

  // Waits until everything written so far is out.
  void Flush();
  // Lines that were lost because the reader was too slow.
  size_t lost_lines() const;

 private:
  class Output;

  std::string Line(Level level, std::string_view message,
                   std::initializer_list<Field> fields) const;

  const LoggerOptions options_;
  std::atomic<Level> level_;
  const std::unique_ptr<Output> output_;
};

}  // namespace crm::log

#endif  // CRM_COMMON_LOG_LOGGER_H_

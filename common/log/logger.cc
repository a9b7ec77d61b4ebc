#include "common/log/logger.h"

#include <array>
#include <chrono>
#include <ostream>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "nlohmann/json.hpp"
#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/sinks/base_sink.h"

namespace crm::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error",
                                                         "off"};
// How long Flush waits for the writing thread.
constexpr absl::Duration kFlushTimeout = absl::Seconds(5);

// Writes lines to a stream and tells who waits how many flushes are done.
class LineSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit LineSink(std::ostream* out) : out_(out) {}

  void WaitForFlushes(int64_t count) {
    const auto reached = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(flush_mutex_) {
      return flushes_ >= count;
    };
    MutexLock lock(&flush_mutex_);
    flush_mutex_.AwaitWithTimeout(absl::Condition(&reached), kFlushTimeout);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override {
    if (out_ != nullptr) {
      out_->write(line.payload.data(), static_cast<std::streamsize>(line.payload.size())).put('\n');
      return;
    }
    std::fwrite(line.payload.data(), 1, line.payload.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
  }
  void flush_() override {
    if (out_ != nullptr) out_->flush();
    MutexLock lock(&flush_mutex_);
    ++flushes_;
  }

 private:
  std::ostream* const out_;
  Mutex flush_mutex_;
  int64_t flushes_ ABSL_GUARDED_BY(flush_mutex_) = 0;
};

// The longest prefix of at most `max_bytes` that does not end inside a character.
std::string_view Cut(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

std::string NowText() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
}

}  // namespace

std::optional<Level> ParseLevel(std::string_view name) {
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view LevelName(Level level) { return kLevelNames[static_cast<size_t>(level)]; }

class Logger::Output {
 public:
  Output(std::ostream* out, size_t queue_lines)
      : sink_(std::make_shared<LineSink>(out)),
        threads_(std::make_shared<spdlog::details::thread_pool>(queue_lines, 1)),
        logger_(std::make_shared<spdlog::async_logger>(
            "crm", sink_, threads_, spdlog::async_overflow_policy::overrun_oldest)) {
    logger_->set_level(spdlog::level::trace);
  }

  void Write(const std::string& line) {
    logger_->log(spdlog::level::info, spdlog::string_view_t(line));
  }

  void Flush() {
    MutexLock lock(&mutex_);
    logger_->flush();
    sink_->WaitForFlushes(++flushes_);
  }

  size_t lost_lines() const { return threads_->overrun_counter(); }

 private:
  const std::shared_ptr<LineSink> sink_;
  const std::shared_ptr<spdlog::details::thread_pool> threads_;
  const std::shared_ptr<spdlog::async_logger> logger_;
  Mutex mutex_;
  int64_t flushes_ ABSL_GUARDED_BY(mutex_) = 0;
};

Logger::Logger(LoggerOptions options)
    : options_(std::move(options)),
      level_(options_.level),
      output_(std::make_unique<Output>(options_.out, options_.queue_lines)) {}

Logger::~Logger() { Flush(); }

void Logger::Write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (Enabled(level)) output_->Write(Line(level, message, fields));
}

void Logger::Flush() { output_->Flush(); }

size_t Logger::lost_lines() const { return output_->lost_lines(); }

std::string Logger::Line(Level level, std::string_view message,
                         std::initializer_list<Field> fields) const {
  nlohmann::ordered_json line;
  line["time"] = NowText();
  line["level"] = LevelName(level);
  line["service"] = options_.service;
  line["message"] = Cut(message, options_.max_text_bytes);
  for (const Field& field : fields) {
    auto& value = line[std::string(field.key)];
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      value = Cut(*text, options_.max_text_bytes);
    } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
      value = *number;
    } else {
      value = std::get<double>(field.value);
    }
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace crm::log

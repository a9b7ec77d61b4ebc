#include "services/ticket/packed_counts.h"

#include "common/base/status_macros.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace crm::ticket {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

constexpr int kFigureBits = 4;
constexpr int kClassBits = 4;  // for each of the three
constexpr uint64_t kFigureMask = (1u << kFigureBits) - 1;
constexpr uint64_t kClassMask = (1u << kClassBits) - 1;

uint64_t NumberOf(const TicketClass& of) {
  return (static_cast<uint64_t>(of.type) << (2 * kClassBits)) |
         (static_cast<uint64_t>(of.priority) << kClassBits) | static_cast<uint64_t>(of.tier);
}

TicketClass ClassOf(uint64_t number) {
  return {static_cast<v1::TicketType>(number >> (2 * kClassBits)),
          static_cast<v1::TicketPriority>((number >> kClassBits) & kClassMask),
          static_cast<crm::customer::v1::Tier>(number & kClassMask)};
}

// Small numbers of either sign in few bytes.
uint64_t Folded(int64_t number) {
  return (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
}
int64_t Unfolded(uint64_t folded) {
  return static_cast<int64_t>(folded >> 1) ^ -static_cast<int64_t>(folded & 1);
}

bool ReadTally(CodedInputStream& in, Tally& tally) {
  uint64_t head = 0;
  uint64_t count = 0;
  uint64_t seconds = 0;
  if (!in.ReadVarint64(&head) || !in.ReadVarint64(&count) || !in.ReadVarint64(&seconds)) {
    return false;
  }
  tally.figure = static_cast<Figure>(head & kFigureMask);
  tally.value = static_cast<int64_t>(head >> kFigureBits);
  tally.count = Unfolded(count);
  tally.seconds = Unfolded(seconds);
  return true;
}

}  // namespace

absl::Status ReadPackedCounts(std::string_view bytes, absl::FunctionRef<void(const Tally&)> each) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  const absl::Status broken = absl::DataLossError("a row of sums cannot be read");
  uint64_t number = 0;
  uint64_t tallies = 0;
  Tally tally;
  while (static_cast<size_t>(in.CurrentPosition()) < bytes.size()) {
    if (!in.ReadVarint64(&number) || !in.ReadVarint64(&tallies)) return broken;
    tally.of = ClassOf(number);
    for (; tallies > 0; --tallies) {
      if (!ReadTally(in, tally)) return broken;
      each(tally);
    }
  }
  return absl::OkStatus();
}

void PackedCounts::Add(const Tally& tally) {
  Sum& sum = classes_[tally.of][{tally.figure, tally.value}];
  sum.count += tally.count;
  sum.seconds += tally.seconds;
}

absl::Status PackedCounts::Merge(std::string_view bytes) {
  return ReadPackedCounts(bytes, [this](const Tally& tally) { Add(tally); });
}

std::string PackedCounts::Pack() const {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  CodedOutputStream out(&stream);
  for (const auto& [of, sums] : classes_) {
    Sums left;
    for (const auto& [key, sum] : sums) {
      if (sum.count != 0 || sum.seconds != 0) left[key] = sum;
    }
    if (left.empty()) continue;
    out.WriteVarint64(NumberOf(of));
    out.WriteVarint64(left.size());
    for (const auto& [key, sum] : left) {
      const auto& [figure, value] = key;
      out.WriteVarint64((static_cast<uint64_t>(value) << kFigureBits) |
                        static_cast<uint64_t>(figure));
      out.WriteVarint64(Folded(sum.count));
      out.WriteVarint64(Folded(sum.seconds));
    }
  }
  out.Trim();
  return bytes;
}

}  // namespace crm::ticket

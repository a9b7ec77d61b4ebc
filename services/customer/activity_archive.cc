#include "services/customer/activity_archive.h"

#include <string>

namespace crm::customer {
namespace {

constexpr char kInteractionPattern[] = "IA{yyyyMMdd}{seq:5}";
constexpr char kPurchasePattern[] = "PU{yyyyMMdd}{seq:6}";
constexpr char kAttachmentPattern[] = "AT{yyyyMMdd}{seq:6}";

// The patterns are constants, which a test parses.
numbering::NumberAllocatorOptions Numbers(std::string_view name, std::string_view pattern,
                                          absl::TimeZone zone) {
  return {.name = std::string(name),
          .pattern = *numbering::NumberPattern::Parse(pattern),
          .zone = zone};
}

}  // namespace

ActivityArchive::ActivityArchive(Archive& archive, db::Pool& pool)
    : archive(archive),
      pool(pool),
      interaction_numbers(Numbers("interaction", kInteractionPattern, archive.zone), pool),
      purchase_numbers(Numbers("purchase", kPurchasePattern, archive.zone), pool),
      attachment_numbers(Numbers("attachment", kAttachmentPattern, archive.zone), pool),
      interactions(archive.keyring, {"interaction_read", "interaction_list"}, {"customer_id"}),
      purchases(archive.keyring, {"purchase_read", "purchase_list"},
                {"customer_id", "content_hash"}),
      products(archive.keyring, archive.ids),
      attachments(archive.keyring, archive.ids) {}

filter::CompileOptions ActivityArchive::ListOptions(const server::CallContext& call) const {
  filter::CompileOptions options;
  options.keyring = &archive.keyring;
  options.now = call.now();
  options.zone = archive.zone;
  options.language = call.language();
  return options;
}

RecordContext ActivityArchive::ContextOf(const server::CallContext& call, std::string_view prefix) {
  return {.source = {call.now(), call.caller().id, "api"},
          .scope = call.scope(),
          .language = call.language(),
          .from_staff = call.caller().kind == auth::CallerKind::kUser,
          .dry_run = call.validate_only(),
          .field_prefix = std::string(prefix)};
}

}  // namespace crm::customer

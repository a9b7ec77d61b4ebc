#include "services/customer/reach.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/error/error.h"
#include "services/customer/customer_changes.h"

namespace crm::customer {
namespace {

namespace pb = google::protobuf;

struct Address {
  const pb::FieldDescriptor* value;
  const pb::FieldDescriptor* status;
  const pb::FieldDescriptor* time;
  const pb::FieldDescriptor* by;
};

Address AddressOf(const pb::Descriptor& type, std::string_view name) {
  const auto find = [&](std::string_view suffix) {
    return type.FindFieldByName(absl::StrCat(ToAbsl(name), ToAbsl(suffix)));
  };
  return {find(""), find("_reach"), find("_reach_time"), find("_reach_by")};
}

std::vector<Address> AllOf(const pb::Descriptor& type) {
  std::vector<Address> addresses;
  for (std::string_view name : {"phone", "email", "company_phone"}) {
    const Address address = AddressOf(type, name);
    if (address.value != nullptr) addresses.push_back(address);
  }
  return addresses;
}

// Asked for with every row of an import.
const std::vector<Address>& AddressesOf(const pb::Message& message) {
  static const auto& customer = *new std::vector<Address>(AllOf(*v1::Customer::descriptor()));
  static const auto& contact = *new std::vector<Address>(AllOf(*v1::Contact::descriptor()));
  return message.GetDescriptor() == v1::Customer::descriptor() ? customer : contact;
}

const std::string& ValueOf(const pb::Message& message, const Address& address,
                           std::string& scratch) {
  return message.GetReflection()->GetStringReference(message, address.value, &scratch);
}

bool IsKnown(const pb::Message& message, const Address& address) {
  std::string scratch;
  return !ValueOf(message, address, scratch).empty();
}

bool IsSame(const pb::Message& a, const pb::Message& b, const Address& address) {
  std::string scratch_a;
  std::string scratch_b;
  return ValueOf(a, address, scratch_a) == ValueOf(b, address, scratch_b);
}

}  // namespace

absl::Status SetKnownReach(pb::Message& message, std::string_view address, v1::ReachStatus status,
                           const resource::ChangeSource& source) {
  const Address fields = AddressOf(*message.GetDescriptor(), address);
  if (!IsKnown(message, fields)) {
    return Error(absl::StatusCode::kFailedPrecondition, "ADDRESS_UNKNOWN",
                 "there is no such address")
        .Precondition("ADDRESS_KNOWN", address, "set the address first");
  }
  const pb::Reflection& reflection = *message.GetReflection();
  reflection.SetEnumValue(&message, fields.status, status);
  SetTime(source.time,
          static_cast<pb::Timestamp&>(*reflection.MutableMessage(&message, fields.time)));
  reflection.SetString(&message, fields.by, source.actor);
  return absl::OkStatus();
}

void ResetReach(pb::Message& message, const pb::Message* before) {
  const pb::Reflection& reflection = *message.GetReflection();
  for (const Address& address : AddressesOf(message)) {
    if (before != nullptr && IsSame(message, *before, address)) continue;
    reflection.ClearField(&message, address.status);
    reflection.ClearField(&message, address.time);
    reflection.ClearField(&message, address.by);
    if (IsKnown(message, address)) {
      reflection.SetEnumValue(&message, address.status, v1::REACH_STATUS_UNCONFIRMED);
    }
  }
}

bool HasReachable(const pb::Message& message) {
  const pb::Reflection& reflection = *message.GetReflection();
  const std::vector<Address>& addresses = AddressesOf(message);
  return std::any_of(addresses.begin(), addresses.end(), [&](const Address& address) {
    return IsKnown(message, address) &&
           reflection.GetEnumValue(message, address.status) != v1::REACH_STATUS_UNREACHABLE;
  });
}

bool IsUnreachable(const v1::Customer& customer, const std::vector<v1::Contact>& contacts) {
  bool has_address = false;
  const auto look_at = [&](const pb::Message& message) {
    const std::vector<Address>& addresses = AddressesOf(message);
    has_address |= std::any_of(addresses.begin(), addresses.end(),
                               [&](const Address& address) { return IsKnown(message, address); });
    return HasReachable(message);
  };
  if (look_at(customer)) return false;
  if (std::any_of(contacts.begin(), contacts.end(), look_at)) return false;
  return has_address;
}

}  // namespace crm::customer

#include "common/filter/in_scope.h"

#include <algorithm>
#include <string>

#include "common/schema/message_schema.h"

namespace crm::filter {
namespace {

// Empty if the resource has no such field or nothing in it.
std::string TextOf(const google::protobuf::Message& resource, const schema::FieldSchema* field) {
  if (field == nullptr) return "";
  return resource.GetReflection()->GetString(resource, field->descriptor);
}

}  // namespace

bool InScope(const google::protobuf::Message& resource, const Scope& scope) {
  if (scope.kind == Scope::Kind::kAll) return true;
  const schema::MessageSchema& schema = schema::MessageSchema::Of(resource.GetDescriptor());
  const std::string owner = TextOf(resource, schema.owner());
  if (!owner.empty() && owner == scope.user_id) return true;
  if (scope.kind != Scope::Kind::kTeams || schema.resource() == nullptr) return false;
  const std::string team = TextOf(resource, schema.Find(schema.resource()->team_field()));
  return !team.empty() &&
         std::find(scope.teams.begin(), scope.teams.end(), team) != scope.teams.end();
}

}  // namespace crm::filter

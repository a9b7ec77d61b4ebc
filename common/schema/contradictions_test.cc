#include "common/schema/contradictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "crm/options/v1/options.pb.h"
#include "crm/options/v1/ownership.pb.h"
#include "crm/testing/v1/specimen.pb.h"
#include "google/protobuf/descriptor.pb.h"

namespace crm::schema {
namespace {

namespace pb = google::protobuf;
using crm::options::v1::FieldOptions;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Of a message inside of another one, with one field.
std::vector<std::string> Problems(pb::FieldDescriptorProto::Type type,
                                  const std::function<void(FieldOptions&)>& declare) {
  pb::FileDescriptorProto file;
  file.set_name("contradictory.proto");
  file.set_syntax("proto3");
  auto& outer = *file.add_message_type();
  outer.set_name("Outer");
  auto& inner = *file.add_message_type();
  inner.set_name("Inner");
  const auto add = [](pb::DescriptorProto& message, const char* name,
                      pb::FieldDescriptorProto::Type kind) -> pb::FieldDescriptorProto& {
    auto& field = *message.add_field();
    field.set_name(name);
    field.set_number(1);
    field.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
    field.set_type(kind);
    return field;
  };
  add(outer, "inner", pb::FieldDescriptorProto::TYPE_MESSAGE).set_type_name(".Inner");
  declare(*add(inner, "f", type).mutable_options()->MutableExtension(crm::options::v1::field));
  pb::DescriptorPool pool;
  return ContradictionsOf(*pool.BuildFile(file)->FindMessageTypeByName("Outer"));
}

constexpr auto kText = pb::FieldDescriptorProto::TYPE_STRING;
constexpr auto kNumber = pb::FieldDescriptorProto::TYPE_INT64;

TEST(Contradictions, AreNamedWithTheirField) {
  EXPECT_THAT(Problems(kText, [](FieldOptions& field) { field.set_required(true); }), IsEmpty());
  EXPECT_THAT(Problems(kText,
                       [](FieldOptions& field) {
                         field.set_required(true);
                         field.set_output_only(true);
                       }),
              ElementsAre("Inner.f: required and output_only"));
}

// PLT-14: a message that cannot say what somebody is involved with.
TEST(Contradictions, AreFoundInWhatSomebodyIsInvolvedWith) {
  const auto problems = [](const char* subject, pb::FieldDescriptorProto::Label label) {
    pb::FileDescriptorProto file;
    file.set_name("contradictory.proto");
    file.set_syntax("proto3");
    auto& message = *file.add_message_type();
    message.set_name("Note");
    message.mutable_options()
        ->MutableExtension(crm::options::v1::involved_see_plain)
        ->set_subject_field(subject);
    auto& field = *message.add_field();
    field.set_name("about");
    field.set_number(1);
    field.set_label(label);
    field.set_type(kText);
    pb::DescriptorPool pool;
    return ContradictionsOf(*pool.BuildFile(file)->FindMessageTypeByName("Note"));
  };
  constexpr auto kSingle = pb::FieldDescriptorProto::LABEL_OPTIONAL;
  EXPECT_THAT(problems("about", kSingle), IsEmpty());
  EXPECT_THAT(problems("abuot", kSingle),
              ElementsAre("Note: involved_see_plain without a subject"));
  EXPECT_THAT(problems("about", pb::FieldDescriptorProto::LABEL_REPEATED),
              ElementsAre("Note: involved_see_plain without a subject"));
}

TEST(Contradictions, AreFoundAmongBoundsAndKinds) {
  EXPECT_THAT(Problems(kNumber,
                       [](FieldOptions& field) {
                         field.set_min(3);
                         field.set_max(2);
                       }),
              ElementsAre(HasSubstr("min over max")));
  EXPECT_THAT(Problems(kText,
                       [](FieldOptions& field) {
                         field.set_min_length(3);
                         field.set_max_length(2);
                       }),
              ElementsAre(HasSubstr("min_length over max_length")));
  EXPECT_THAT(
      Problems(kText,
               [](FieldOptions& field) { field.set_lookup(crm::options::v1::LOOKUP_EQUALITY); }),
      ElementsAre(HasSubstr("lookup without encrypted")));
  EXPECT_THAT(Problems(kNumber, [](FieldOptions& field) { field.set_pattern("[0-9]"); }),
              ElementsAre(HasSubstr("options of a text")));
  EXPECT_THAT(Problems(kText, [](FieldOptions& field) { field.set_max(9); }),
              ElementsAre(HasSubstr("bounds of a number")));
  EXPECT_THAT(Problems(kText, [](FieldOptions& field) { field.set_max_items(9); }),
              ElementsAre(HasSubstr("max_items of a single value")));
}

TEST(Contradictions, AreNotSeenWhereThereAreNone) {
  EXPECT_THAT(ContradictionsOf(*crm::testing::v1::Specimen::descriptor()), IsEmpty());
}

}  // namespace
}  // namespace crm::schema

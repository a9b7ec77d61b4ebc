#include "common/filter/operator_sql.h"

namespace crm::filter {

std::string_view SqlOperator(Operator op) {
  switch (op) {
    case Operator::kNotEqual:
      return "<>";
    case Operator::kLess:
      return "<";
    case Operator::kLessOrEqual:
      return "<=";
    case Operator::kGreater:
      return ">";
    case Operator::kGreaterOrEqual:
      return ">=";
    case Operator::kEqual:
    case Operator::kHas:
      break;
  }
  return "=";
}

Operator Opposite(Operator op) {
  switch (op) {
    case Operator::kNotEqual:
      return Operator::kEqual;
    case Operator::kLess:
      return Operator::kGreaterOrEqual;
    case Operator::kLessOrEqual:
      return Operator::kGreater;
    case Operator::kGreater:
      return Operator::kLessOrEqual;
    case Operator::kGreaterOrEqual:
      return Operator::kLess;
    case Operator::kEqual:
    case Operator::kHas:
      break;
  }
  return Operator::kNotEqual;
}

Mend ExpectedHas() { return {"this field holds a list: use `:`", "此字段为列表，请使用 `:`"}; }

Mend ExpectedEquality() {
  return {"this field can only be compared with = != and :", "此字段只能用 =、!= 和 : 比较"};
}

}  // namespace crm::filter

// Names: real names of persons (CUS-2), and the key under which an organisation's name is compared
// (CUS-16).
//
//   const RealNameRules rules(RealNameRules::DefaultNicknames());
//   Result<std::string> name = rules.Normalize(" 阿凡提•买买提 ");  // 阿凡提·买买提
//   rules.Normalize("王总").problem().rule;                        // NAME_NICKNAME
//
//   const PlaceNames places({"深圳", "深圳市", "广东省"});
//   NormalizedOrganizationKey("深圳市腾讯计算机系统有限公司", places);  // 腾讯计算机系统
#ifndef CRM_COMMON_TEXT_REAL_NAME_H_
#define CRM_COMMON_TEXT_REAL_NAME_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/text/result.h"

namespace crm::text {

// Immutable after construction: thread-safe.
class RealNameRules {
 public:
  // Each pattern is compared with the whole name; an X stands for one Chinese character.
  explicit RealNameRules(std::span<const std::string> nicknames);

  // 三哥, 老X, 小X, X总.
  static std::vector<std::string> DefaultNicknames();

  // The name as stored: trimmed, half-width, no spaces between Chinese characters, the dot of
  // transliterated names as U+00B7. Accepted are letters of any script, Chinese names of two
  // characters or more, Latin ones of two letters or more, with spaces and inside them . ' - ·
  // Problems: NAME_EMPTY, NAME_DIGIT, NAME_EMOJI, NAME_CHARACTERS, NAME_LENGTH, NAME_TITLE (a title
  // alone, or a family name with one: 王先生, Mr. Smith), NAME_NICKNAME.
  Result<std::string> Normalize(std::string_view text) const;

 private:
  bool IsNickname(std::u32string_view name) const;

  std::vector<std::u32string> nicknames_;
};

// Names of places with which an organisation's name may begin. Immutable: thread-safe.
class PlaceNames {
 public:
  explicit PlaceNames(std::span<const std::string> names);

  // `name` without the longest place it begins with.
  std::string_view Strip(std::string_view name) const;

 private:
  absl::flat_hash_set<std::string> names_;
  size_t longest_ = 0;  // code points
};

// What is left of an organisation's name when everything that varies from one list to another is
// taken away: case, width, spaces, punctuation and brackets (not what is in them), forms of company
// (有限公司, 股份, 集团, Co., Ltd., Inc. …), the places in front. 分公司 and 子公司 stay: they are
// other companies. Never empty unless the name has no letter or digit; places stay where what
// follows is a kind and no name (北京银行).
std::string NormalizedOrganizationKey(std::string_view name, const PlaceNames& places);

}  // namespace crm::text

#endif  // CRM_COMMON_TEXT_REAL_NAME_H_

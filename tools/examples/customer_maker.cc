#include "tools/examples/customer_maker.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/text/national_ids.h"

namespace crm::examples {
namespace {

constexpr std::string_view kSurnames[] = {
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴",   "徐",   "孙", "胡", "朱",
    "高", "林", "何", "郭", "马", "罗", "梁", "宋", "郑", "欧阳", "司马", "单", "仇", "曾"};
constexpr std::string_view kGivenFirst[] = {"晓", "文", "思", "雨", "子", "建", "国", "志",
                                            "雅", "明", "嘉", "一", "若", "海", "春", "永"};
constexpr std::string_view kGivenSecond[] = {"",   "宁", "杰", "涵", "轩", "敏", "燕", "峰",
                                             "琳", "强", "霞", "博", "洋", "倩", "龙", "㛃"};
constexpr std::string_view kBrandFirst[] = {"恒", "瑞", "启", "博", "凌", "腾", "汇", "晟",
                                            "铭", "拓", "睿", "森", "隆", "卓", "盈", "朗"};
constexpr std::string_view kBrandSecond[] = {"屿", "澜", "岚", "垚", "禾", "川", "杉", "曜",
                                             "砺", "榕", "汀", "驰", "原", "樾", "衡", "越"};
constexpr std::string_view kSuffixes[] = {"有限公司", "股份有限公司", "有限责任公司"};
constexpr std::string_view kPositions[] = {"总经理",   "采购经理", "技术总监", "副总裁",
                                           "运营主管", "财务总监", "店长",     "行政主任"};
constexpr std::string_view kTiers[] = {"战略客户",   "重点客户", "普通客户", "普通客户",
                                       "低价值客户", "潜在客户", "潜在客户"};
constexpr std::string_view kChannels[] = {"官网",   "电商平台", "微信公众号", "展会",
                                          "转介绍", "线上广告", "电话",       "门店"};
constexpr std::string_view kNeeds[] = {"产品咨询", "技术支持", "合作洽谈", "售后服务"};
constexpr std::string_view kStreets[] = {"建设路", "人民路", "科技路", "创新大道",
                                         "滨河路", "工业园", "学府街", "朝阳街"};

struct Industry {
  std::string_view code;
  std::string_view label;
  std::string_view word;  // in a company's name
};
constexpr Industry kIndustries[] = {{"C", "制造业", "精密制造"},   {"C34", "机械制造", "机械"},
                                    {"F", "零售业", "商贸"},       {"I65", "IT服务", "信息技术"},
                                    {"I64", "互联网", "网络科技"}, {"Q", "医疗健康", "健康科技"},
                                    {"P", "教育", "教育科技"},     {"C38", "新能源", "新能源"}};

struct City {
  std::string_view name;
  std::string_view region;
};
constexpr City kCities[] = {{"北京", "北京市"},
                            {"上海", "上海市"},
                            {"深圳", "广东省深圳市"},
                            {"广州", "广东省广州市"},
                            {"杭州", "浙江省杭州市"},
                            {"南京", "江苏省南京市"},
                            {"成都", "四川省成都市"},
                            {"武汉", "湖北省武汉市"},
                            {"西安", "陕西省西安市"},
                            {"青岛", "山东省青岛市"},
                            {"长沙", "湖南省长沙市"},
                            {"厦门", "福建省厦门市"},
                            {"哈尔滨", "黑龙江省哈尔滨市"},
                            {"昆明", "云南省昆明市"}};

constexpr int kOrganizationsOfFive = 4;
constexpr absl::CivilDay kFirstDay(2021, 1, 1);
constexpr size_t kDays = 1500;

// Spreads a counter over [0, kRange) without repeating: the factor shares no divisor with it.
uint64_t Spread(uint64_t number, uint64_t range, uint64_t factor) {
  return number % range * factor % range;
}

}  // namespace

std::string PhoneOf(uint64_t number) {
  constexpr uint64_t kPerPrefix = 100'000'000;  // 130 … 139, eight digits each
  const uint64_t body = Spread(number, kPerPrefix, 61'803'399);
  return absl::StrCat(13'000'000'000 + number / kPerPrefix % 10 * kPerPrefix + body);
}

std::string CreditCodeOf(uint64_t number) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  constexpr uint64_t kRange = 887'503'681;  // 31⁶
  std::string code = "91440300MA5000000";
  uint64_t rest = Spread(number, kRange, 618'033'989);
  for (size_t i = code.size(); i > code.size() - 6; --i) {
    code[i - 1] = kAlphabet[rest % kAlphabet.size()];
    rest /= kAlphabet.size();
  }
  code += text::CreditCodeCheckCharacter(code).value();
  return code;
}

Customer CustomerMaker::Next() {
  Customer customer;
  Next(customer);
  return customer;
}

void CustomerMaker::Next(Customer& customer) {
  const uint64_t number = number_++;
  const City& city = random_.Pick(kCities);
  const Industry& industry = random_.Pick(kIndustries);
  customer.kind = random_.Below(5) < kOrganizationsOfFive ? Kind::kOrganization : Kind::kPerson;
  customer.industry_code = industry.code;
  customer.industry = industry.label;
  customer.position = random_.Pick(kPositions);
  if (customer.kind == Kind::kOrganization) {
    customer.name.assign(city.name)
        .append(random_.Pick(kBrandFirst))
        .append(random_.Pick(kBrandSecond))
        .append(industry.word)
        .append(random_.Pick(kSuffixes));
    NamePerson(customer.decision_maker);
    customer.credit_code = CreditCodeOf(number);
  } else {
    NamePerson(customer.name);
    customer.decision_maker.clear();
    customer.credit_code.clear();
  }
  customer.phone = PhoneOf(number);
  customer.email = absl::StrCat("user", number, "@mail", number % 7, ".example.com");
  customer.region = city.region;
  customer.address = absl::StrCat(ToAbsl(city.region), ToAbsl(random_.Pick(kStreets)),
                                  random_.Below(900) + 1, "号");
  customer.tier = random_.Pick(kTiers);
  customer.channel = random_.Pick(kChannels);
  customer.need = random_.Pick(kNeeds);
  customer.created = kFirstDay + static_cast<absl::civil_diff_t>(random_.Below(kDays));
}

void CustomerMaker::NamePerson(std::string& name) {
  name.assign(random_.Pick(kSurnames))
      .append(random_.Pick(kGivenFirst))
      .append(random_.Pick(kGivenSecond));
}

}  // namespace crm::examples

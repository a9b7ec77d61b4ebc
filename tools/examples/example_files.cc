#include "tools/examples/example_files.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/tabular/table_writer.h"
#include "tools/examples/dirt.h"

namespace crm::examples {
namespace {

using tabular::CsvWriterOptions;
using tabular::TableWriter;
using tabular::XlsxWriterOptions;

constexpr int kDuplicatesInFilePerMille = 30;
constexpr int kDuplicatesAcrossPerMille = 50;
constexpr int kBlankRows = 3;

struct Product {
  std::string_view code;
  std::string_view name;
  std::string_view english;
  std::string_view category;
  int64_t price_yuan;
};
constexpr Product kProducts[] = {
    {"P001", "智能控制器", "Smart controller", "硬件", 1280},
    {"P002", "工业传感器", "Industrial sensor", "硬件", 360},
    {"P003", "数据采集网关", "Data gateway", "硬件", 4200},
    {"P004", "设备管理软件", "Device manager", "软件", 9800},
    {"P005", "报表分析模块", "Reporting module", "软件", 5600},
    {"P006", "年度维保服务", "Yearly maintenance", "服务", 3000},
    {"P007", "上门安装服务", "On-site installation", "服务", 800},
    {"P008", "操作培训", "Operator training", "服务", 1500},
};
constexpr std::string_view kMethods[] = {"电话", "微信", "上门拜访", "邮件"};
constexpr std::string_view kContents[] = {"询问产品报价", "反馈使用问题，已安排工程师",
                                          "预约下周演示", "确认合同条款", "回访，客户满意"};
constexpr std::string_view kShops[] = {"门店", "官网", "电商平台", "电话"};

std::string DateText(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

std::string_view KindText(Kind kind) { return kind == Kind::kOrganization ? "企业" : "个人"; }

int64_t Share(int64_t rows, int per_mille) { return (rows * per_mille + 500) / 1000; }

absl::StatusOr<std::unique_ptr<TableWriter>> OpenCsv(const std::string& path,
                                                     const CsvWriterOptions& options) {
  CRM_ASSIGN_OR_RETURN(tabular::Sink sink, tabular::FileSink(path));
  return tabular::NewCsvWriter(std::move(sink), options);
}

// Half of the repeated rows are typed as before, half with a separated phone.
TypedCustomer Repeat(const Customer& customer, int64_t turn) {
  TypedCustomer again = TypeCleanly(customer);
  if (turn % 2 == 1) Spoil(again, Dirt::kSeparatedPhone);
  return again;
}

// A file's customers: `fresh` ones, spoiled, then repeats of its own and of `others`, mixed. A
// repeat is of a row whose phone and name were not spoiled, so that it can be found.
std::vector<TypedCustomer> MakeList(CustomerMaker& maker, int64_t rows,
                                    const std::vector<TypedCustomer>& others, FileFacts& facts) {
  const int64_t own = Share(rows, kDuplicatesInFilePerMille);
  const int64_t foreign = others.empty() ? 0 : Share(rows, kDuplicatesAcrossPerMille);
  std::vector<TypedCustomer> list;
  while (static_cast<int64_t>(list.size()) < rows - own - foreign) {
    list.push_back(TypeCleanly(maker.Next()));
  }
  facts.dirt = SpoilAll(list, maker.random());

  const size_t fresh = list.size();
  const auto add_repeats = [&](const std::vector<TypedCustomer>& from, size_t count,
                               int64_t wanted) {
    int64_t added = 0;
    for (size_t i = 0; i < count && added < wanted; ++i) {
      const TypedCustomer& source = from[i];
      if (source.phone != source.clean.phone || source.name != source.clean.name) continue;
      list.push_back(Repeat(source.clean, added++));
    }
    facts.dirt["separated_phone"] += added / 2;
    return added;
  };
  facts.dirt["duplicate_in_file"] = fresh == 0 ? 0 : add_repeats(list, fresh, own);
  facts.dirt["duplicate_across_files"] = add_repeats(others, others.size(), foreign);
  maker.random().Shuffle(list);
  facts.rows = static_cast<int64_t>(list.size());
  return list;
}

absl::Status WriteCustomersXlsx(const std::string& path, const std::vector<TypedCustomer>& list) {
  using Column = XlsxWriterOptions::Column;
  XlsxWriterOptions options;
  options.sheet = "客户";
  options.title = "客户档案（示例数据）";
  options.title_columns = 15;
  options.columns.assign(15, Column::kText);
  options.columns[6] = Column::kNumber;  // as spreadsheets store a phone
  options.columns[13] = Column::kDate;
  CRM_ASSIGN_OR_RETURN(const auto writer, tabular::NewXlsxFileWriter(path, options));
  CRM_RETURN_IF_ERROR(writer->Write({"客户全称", "客户类型", "统一社会信用代码", "所属行业",
                                     "关键决策人", "职位", "手机号码", "邮箱", "所在地区", "地址",
                                     "客户等级", "来源渠道", "需求类型", "建档日期", "备注"}));
  for (const TypedCustomer& row : list) {
    const Customer& clean = row.clean;
    const bool organization = clean.kind == Kind::kOrganization;
    CRM_RETURN_IF_ERROR(writer->Write(
        {row.name, KindText(clean.kind), row.credit_code, row.industry, clean.decision_maker,
         organization ? clean.position : "", row.phone, row.email, clean.region, clean.address,
         clean.tier, clean.channel, clean.need, row.created, organization ? "" : "老客户推荐"}));
  }
  for (int i = 0; i < kBlankRows; ++i) CRM_RETURN_IF_ERROR(writer->Write({" ", "", " "}));
  return writer->Close();
}

absl::Status WriteCustomersCsv(const std::string& path, const std::vector<TypedCustomer>& list) {
  CsvWriterOptions options;
  options.charset = CsvWriterOptions::Charset::kGb18030;
  options.formulas = CsvWriterOptions::Formulas::kKeep;
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(path, options));
  CRM_RETURN_IF_ERROR(
      writer->Write({"公司名称/姓名", "类型", "信用代码", "行业", "联系人", "职务", "联系电话",
                     "电子邮件", "城市", "详细地址", "等级", "渠道", "登记日期", "内部编码"}));
  int64_t number = 0;
  for (const TypedCustomer& row : list) {
    const Customer& clean = row.clean;
    CRM_RETURN_IF_ERROR(writer->Write(
        {row.name, KindText(clean.kind), row.credit_code, row.industry, clean.decision_maker,
         clean.decision_maker.empty() ? "" : clean.position, row.phone, row.email, clean.region,
         clean.address, clean.tier, clean.channel, row.created, absl::StrCat("A", ++number)}));
  }
  for (int i = 0; i < kBlankRows; ++i) CRM_RETURN_IF_ERROR(writer->Write({"", "", " "}));
  return writer->Close();
}

// Every fourth organisation has one more contact.
absl::StatusOr<FileFacts> WriteContacts(const std::string& path,
                                        const std::vector<TypedCustomer>& customers,
                                        CustomerMaker& maker) {
  FileFacts facts;
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(path, {}));
  CRM_RETURN_IF_ERROR(writer->Write(
      {"公司名称", "统一社会信用代码", "联系人姓名", "职务", "手机号码", "邮箱", "是否决策人"}));
  for (size_t i = 0; i < customers.size(); i += 4) {
    const Customer& company = customers[i].clean;
    if (company.kind != Kind::kOrganization) continue;
    const Customer person = maker.Next();
    const std::string& name = person.decision_maker.empty() ? person.name : person.decision_maker;
    CRM_RETURN_IF_ERROR(writer->Write({company.name, company.credit_code, name, person.position,
                                       person.phone, person.email, i % 3 == 0 ? "是" : "否"}));
    ++facts.rows;
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  return facts;
}

absl::StatusOr<FileFacts> WriteInteractions(const std::string& path,
                                            const std::vector<TypedCustomer>& customers,
                                            Random& random) {
  FileFacts facts;
  facts.rows = static_cast<int64_t>(customers.size()) * 2;
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(path, {}));
  CRM_RETURN_IF_ERROR(
      writer->Write({"客户名称", "手机号码", "跟进时间", "跟进方式", "跟进内容", "跟进人"}));
  for (int64_t i = 0; i < facts.rows; ++i) {
    const Customer& customer = random.Pick(customers).clean;
    const absl::CivilDay day =
        customer.created + static_cast<absl::civil_diff_t>(random.Below(600));
    const std::string time =
        absl::StrFormat("%s %02d:%02d", DateText(day), 9 + random.Below(9), random.Below(60));
    CRM_RETURN_IF_ERROR(
        writer->Write({customer.name, customer.phone, time, random.Pick(kMethods),
                       random.Pick(kContents), absl::StrCat("sales", random.Below(8) + 1)}));
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  return facts;
}

absl::StatusOr<FileFacts> WritePurchases(const std::string& path,
                                         const std::vector<TypedCustomer>& customers,
                                         Random& random) {
  FileFacts facts;
  facts.rows = static_cast<int64_t>(customers.size());
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(path, {}));
  CRM_RETURN_IF_ERROR(
      writer->Write({"订单号", "手机号码", "产品", "数量", "金额", "下单时间", "渠道"}));
  for (int64_t i = 0; i < facts.rows; ++i) {
    const Customer& customer = random.Pick(customers).clean;
    const Product& product = random.Pick(kProducts);
    const absl::CivilDay day =
        customer.created + static_cast<absl::civil_diff_t>(random.Below(600));
    const size_t quantity = random.Below(9) + 1;
    CRM_RETURN_IF_ERROR(
        writer->Write({absl::StrFormat("SO%04d%02d%06d", day.year(), day.month(), i + 1),
                       customer.phone, product.name, absl::StrCat(quantity),
                       absl::StrCat(static_cast<int64_t>(quantity) * product.price_yuan, ".00"),
                       absl::StrFormat("%s %02d:%02d:%02d", DateText(day), random.Below(24),
                                       random.Below(60), random.Below(60)),
                       random.Pick(kShops)}));
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  return facts;
}

absl::StatusOr<FileFacts> WriteProducts(const std::string& path) {
  FileFacts facts;
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(path, {}));
  CRM_RETURN_IF_ERROR(writer->Write({"产品编码", "产品名称", "英文名称", "类别", "单价"}));
  for (const Product& product : kProducts) {
    CRM_RETURN_IF_ERROR(writer->Write({product.code, product.name, product.english,
                                       product.category, absl::StrCat(product.price_yuan, ".00")}));
    ++facts.rows;
  }
  CRM_RETURN_IF_ERROR(writer->Close());
  return facts;
}

absl::Status WriteManifest(const ExampleOptions& options, const Manifest& manifest) {
  nlohmann::ordered_json json = {{"seed", options.seed},
                                 {"rows", options.rows},
                                 {"first_number", options.first_number},
                                 {"files", nlohmann::ordered_json::object()}};
  for (const auto& [name, facts] : manifest) {
    json["files"][name] = {{"rows", facts.rows}, {"dirt", facts.dirt}};
  }
  CRM_ASSIGN_OR_RETURN(const tabular::Sink sink,
                       tabular::FileSink(options.folder + "/manifest.json"));
  return sink(json.dump(2) + "\n");
}

}  // namespace

absl::StatusOr<Manifest> WriteExamples(const ExampleOptions& options) {
  const std::string folder = options.folder + "/";
  const int64_t second_rows = options.rows / 3;
  CustomerMaker maker(options.seed, options.first_number);
  Manifest manifest;
  const std::vector<TypedCustomer> first =
      MakeList(maker, options.rows - second_rows, {}, manifest["customers.xlsx"]);
  const std::vector<TypedCustomer> second =
      MakeList(maker, second_rows, first, manifest["customers_gb18030.csv"]);
  CRM_RETURN_IF_ERROR(WriteCustomersXlsx(folder + "customers.xlsx", first));
  CRM_RETURN_IF_ERROR(WriteCustomersCsv(folder + "customers_gb18030.csv", second));
  CRM_ASSIGN_OR_RETURN(manifest["contacts.csv"],
                       WriteContacts(folder + "contacts.csv", first, maker));
  CRM_ASSIGN_OR_RETURN(manifest["interactions.csv"],
                       WriteInteractions(folder + "interactions.csv", first, maker.random()));
  CRM_ASSIGN_OR_RETURN(manifest["purchases.csv"],
                       WritePurchases(folder + "purchases.csv", first, maker.random()));
  CRM_ASSIGN_OR_RETURN(manifest["products.csv"], WriteProducts(folder + "products.csv"));
  CRM_RETURN_IF_ERROR(WriteManifest(options, manifest));
  return manifest;
}

absl::Status WriteBulk(const BulkOptions& options) {
  constexpr int64_t kRepeatEvery = 50;
  CRM_ASSIGN_OR_RETURN(const auto writer, OpenCsv(options.path, {}));
  CRM_RETURN_IF_ERROR(
      writer->Write({"客户类型", "客户全称", "统一社会信用代码", "所属行业", "关键决策人",
                     "手机号码", "邮箱", "所在地区", "地址", "客户等级", "来源渠道", "建档日期"}));
  CustomerMaker maker(options.seed, options.first_number);
  Customer customer;
  Customer earlier;
  for (int64_t i = 0; i < options.rows; ++i) {
    maker.Next(customer);
    if (i % kRepeatEvery == 0) earlier = customer;
    const bool repeats = i % kRepeatEvery == kRepeatEvery - 1;
    // The earlier customer again, moved and rated anew.
    const Customer& who = repeats ? earlier : customer;
    CRM_RETURN_IF_ERROR(
        writer->Write({KindText(who.kind), who.name, who.credit_code, who.industry_code,
                       who.decision_maker, who.phone, who.email, customer.region, customer.address,
                       customer.tier, customer.channel, DateText(customer.created)}));
  }
  return writer->Close();
}

}  // namespace crm::examples

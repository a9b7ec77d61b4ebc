#include "tools/crmctl/history_kinds.h"

#include <algorithm>

namespace crm::cli {
namespace {

// Fields of the one product that a row of a table has.
HistoryRowKind OpportunityRows() {
  return {.message = "crm.sales.v1.HistoricOpportunity",
          .paths = {{"product", "products.0.product_name"},
                    {"产品", "products.0.product_name"},
                    {"产品名称", "products.0.product_name"},
                    {"product_code", "products.0.product_code"},
                    {"产品编码", "products.0.product_code"},
                    {"quantity", "products.0.quantity"},
                    {"数量", "products.0.quantity"},
                    {"price", "products.0.price"},
                    {"单价", "products.0.price"}},
          .times = TimeColumns{
              .prefix = "entered.", .list = "stays", .key = "stage", .time = "enter_time"}};
}

}  // namespace

const std::vector<HistoryKind>& HistoryKinds() {
  static const std::vector<HistoryKind>& kinds = *new std::vector<HistoryKind>{
      {.command = "opportunity import",
       .zh = "导入旧系统的商机（CSV、XLSX），保留原有日期；同一外部编号只导入一次；"
             "列也可为 product、entered.阶段",
       .en =
           "take over the opportunities of an older system (CSV, XLSX) with their own dates; each "
           "external number once; columns may also be product and entered.STAGE",
       .method = "crm.sales.v1.HistoryService/ImportOpportunities",
       .rows = OpportunityRows(),
       .options = {{"--pipeline", "pipeline", "销售管道；默认按团队",
                    "pipeline; that of the team by default"},
                   {"--missing", "missing", "资料不全的行：reject 拒绝|accept 接收",
                    "rows that lack something: reject|accept"}}},
      {.command = "ticket import",
       .zh = "导入旧系统的工单（CSV、XLSX），保留原有时间",
       .en = "take over the tickets of an older system (CSV, XLSX) with their own times",
       .method = "crm.ticket.v1.TicketImportService/ImportTickets",
       .rows = {.message = "crm.ticket.v1.HistoricTicket"}},
  };
  return kinds;
}

const HistoryKind& KindOf(std::string_view command) {
  return *std::find_if(HistoryKinds().begin(), HistoryKinds().end(),
                       [&](const HistoryKind& kind) { return kind.command == command; });
}

}  // namespace crm::cli

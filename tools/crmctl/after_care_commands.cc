#include "tools/crmctl/after_care_commands.h"

namespace crm::cli {

std::vector<CommandSpec> AfterCareCommands() {
  return {
      {.path = "ticket merge",
       .zh = "把重复工单并入另一工单",
       .en = "merge a duplicate into a ticket that goes on",
       .method = "crm.ticket.v1.TicketMergeService/MergeTickets",
       .positionals = {"survivor", "duplicates.0.ticket", "reason"}},
      {.path = "ticket unmerge",
       .zh = "撤销合并",
       .en = "undo a merge",
       .method = "crm.ticket.v1.TicketMergeService/UnmergeTicket",
       .positionals = {"ticket", "reason"}},
      {.path = "ticket split",
       .zh = "把部分记录拆分为新工单（记录序号用逗号分隔）",
       .en = "open a new ticket for some messages (their sequences, separated by commas)",
       .method = "crm.ticket.v1.TicketMergeService/SplitTicket",
       .positionals = {"ticket", "entries", "description", "reason"}},
      {.path = "ticket feedback",
       .zh = "登记客户评价（1–5 分）",
       .en = "record what the customer says of the service (1 to 5)",
       .method = "crm.ticket.v1.AfterCareService/RecordFeedback",
       .positionals = {"ticket", "satisfaction", "?comment"}},
      {.path = "ticket follow-up",
       .zh = "登记投诉回访（1–5 分）",
       .en = "record what a complaint's customer says some days later (1 to 5)",
       .method = "crm.ticket.v1.AfterCareService/RecordFollowUp",
       .positionals = {"ticket", "satisfaction", "text"}},
      {.path = "ticket attachments",
       .zh = "列出工单附件",
       .en = "list the files of a ticket",
       .method = "crm.ticket.v1.TicketAttachmentService/ListTicketAttachments",
       .positionals = {"ticket"},
       .rows = "attachments",
       .columns = {"number", "file_name", "content_type", "size", "creator", "create_time"}},
  };
}

}  // namespace crm::cli

#include "services/ticket/report_tables.h"

#include <utility>

#include "common/error/error.h"

namespace crm::ticket {
namespace {

// Tickets that have moved on to another group leave an empty one behind.
bool TellsAnything(const v1::TicketFigures& figures) {
  return figures.created() + figures.resolved() + figures.reopened() +
             figures.first_response().count() + figures.sla_size() + figures.rated() +
             figures.compared() + figures.backlog().open() >
         0;
}

}  // namespace

ReportTables::ReportTables(v1::TicketReportGroup group, std::vector<absl::CivilMonth> months,
                           std::vector<absl::Time> instants)
    : group_(group),
      months_(std::move(months)),
      instants_(std::move(instants)),
      by_month_(months_.size()),
      open_by_month_(months_.size()) {}

void ReportTables::Happened(absl::CivilDay day, const Holder& holder, const Tally& tally) {
  total_.Add(tally);
  if (!months_.empty()) {
    by_month_[static_cast<size_t>(absl::CivilMonth(day) - months_.front())].Add(tally);
  }
  if (FigureBuilder* group = GroupFor(holder, tally.of)) group->Add(tally);
}

void ReportTables::Open(size_t instant, const Holder& holder, const Tally& tally) {
  if (instant > 0) {
    open_by_month_[instant - 1] += tally.count;
    return;
  }
  total_.AddOpen(tally);
  if (FigureBuilder* group = GroupFor(holder, tally.of)) group->AddOpen(tally);
}

FigureBuilder* ReportTables::GroupFor(const Holder& holder, const TicketClass& of) {
  if (group_ == v1::TICKET_REPORT_GROUP_UNSPECIFIED) return nullptr;
  std::string name = GroupOf(group_, holder, of);
  if (last_ != nullptr && name == last_name_) return last_;
  auto group = groups_.find(name);
  if (group == groups_.end()) {
    too_many_ = too_many_ || groups_.size() == kMaxGroups;
    if (too_many_) return nullptr;
    group = groups_.try_emplace(name).first;
  }
  last_name_ = std::move(name);
  last_ = &group->second;
  return last_;
}

absl::StatusOr<v1::GetTicketReportResponse> ReportTables::Build() const {
  if (too_many_) {
    return InvalidField("group_by", "TOO_MANY_GROUPS", "ask for a single team or a shorter period");
  }
  v1::GetTicketReportResponse response;
  *response.mutable_total() = total_.Build("", instants_.front());
  for (size_t i = 0; i < months_.size(); ++i) {
    v1::TicketFigures& month = *response.add_months();
    month = by_month_[i].Build(MonthName(months_[i]), instants_.front());
    month.mutable_backlog()->set_open(open_by_month_[i]);
  }
  for (const auto& [name, group] : groups_) {
    v1::TicketFigures figures = group.Build(name, instants_.front());
    if (TellsAnything(figures)) *response.add_groups() = std::move(figures);
  }
  return response;
}

}  // namespace crm::ticket

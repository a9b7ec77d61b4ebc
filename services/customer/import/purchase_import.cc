#include "services/customer/import/purchase_import.h"

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "services/customer/import/message_kind.h"
#include "services/customer/import/message_run.h"
#include "services/customer/import/purchase_rows.h"
#include "services/customer/import/record_rules.h"
#include "services/customer/import/upsert_batch.h"
#include "services/customer/purchase_recorder.h"
#include "services/customer/purchase_rules.h"

namespace crm::customer::import {

using schema::Breach;
using schema::Violation;
using Outcome = CellCleaner::Outcome;

namespace {

// Of orders whose file does not say which system they come from.
constexpr char kSourceSystem[] = "import";

Breach RowsDiffer() {
  return {
      "ORDER_ROWS_DIFFER",
      "rows of one order must agree in what they say about the order; map a column that differs "
      "by product to item_amount, or correct the row",
      "同一订单的各行须一致；若该列是每个产品的金额，请映射到 item_amount，否则请更正"};
}

Breach TooManyItems() {
  return {"TOO_MANY_ITEMS", "an order has at most 200 products; split it",
          "每个订单最多 200 个产品，请拆分"};
}

class PurchaseRun : public MessageRun {
 public:
  struct Parts {
    Archive& archive;
    ActivityArchive& activity;
  };

  PurchaseRun(Parts parts, RowShape shape, ImportContext context, ColumnPlan plan)
      : MessageRun(parts.archive, std::move(shape), std::move(context), std::move(plan)),
        activity_(parts.activity),
        recorder_(parts.activity),
        order_column_(plan_.Find("order_number")),
        system_column_(plan_.Find("source_system")) {}

  // Rows of one order that stand together are one purchase.
  bool Continues(const ParsedRow& last, const tabular::Row& next) const override {
    if (order_column_ == nullptr) return false;
    const auto same = [&](const ColumnPlan::Column* column) {
      return column == nullptr ||
             text::Trim(last.raw[column->index]) == text::Trim(next[column->index]);
    };
    return !text::Trim(next[order_column_->index]).empty() && same(order_column_) &&
           same(system_column_);
  }

  absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows,
                                    int attempt) override;

 protected:
  std::unique_ptr<MessageRow> NewRow() const override { return std::make_unique<PurchaseRow>(); }

  Outcome ReadOwn(std::string_view, std::string_view text, MessageRow& row, CleaningCounts& counts,
                  Breach& breach) const override {
    const std::optional<std::string> quantity = QuantityOf(text);
    if (!quantity.has_value()) {
      breach = {"QUANTITY_FORMAT", "use a number such as 3 or 2.5", "请填写数字，例如 3 或 2.5"};
      return Outcome::kBroken;
    }
    if (*quantity != text) counts.Count(Cleaning::kInteger);
    std::string value = *quantity;
    const auto* field = schema::MessageSchema::Of<v1::PurchaseItem>().Find("quantity");
    if (auto problem = schema::CheckString(*field, context_.now, value)) {
      breach = *std::move(problem);
      return Outcome::kBroken;
    }
    static_cast<PurchaseRow&>(row).item.set_quantity(std::move(value));
    return Outcome::kSet;
  }

  std::vector<Violation> Check(MessageRow& row, CleaningCounts&) const override {
    auto& parsed = static_cast<PurchaseRow&>(row);
    if (parsed.purchase.source_system().empty()) parsed.purchase.set_source_system(kSourceSystem);
    v1::Purchase whole = parsed.Whole();
    std::vector<Violation> violations = ViolationsOf(
        NormalizePurchase(RecordContextOf(context_, context_.now), archive_.lists, whole));
    for (Violation& violation : violations) violation = InColumns(std::move(violation));
    return violations;
  }

  absl::StatusOr<std::vector<Stored>> ReadStored(db::Connection& db,
                                                 const std::vector<int64_t>& ids) const override {
    CRM_ASSIGN_OR_RETURN(auto found, activity_.purchases.FindByIds(db, ids));
    std::vector<Stored> stored;
    for (auto& record : found) {
      stored.push_back({record.key, std::make_unique<v1::Purchase>(std::move(record.message))});
    }
    return stored;
  }

  absl::Status Complete(db::Connection& db, Sources& sources) override {
    compared_.emplace(activity_.products);
    for (const auto& source : sources) {
      const v1::PurchaseItem& item = static_cast<const PurchaseRow&>(*source).item;
      compared_->Want(item.product_code());
      compared_->Want(item.product_name());
    }
    return compared_->Load(db);
  }

  void CompareOther(const ImportField& field, MessageRow& source,
                    const google::protobuf::Message& stored,
                    v1::ImportSampleRow& result) const override {
    CompareItem(field, static_cast<const PurchaseRow&>(source),
                static_cast<const v1::Purchase&>(stored), *compared_, result);
  }

 private:
  class Batch;

  ActivityArchive& activity_;
  const PurchaseRecorder recorder_;
  const ColumnPlan::Column* const order_column_;
  const ColumnPlan::Column* const system_column_;
  // Orders that a dry run has met, with their content.
  std::map<Order, size_t> seen_;
  std::optional<ProductMapper> compared_;
};

// The rows of one batch.
class PurchaseRun::Batch {
 public:
  Batch(PurchaseRun& run, const ParsedRows& rows)
      : run_(run), rows_(rows), join_(run.archive_, run.context_.scope) {}

  absl::StatusOr<BatchChange> Run(db::Connection& db) && {
    change_.results.resize(rows_.size());
    for (const auto& row : rows_) {
      if (!row->rejected) join_.Want(static_cast<const PurchaseRow&>(*row).who);
    }
    CRM_RETURN_IF_ERROR(join_.Load(db));
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i]->rejected) {
        change_.results[i].outcome = RowOutcome::kRejected;
      } else {
        Put(i, RowAt(i));
      }
    }
    CRM_RETURN_IF_ERROR(Record(db));
    return std::move(change_);
  }

 private:
  const PurchaseRow& RowAt(size_t index) const {
    return static_cast<const PurchaseRow&>(*rows_[index]);
  }

  // Into its order.
  void Put(size_t index, const PurchaseRow& row) {
    CustomerJoin::Answer answer = join_.Of(row.who);
    if (answer.breach.has_value()) {
      return run_.Reject(row, index, answer.field, *answer.breach, change_);
    }
    const auto [place, fresh] = by_order_.try_emplace(OrderOf(row.purchase), orders_.size());
    if (fresh) {
      orders_.emplace_back(index, row, std::move(answer.number));
      return;
    }
    const OrderRows::Outcome added = orders_[place->second].Add(index, row, answer.number);
    switch (added.added) {
      case OrderRows::Added::kItem:
        return;
      case OrderRows::Added::kRepeated:
        return Repeat(index, /*from_file=*/true);
      case OrderRows::Added::kDiffers:
        return run_.Reject(row, index, added.field, RowsDiffer(), change_);
      case OrderRows::Added::kTooMany:
        return run_.Reject(row, index, added.field, TooManyItems(), change_);
    }
  }

  // A row that changes nothing.
  void Repeat(size_t index, bool from_file) {
    ++(from_file ? change_.duplicates_in_file : change_.duplicates_in_archive);
    change_.results[index].outcome = RowOutcome::kSkipped;
    if (run_.context_.spec.duplicates() != v1::DUPLICATE_POLICY_REJECT) return;
    run_.Reject(RowAt(index), index, "order_number", DuplicateBreach(), change_);
  }

  absl::Status Record(db::Connection& db) {
    std::vector<PurchaseRecorder::New> records;
    for (const OrderRows& order : orders_) records.push_back({order.purchase(), {}});
    db::WriteSet thrown_away;
    db::WriteSet& writes = run_.context_.dry_run ? thrown_away : change_.writes;
    CRM_ASSIGN_OR_RETURN(
        auto recorded,
        run_.recorder_.Record(db, writes, std::move(records),
                              RecordContextOf(run_.context_, run_.archive_.clock.Now())));
    std::map<Order, size_t> met;
    for (size_t i = 0; i < recorded.size(); ++i) {
      if (run_.context_.dry_run && recorded[i].status.ok()) {
        const size_t content = std::hash<std::string>()(ContentOf(recorded[i].message));
        const Order order = OrderOf(recorded[i].message);
        const auto seen = run_.seen_.find(order);
        if (seen == run_.seen_.end()) {
          met[order] = content;
        } else if (seen->second == content) {
          recorded[i].unchanged = true;
          recorded[i].message.set_entered_via(run_.context_.number);
        } else {
          recorded[i].status = OrderDiffers(recorded[i].message);
        }
      }
      NoteOrder(orders_[i], recorded[i]);
    }
    if (run_.context_.dry_run) {
      change_.after_commit = [&seen = run_.seen_, met = std::move(met)] {
        seen.insert(met.begin(), met.end());
      };
    }
    return absl::OkStatus();
  }

  void NoteOrder(const OrderRows& order, const PurchaseRecorder::Outcome& recorded) {
    if (!recorded.status.ok()) return NoteRefused(order, recorded.status);
    if (recorded.unchanged) {
      const bool from_file = recorded.message.entered_via() == run_.context_.number;
      for (const size_t index : order.rows()) Repeat(index, from_file);
      return;
    }
    change_.unknown_products.insert(change_.unknown_products.end(),
                                    recorded.unknown_products.begin(),
                                    recorded.unknown_products.end());
    for (const size_t index : order.rows()) {
      RowResult& result = change_.results[index];
      result.outcome = index == order.rows().front() ? RowOutcome::kCreated : RowOutcome::kMerged;
      result.resource_id = recorded.key.id;
      result.resource_version = recorded.key.version;
      NoteFields(RowAt(index), result);
    }
  }

  void NoteRefused(const OrderRows& order, const absl::Status& status) {
    const std::vector<Violation> violations = ViolationsOf(status);
    Breach breach = violations.empty() ? BreachOf(status) : Breach();
    std::string field = "order_number";
    if (!violations.empty()) {
      Violation first = InColumns(violations.front());
      field = first.field;
      breach = {first.rule, first.mend_en, first.mend_zh};
    }
    const bool is_there = status.code() == absl::StatusCode::kAlreadyExists;
    const bool skip = is_there && run_.context_.spec.duplicates() == v1::DUPLICATE_POLICY_SKIP;
    for (const size_t index : order.rows()) {
      const PurchaseRow& row = RowAt(index);
      if (is_there) ++change_.duplicates_in_archive;
      if (skip) {
        change_.results[index].outcome = RowOutcome::kSkipped;
      } else {
        const bool no_customer = status.code() == absl::StatusCode::kNotFound;
        run_.Reject(row, index, no_customer ? FieldOfWho(row.who) : field, breach, change_);
      }
    }
  }

  PurchaseRun& run_;
  const ParsedRows& rows_;
  BatchChange change_;
  CustomerJoin join_;
  std::deque<OrderRows> orders_;
  std::map<Order, size_t> by_order_;
};

absl::StatusOr<BatchChange> PurchaseRun::Apply(db::Connection& db, const ParsedRows& rows, int) {
  return Batch(*this, rows).Run(db);
}

}  // namespace

std::unique_ptr<ImportKind> NewPurchaseImport(ActivityArchive& activity) {
  return std::make_unique<MessageKind<PurchaseRun>>(PurchaseRun::Parts{activity.archive, activity},
                                                    RowShape{.catalog = &PurchaseCatalog(),
                                                             .required = {"order_number", "time"},
                                                             .joins = JoinNames()});
}

}  // namespace crm::customer::import

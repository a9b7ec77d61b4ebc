#include "services/customer/import/purchase_import.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "services/customer/import/grouped_rows.h"
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

Breach TooManyRows() {
  return {"TOO_MANY_ITEMS", "an order has at most 200 products and 1000 rows; split it",
          "每个订单最多 200 个产品、1000 行，请拆分"};
}

// Why an order is not stored: a row of it was rejected, or is not known to be one of it.
struct Fault {
  int64_t line = 0;
  std::string rule;  // empty: the line could not be read, or has no order number
};

Breach OrderIncomplete(const Fault& fault) {
  if (fault.rule.empty()) {
    return {"ORDER_INCOMPLETE",
            absl::StrCat("line ", fault.line,
                         " cannot be read or has no order number and may belong to this order; "
                         "correct it and import all rows of the order, of which none is stored"),
            absl::StrCat("第 ", fault.line,
                         " 行无法读取或没有订单号，可能属于该订单；请更正后重新导入该订单的全部行，"
                         "该订单未保存")};
  }
  return {"ORDER_INCOMPLETE",
          absl::StrCat("line ", fault.line, " of this order was rejected (", fault.rule,
                       "); correct it and import all rows of the order, of which none is stored"),
          absl::StrCat("该订单的第 ", fault.line, " 行被拒绝（", fault.rule,
                       "）；请更正后重新导入该订单的全部行，该订单未保存")};
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
        order_(KeyColumnOf("order_number", "")),
        system_(KeyColumnOf("source_system", kSourceSystem)),
        cleaner_(archive_.lists, archive_.staff, context_.now, archive_.zone) {}

  // The rows of one order are one purchase.
  bool has_groups() const override { return true; }
  uint64_t GroupOf(const tabular::Row& row) override {
    const std::string order = KeyOf(order_, row);
    return order.empty() ? 0 : GroupId(absl::StrCat(KeyOf(system_, row), "\n", order));
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

  // A column of what names an order, and what rows without it have.
  struct KeyColumn {
    const ColumnPlan::Column* column = nullptr;
    std::string otherwise;
  };

  KeyColumn KeyColumnOf(std::string_view field, std::string otherwise) const {
    KeyColumn key{.column = plan_.Find(field), .otherwise = std::move(otherwise)};
    for (const v1::FieldDefault& value : context_.spec.defaults()) {
      if (value.field() == field) key.otherwise = value.value();
    }
    return key;
  }

  // As the field will be: cleaned.
  std::string KeyOf(const KeyColumn& key, const tabular::Row& row) {
    if (key.column == nullptr) return key.otherwise;
    CleaningCounts ignored;
    const std::string_view text =
        cleaner_.CleanText(row[key.column->index], /*keep_lines=*/false, ignored);
    return CellCleaner::IsMissingWord(text) ? key.otherwise : std::string(text);
  }

  ActivityArchive& activity_;
  const PurchaseRecorder recorder_;
  const KeyColumn order_;
  const KeyColumn system_;
  CellCleaner cleaner_;  // of the parsing thread
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
    for (size_t i = 0; i < rows_.size(); ++i) Put(i);
    KeepWhole();
    CRM_RETURN_IF_ERROR(Record(db));
    return std::move(change_);
  }

 private:
  const PurchaseRow& RowAt(size_t index) const {
    return static_cast<const PurchaseRow&>(*rows_[index]);
  }

  void Put(size_t index) {
    const ParsedRow& parsed = *rows_[index];
    if (parsed.group.lost_line != 0) faults_[parsed.group.id] = {parsed.group.lost_line, ""};
    if (parsed.rejected) {
      change_.results[index].outcome = RowOutcome::kRejected;
      return NoteFault(index, parsed.issues.front().rule());
    }
    const PurchaseRow& row = RowAt(index);
    if (row.group.too_large) return Refuse(index, "order_number", TooManyRows());
    Add(index, row);
  }

  void NoteFault(size_t index, const std::string& rule) {
    const ParsedRow& row = *rows_[index];
    if (row.group.id != 0) faults_.try_emplace(row.group.id, Fault{row.line, rule});
  }

  // A fault of one row.
  void Refuse(size_t index, std::string_view field, const Breach& breach) {
    run_.Reject(RowAt(index), index, field, breach, change_);
    NoteFault(index, breach.rule);
  }

  // Into its order.
  void Add(size_t index, const PurchaseRow& row) {
    CustomerJoin::Answer answer = join_.Of(row.who);
    if (answer.breach.has_value()) return Refuse(index, answer.field, *answer.breach);
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
        ++change_.duplicates_in_file;
        if (rejects_duplicates()) Refuse(index, "order_number", DuplicateBreach());
        return;
      case OrderRows::Added::kDiffers:
        return Refuse(index, added.field, RowsDiffer());
      case OrderRows::Added::kTooMany:
        return Refuse(index, added.field, TooManyItems());
    }
  }

  bool rejects_duplicates() const {
    return run_.context_.spec.duplicates() == v1::DUPLICATE_POLICY_REJECT;
  }

  // Drops orders of which a row was rejected: stored in part, they could never be completed.
  void KeepWhole() {
    std::deque<OrderRows> whole;
    for (OrderRows& order : orders_) {
      const auto fault = faults_.find(rows_[order.rows().front()]->group.id);
      if (fault == faults_.end()) {
        whole.push_back(std::move(order));
        continue;
      }
      ForEach(order, [&](size_t index) {
        if (change_.results[index].outcome == RowOutcome::kRejected) return;
        run_.Reject(RowAt(index), index, "order_number", OrderIncomplete(fault->second), change_);
      });
    }
    orders_ = std::move(whole);
  }

  // All rows of an order.
  template <typename Function>
  static void ForEach(const OrderRows& order, Function function) {
    for (const size_t index : order.rows()) function(index);
    for (const size_t index : order.repeated()) function(index);
  }

  // A row of an order that is there.
  void Repeat(size_t index) {
    ++change_.duplicates_in_archive;
    change_.results[index].outcome = RowOutcome::kSkipped;
    if (!rejects_duplicates()) return;
    run_.Reject(RowAt(index), index, "order_number", DuplicateBreach(), change_);
  }

  absl::Status Record(db::Connection& db) {
    std::vector<PurchaseRecorder::New> records;
    for (const OrderRows& order : orders_) records.push_back({order.purchase(), {}});
    db::WriteSet thrown_away;
    db::WriteSet& writes = run_.context_.dry_run ? thrown_away : change_.writes;
    CRM_ASSIGN_OR_RETURN(
        const auto recorded,
        run_.recorder_.Record(db, writes, std::move(records),
                              RecordContextOf(run_.context_, run_.archive_.clock.Now())));
    for (size_t i = 0; i < recorded.size(); ++i) NoteOrder(orders_[i], recorded[i]);
    return absl::OkStatus();
  }

  void NoteOrder(const OrderRows& order, const PurchaseRecorder::Outcome& recorded) {
    if (!recorded.status.ok()) return NoteRefused(order, recorded.status);
    if (recorded.unchanged) {
      for (const size_t index : order.rows()) Repeat(index);
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
    ForEach(order, [&](size_t index) {
      const PurchaseRow& row = RowAt(index);
      if (is_there) ++change_.duplicates_in_archive;
      if (skip) {
        change_.results[index].outcome = RowOutcome::kSkipped;
      } else {
        const bool no_customer = status.code() == absl::StatusCode::kNotFound;
        run_.Reject(row, index, no_customer ? FieldOfWho(row.who) : field, breach, change_);
      }
    });
  }

  PurchaseRun& run_;
  const ParsedRows& rows_;
  BatchChange change_;
  CustomerJoin join_;
  std::deque<OrderRows> orders_;
  std::map<Order, size_t> by_order_;
  absl::flat_hash_map<uint64_t, Fault> faults_;  // by group
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

#include "services/customer/import/product_import.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/text/unicode.h"
#include "common/text/yes_no.h"
#include "services/customer/import/message_kind.h"
#include "services/customer/import/message_run.h"
#include "services/customer/import/upsert_batch.h"
#include "services/customer/product_changes.h"
#include "services/customer/product_rules.h"

namespace crm::customer::import {

using schema::Breach;
using schema::Violation;
using Outcome = CellCleaner::Outcome;
using Products = UpsertBatch<v1::Product>;

namespace {

const FieldCatalog& Catalog() {
  static const FieldCatalog& catalog = *new FieldCatalog(
      schema::MessageSchema::Of<v1::Product>(),
      {{"active", {"在售", "是否在售", "销售状态", "状态", "on sale"}, nullptr, true}});
  return catalog;
}

Breach NameTaken() {
  return {"PRODUCT_NAME_TAKEN", "the code or name means another product; use another one",
          "该编码或名称已属于其他产品，请更换"};
}

Breach ComplementUnknown() {
  return {"PRODUCT_UNKNOWN", "use codes or names of products of the list or of this file",
          "请使用产品列表或本文件中的产品编码或名称"};
}

std::optional<bool> ParseOnSale(std::string_view text) {
  const std::string folded = text::FoldForSearch(text);
  for (const char* yes : {"在售", "上架", "启用", "正常", "active", "on sale"}) {
    if (folded == yes) return true;
  }
  for (const char* no : {"停售", "下架", "停用", "停产", "inactive", "retired"}) {
    if (folded == no) return false;
  }
  return text::ParseYesNo(text);
}

v1::ProductKind GuessKind(const v1::Product& product) {
  static constexpr std::array<std::string_view, 5> kOfServices = {"服务", "培训", "维保", "咨询",
                                                                  "service"};
  const std::string text =
      text::FoldForSearch(product.category() + "\n" + product.name_zh() + "\n" + product.name_en());
  const bool service = std::any_of(kOfServices.begin(), kOfServices.end(), [&](auto word) {
    return absl::StrContains(text, ToAbsl(word));
  });
  return service ? v1::PRODUCT_KIND_SERVICE : v1::PRODUCT_KIND_PRODUCT;
}

struct ProductRow : MessageRow {
  v1::Product product;
  bool kind_guessed = false;

  std::vector<google::protobuf::Message*> messages() override { return {&product}; }
};

// What a dry run has met, by folded name: it writes nothing that later rows could be found by.
using SeenNames = absl::flat_hash_map<std::string, std::string>;  // → code

class ProductRun : public MessageRun {
 public:
  struct Parts {
    Archive& archive;
    const ProductStore& products;
  };

  ProductRun(Parts parts, RowShape shape, ImportContext context, ColumnPlan plan)
      : MessageRun(parts.archive, std::move(shape), std::move(context), std::move(plan)),
        products_(parts.products),
        changes_(parts.archive.ids, parts.products) {}

  absl::StatusOr<BatchChange> Apply(db::Connection& db, const ParsedRows& rows,
                                    int attempt) override;

 protected:
  std::unique_ptr<MessageRow> NewRow() const override {
    auto row = std::make_unique<ProductRow>();
    row->product.set_active(true);
    return row;
  }

  Outcome ReadOwn(std::string_view, std::string_view text, MessageRow& row, CleaningCounts& counts,
                  Breach& breach) const override {
    const std::optional<bool> active = ParseOnSale(text);
    if (!active.has_value()) {
      breach = {"YES_OR_NO", "write yes or no", "请填写是或否"};
      return Outcome::kBroken;
    }
    counts.Count(Cleaning::kYesNo);
    static_cast<ProductRow&>(row).product.set_active(*active);
    return Outcome::kSet;
  }

  std::vector<Violation> Check(MessageRow& row, CleaningCounts& counts) const override {
    auto& parsed = static_cast<ProductRow&>(row);
    v1::Product& product = parsed.product;
    if (product.kind() == v1::PRODUCT_KIND_UNSPECIFIED) {
      product.set_kind(GuessKind(product));
      counts.Count(Cleaning::kKindGuessed);
    }
    return CheckProduct(product);
  }

  absl::StatusOr<std::vector<Stored>> ReadStored(db::Connection& db,
                                                 const std::vector<int64_t>& ids) const override {
    CRM_ASSIGN_OR_RETURN(std::vector<StoredProduct> found, products_.GetByIds(db, ids));
    std::vector<Stored> stored;
    for (StoredProduct& product : found) {
      stored.push_back({product.key, std::make_unique<v1::Product>(std::move(product.message))});
    }
    return stored;
  }

  absl::Status Complete(db::Connection& db, Sources& sources) override {
    std::vector<std::string> names;
    for (const auto& source : sources) {
      for (const std::string& name : ProductOf(*source).complements()) {
        names.push_back(FoldProductName(name));
      }
    }
    CRM_ASSIGN_OR_RETURN(const ProductStore::Meanings meanings, products_.Resolve(db, names));
    for (const auto& source : sources) {
      for (std::string& name : *static_cast<ProductRow&>(*source).product.mutable_complements()) {
        const auto meaning = meanings.find(FoldProductName(name));
        if (meaning != meanings.end()) name = meaning->second.code;
      }
    }
    return absl::OkStatus();
  }

 private:
  class Batch;

  static const v1::Product& ProductOf(const ParsedRow& row) {
    return static_cast<const ProductRow&>(row).product;
  }

  const ProductStore& products_;
  const ProductChanges changes_;
  SeenNames seen_;
};

// The rows of one batch.
class ProductRun::Batch {
 public:
  Batch(ProductRun& run, const ParsedRows& rows)
      : run_(run), rows_(rows), batch_(run.context_, change_) {}

  absl::StatusOr<BatchChange> Run(db::Connection& db) && {
    change_.results.resize(rows_.size());
    CRM_RETURN_IF_ERROR(Load(db));
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i]->rejected) {
        change_.results[i].outcome = RowOutcome::kRejected;
      } else {
        Decide(i, static_cast<const ProductRow&>(*rows_[i]));
      }
    }
    if (run_.context_.dry_run) {
      RememberSeen();
    } else {
      Write();
    }
    return std::move(change_);
  }

 private:
  using Target = Products::Target;

  absl::Status Load(db::Connection& db) {
    std::vector<std::string> names;
    for (const auto& row : rows_) {
      if (row->rejected) continue;
      const v1::Product& product = ProductOf(*row);
      for (std::string& name : OwnNames(product)) {
        coming_.try_emplace(name, product.code());
        names.push_back(std::move(name));
      }
      for (const std::string& name : product.complements()) names.push_back(FoldProductName(name));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    CRM_ASSIGN_OR_RETURN(meanings_, run_.products_.Resolve(db, names));
    std::vector<std::string> codes;
    for (const auto& [name, meaning] : meanings_) codes.push_back(meaning.code);
    CRM_ASSIGN_OR_RETURN(std::vector<StoredProduct> found, run_.products_.GetMany(db, codes));
    for (StoredProduct& product : found) {
      const std::string code = FoldProductName(product.message.code());
      const bool from_file = product.message.creator() == run_.context_.actor &&
                             TimeOf(product.message.create_time()) >= run_.context_.created;
      by_code_[code] = &batch_.AddExisting(product.key, std::move(product.message), from_file);
    }
    return absl::OkStatus();
  }

  // The code of the product that a folded name means by now; empty if none.
  std::string MeaningOf(const std::string& folded) const {
    if (const auto taken = taken_.find(folded); taken != taken_.end()) return taken->second;
    if (const auto known = meanings_.find(folded); known != meanings_.end()) {
      return known->second.code;
    }
    const auto seen = run_.seen_.find(folded);
    return seen == run_.seen_.end() ? "" : seen->second;
  }

  void Decide(size_t index, const ProductRow& row) {
    v1::Product product = row.product;
    if (!MapComplements(index, row, product)) return;
    const std::string folded = FoldProductName(product.code());
    const std::string meant = MeaningOf(folded);
    // The code is a name of another product.
    if (!meant.empty() && FoldProductName(meant) != folded) {
      return run_.Reject(row, index, "code", NameTaken(), change_);
    }
    if (const auto target = by_code_.find(folded); target != by_code_.end()) {
      return DecideDuplicate(index, row, product, *target->second);
    }
    if (run_.seen_.contains(folded)) {
      Target seen;
      seen.after = product;
      seen.from_file = true;
      return DecideDuplicate(index, row, product, seen);
    }
    if (!NamesAreFree(index, row, product)) return;
    Target& target = batch_.AddNew(index, row, product);
    by_code_[folded] = &target;
    Remember(product);
  }

  void DecideDuplicate(size_t index, const ProductRow& row, const v1::Product& product,
                       Target& target) {
    switch (batch_.Judge(index, target.from_file)) {
      case Products::Verdict::kReject:
        return run_.Reject(row, index, "code", DuplicateBreach(), change_);
      case Products::Verdict::kSkip:
        return;
      case Products::Verdict::kMerge:
        break;
    }
    Products::Merged merged = batch_.Merge(target, row, product);
    if (const auto violations = CheckProduct(merged.message); !violations.empty()) {
      const Violation& first = violations.front();
      return run_.Reject(row, index, "complements", {first.rule, first.mend_en, first.mend_zh},
                         change_);
    }
    if (!NamesAreFree(index, row, merged.message)) return;
    Remember(merged.message);
    batch_.Take(index, std::move(merged), target);
  }

  bool NamesAreFree(size_t index, const ProductRow& row, const v1::Product& product) {
    const std::pair<std::string_view, const std::string*> names[] = {
        {"name_zh", &product.name_zh()}, {"name_en", &product.name_en()}};
    for (const auto& [field, name] : names) {
      const std::string meant = MeaningOf(FoldProductName(*name));
      if (meant.empty() || FoldProductName(meant) == FoldProductName(product.code())) continue;
      run_.Reject(row, index, field, NameTaken(), change_);
      return false;
    }
    return true;
  }

  void Remember(const v1::Product& product) {
    for (std::string& name : OwnNames(product)) taken_.try_emplace(std::move(name), product.code());
  }

  // Codes for names. False if the row was rejected.
  bool MapComplements(size_t index, const ProductRow& row, v1::Product& product) {
    std::vector<std::string> codes;
    for (const std::string& name : row.product.complements()) {
      std::string code = ComplementOf(FoldProductName(name));
      if (!code.empty()) {
        if (std::find(codes.begin(), codes.end(), code) == codes.end()) {
          codes.push_back(std::move(code));
        }
        continue;
      }
      if (!run_.accept_incomplete()) {
        run_.Reject(row, index, "complements", ComplementUnknown(), change_);
        return false;
      }
      run_.LeaveOut(row, "complements", ComplementUnknown(), change_);
    }
    product.mutable_complements()->Assign(codes.begin(), codes.end());
    return true;
  }

  std::string ComplementOf(const std::string& folded) const {
    std::string code = MeaningOf(folded);
    if (!code.empty()) return code;
    const auto coming = coming_.find(folded);  // of a later row
    return coming == coming_.end() ? "" : coming->second;
  }

  void RememberSeen() {
    change_.after_commit = [&seen = run_.seen_, taken = std::move(taken_)] {
      for (const auto& [name, code] : taken) seen.try_emplace(name, code);
    };
  }

  void Write() {
    DropDangling();
    const resource::ChangeSource source = run_.source();
    for (const auto& target : batch_.targets()) {
      if (target->is_new) {
        target->key = run_.changes_.Create(change_.writes, target->after, source).key;
      } else if (target->changed) {
        const StoredProduct before{target->key, target->before};
        target->key =
            run_.changes_.Change(change_.writes, before, target->after, FreshNames(*target), source)
                .key;
      }
    }
    batch_.NoteResults(rows_);
  }

  // Names that mean nothing yet: neither the product's own nor mapped to it by hand.
  std::vector<std::string> FreshNames(const Target& target) const {
    const std::vector<std::string> own = OwnNames(target.before);
    std::vector<std::string> names = OwnNames(target.after);
    names.erase(std::remove_if(names.begin(), names.end(),
                               [&](const std::string& name) {
                                 return meanings_.contains(name) ||
                                        std::find(own.begin(), own.end(), name) != own.end();
                               }),
                names.end());
    return names;
  }

  // Complements that were to come with a row that was rejected.
  void DropDangling() {
    static const schema::FieldSchema* const field =
        schema::MessageSchema::Of<v1::Product>().Find("complements");
    for (const auto& target : batch_.targets()) {
      const auto set_by = target->last_row.find(field);
      if (set_by == target->last_row.end()) continue;
      auto& codes = *target->after.mutable_complements();
      const auto gone = std::remove_if(codes.begin(), codes.end(), [&](const std::string& code) {
        return MeaningOf(FoldProductName(code)).empty();
      });
      if (gone == codes.end()) continue;
      codes.erase(gone, codes.end());
      run_.LeaveOut(static_cast<const ProductRow&>(*rows_[set_by->second]), "complements",
                    ComplementUnknown(), change_);
      target->last_row.erase(set_by);
    }
  }

  ProductRun& run_;
  const ParsedRows& rows_;
  BatchChange change_;
  Products batch_;
  ProductStore::Meanings meanings_;                       // of the archive
  absl::flat_hash_map<std::string, std::string> coming_;  // names of this batch → code
  absl::flat_hash_map<std::string, std::string> taken_;   // names given out in this batch → code
  absl::flat_hash_map<std::string, Target*> by_code_;     // folded
};

absl::StatusOr<BatchChange> ProductRun::Apply(db::Connection& db, const ParsedRows& rows, int) {
  return Batch(*this, rows).Run(db);
}

}  // namespace

std::unique_ptr<ImportKind> NewProductImport(Archive& archive, const ProductStore& products) {
  return std::make_unique<MessageKind<ProductRun>>(
      ProductRun::Parts{archive, products},
      RowShape{.catalog = &Catalog(), .required = {"code", "name_zh"}, .joins = {}});
}

}  // namespace crm::customer::import

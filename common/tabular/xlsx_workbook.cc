#include "common/tabular/xlsx_workbook.h"

#include <functional>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/absl_view.h"
#include "common/base/status_macros.h"
#include "common/tabular/table_error.h"

namespace crm::tabular {
namespace {

// Far more than any real workbook has; Excel's own limit is 64 000 cell formats.
constexpr size_t kMaxSheets = 10'000;
constexpr size_t kMaxRelations = 20'000;
constexpr size_t kMaxStyles = 100'000;

// Calls a function for every element that starts; enough for small parts.
class StartHandler : public XmlHandler {
 public:
  using Function = std::function<void(std::string_view, const XmlAttributes&)>;
  explicit StartHandler(Function function) : function_(std::move(function)) {}
  void OnStart(std::string_view element, const XmlAttributes& attributes) override {
    function_(element, attributes);
  }
  void OnEnd(std::string_view) override {}
  void OnText(std::string_view) override {}

 private:
  Function function_;
};

absl::Status ReadStarts(const XlsxPackage& package, const std::string& name,
                        const std::function<bool(std::string_view, const XmlAttributes&)>& take) {
  CRM_ASSIGN_OR_RETURN(const std::unique_ptr<XmlPart> part, package.OpenPart(name));
  StartHandler handler([&](std::string_view element, const XmlAttributes& attributes) {
    if (take(element, attributes)) return;
    part->Fail(FileError("TABLE_TOO_LARGE", "a part of the workbook has too many entries"));
  });
  return part->Run(handler).status();
}

struct Relation {
  std::string type;  // last step of the type's address, the same in both editions of the standard
  std::string part;
};
using Relations = std::map<std::string, Relation>;

std::string FolderOf(const std::string& part) {
  const size_t slash = part.rfind('/');
  return slash == std::string::npos ? "" : part.substr(0, slash);
}

std::string RelationsPart(const std::string& part) {
  const size_t slash = part.rfind('/');
  const std::string file = slash == std::string::npos ? part : part.substr(slash + 1);
  return ResolvePart(FolderOf(part), absl::StrCat("_rels/", file, ".rels"));
}

absl::StatusOr<Relations> ReadRelations(const XlsxPackage& package, const std::string& part) {
  Relations relations;
  CRM_RETURN_IF_ERROR(ReadStarts(
      package, RelationsPart(part), [&](std::string_view element, const XmlAttributes& attributes) {
        if (element != "Relationship") return true;
        const std::string_view type = attributes.Get("Type");
        relations[std::string(attributes.Get("Id"))] =
            Relation{std::string(type.substr(type.rfind('/') + 1)),
                     ResolvePart(FolderOf(part), attributes.Get("Target"))};
        return relations.size() <= kMaxRelations;
      }));
  return relations;
}

// The part of the first relation of a type, empty if there is none.
std::string PartOfType(const Relations& relations, std::string_view type) {
  for (const auto& [id, relation] : relations) {
    if (relation.type == type) return relation.part;
  }
  return "";
}

absl::Status ReadSheets(const XlsxPackage& package, const std::string& part,
                        const Relations& relations, Workbook& workbook) {
  return ReadStarts(package, part, [&](std::string_view element, const XmlAttributes& attributes) {
    if (element == "workbookPr") {
      const std::string_view flag = attributes.Get("date1904");
      if (flag == "1" || flag == "true") workbook.dates = DateSystem::k1904;
    }
    if (element != "sheet") return true;
    const auto relation = relations.find(std::string(attributes.Get("id")));
    if (relation != relations.end() && relation->second.type == "worksheet") {
      workbook.sheets.push_back({std::string(attributes.Get("name")), relation->second.part});
    }
    return workbook.sheets.size() <= kMaxSheets;
  });
}

class StylesHandler : public XmlHandler {
 public:
  StylesHandler(XmlPart& part, std::vector<NumberKind>& styles) : part_(part), styles_(styles) {}

  void OnStart(std::string_view element, const XmlAttributes& attributes) override {
    if (element == "numFmt") AddFormat(attributes);
    if (element == "cellXfs") in_cell_formats_ = true;
    if (element == "xf" && in_cell_formats_) AddStyle(attributes);
    if (styles_.size() + formats_.size() > kMaxStyles) {
      part_.Fail(FileError("TABLE_TOO_LARGE", "the workbook has too many styles"));
    }
  }
  void OnEnd(std::string_view element) override {
    if (element == "cellXfs") in_cell_formats_ = false;
  }
  void OnText(std::string_view) override {}

 private:
  void AddFormat(const XmlAttributes& attributes) {
    int id;
    if (!absl::SimpleAtoi(ToAbsl(attributes.Get("numFmtId")), &id)) return;
    formats_[id] = NumberKindOf(attributes.Get("formatCode"));
  }
  void AddStyle(const XmlAttributes& attributes) {
    int id;
    if (!absl::SimpleAtoi(ToAbsl(attributes.Get("numFmtId")), &id)) id = 0;
    const auto own = formats_.find(id);
    styles_.push_back(own == formats_.end() ? BuiltInNumberKind(id) : own->second);
  }

  XmlPart& part_;
  std::vector<NumberKind>& styles_;
  std::map<int, NumberKind> formats_;
  bool in_cell_formats_ = false;
};

// Joins the runs of a rich text; leaves phonetic hints out.
class StringsHandler : public XmlHandler {
 public:
  StringsHandler(XmlPart& part, SharedStrings& strings, const ReadLimits& limits)
      : part_(part), strings_(strings), limits_(limits) {}

  void OnStart(std::string_view element, const XmlAttributes&) override {
    if (element == "rPh") phonetic_ = true;
    in_text_ = element == "t" && !phonetic_;
  }
  void OnEnd(std::string_view element) override {
    in_text_ = false;
    if (element == "rPh") phonetic_ = false;
    if (element != "si") return;
    UnescapeText(strings_.text(), strings_.last_begin());
    strings_.EndString();
    CheckSize();
  }
  void OnText(std::string_view text) override {
    if (!in_text_) return;
    strings_.Append(text);
    CheckSize();
  }

 private:
  void CheckSize() {
    if (strings_.memory() > limits_.max_shared_strings_bytes) {
      part_.Fail(FileError("TABLE_TOO_LARGE", "the workbook has too many shared strings"));
    }
  }

  XmlPart& part_;
  SharedStrings& strings_;
  const ReadLimits& limits_;
  bool in_text_ = false;
  bool phonetic_ = false;
};

}  // namespace

void UnescapeText(std::string& text, size_t begin) {
  constexpr size_t kEscape = 7;  // _xHHHH_
  size_t out = text.find("_x", begin);
  if (out == std::string::npos) return;
  for (size_t in = out; in < text.size();) {
    const std::string_view escape = std::string_view(text).substr(in, kEscape);
    uint32_t code = 0;
    const bool known = escape.size() == kEscape && escape.substr(0, 2) == "_x" &&
                       escape[6] == '_' && absl::ascii_isxdigit(escape[2]) &&
                       absl::SimpleHexAtoi(ToAbsl(escape.substr(2, 4)), &code) && code < 0x80;
    text[out++] = known ? static_cast<char>(code) : text[in];
    in += known ? kEscape : 1;
  }
  text.resize(out);
}

absl::StatusOr<Workbook> ReadWorkbook(const XlsxPackage& package, const ReadLimits& limits) {
  std::string part = "xl/workbook.xml";
  if (package.Has("_rels/.rels")) {
    CRM_ASSIGN_OR_RETURN(const Relations roots, ReadRelations(package, ""));
    if (const std::string named = PartOfType(roots, "officeDocument"); !named.empty()) part = named;
  }
  if (!package.Has(part) || !package.Has(RelationsPart(part))) {
    return FileError("TABLE_FORMAT_UNSUPPORTED", "an archive that is not an XLSX workbook");
  }
  CRM_ASSIGN_OR_RETURN(const Relations relations, ReadRelations(package, part));
  Workbook workbook;
  CRM_RETURN_IF_ERROR(ReadSheets(package, part, relations, workbook));
  if (const std::string name = PartOfType(relations, "styles"); package.Has(name)) {
    CRM_ASSIGN_OR_RETURN(const std::unique_ptr<XmlPart> styles, package.OpenPart(name));
    StylesHandler handler(*styles, workbook.styles);
    CRM_RETURN_IF_ERROR(styles->Run(handler).status());
  }
  if (const std::string name = PartOfType(relations, "sharedStrings"); package.Has(name)) {
    CRM_ASSIGN_OR_RETURN(const std::unique_ptr<XmlPart> strings, package.OpenPart(name));
    StringsHandler handler(*strings, workbook.strings, limits);
    CRM_RETURN_IF_ERROR(strings->Run(handler).status());
  }
  return workbook;
}

}  // namespace crm::tabular

#include "common/tabular/xlsx_package.h"

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/tabular/table_error.h"

namespace crm::tabular {
namespace {

constexpr int kPieceBytes = 1 << 16;
constexpr int kMaxDepth = 64;
constexpr int64_t kRatioFrom = int64_t{1} << 20;
// A tag or comment that does not end is scanned again with every piece.
constexpr int64_t kMaxTokenBytes = int64_t{1} << 20;

std::string_view LocalName(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

absl::Status Corrupt() { return FileError("TABLE_CORRUPT", "the workbook is damaged"); }
absl::Status TooLarge(std::string_view message) { return FileError("TABLE_TOO_LARGE", message); }

}  // namespace

std::string_view XmlAttributes::Get(std::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2) {
    if (LocalName(pair[0]) == name) return pair[1];
  }
  return {};
}

XmlPart::XmlPart(std::unique_ptr<zip_file_t, ZipCloser> file, int64_t compressed, int64_t inflated,
                 const ReadLimits& limits)
    : limits_(limits),
      file_(std::move(file)),
      parser_(XML_ParserCreate(nullptr)),
      compressed_(compressed),
      expected_(inflated) {
  XML_SetUserData(parser_.get(), this);
  XML_SetElementHandler(parser_.get(), &XmlPart::OnStart, &XmlPart::OnEnd);
  XML_SetCharacterDataHandler(parser_.get(), &XmlPart::OnText);
  XML_SetStartDoctypeDeclHandler(parser_.get(), &XmlPart::OnDoctype);
}

void XmlPart::OnStart(void* self, const XML_Char* name, const XML_Char** attributes) {
  auto* part = static_cast<XmlPart*>(self);
  if (!part->failed_.ok()) return;
  part->last_event_ = part->inflated_;
  if (++part->depth_ > kMaxDepth) return part->Fail(Corrupt());
  part->handler_->OnStart(LocalName(name), XmlAttributes(attributes));
}

void XmlPart::OnEnd(void* self, const XML_Char* name) {
  auto* part = static_cast<XmlPart*>(self);
  if (!part->failed_.ok()) return;
  part->last_event_ = part->inflated_;
  --part->depth_;
  part->handler_->OnEnd(LocalName(name));
}

void XmlPart::OnText(void* self, const XML_Char* text, int size) {
  auto* part = static_cast<XmlPart*>(self);
  if (!part->failed_.ok()) return;
  part->last_event_ = part->inflated_;
  part->handler_->OnText(std::string_view(text, static_cast<size_t>(size)));
}

void XmlPart::OnDoctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  static_cast<XmlPart*>(self)->Fail(
      FileError("TABLE_DTD_FORBIDDEN", "a part of the workbook declares a document type"));
}

void XmlPart::Pause() { XML_StopParser(parser_.get(), XML_TRUE); }

void XmlPart::Fail(absl::Status status) {
  if (!failed_.ok()) return;
  failed_ = std::move(status);
  XML_StopParser(parser_.get(), XML_FALSE);
}

absl::StatusOr<bool> XmlPart::Run(XmlHandler& handler) {
  handler_ = &handler;
  while (failed_.ok()) {
    absl::StatusOr<XML_Status> parsed = XML_STATUS_OK;
    if (paused_) {
      paused_ = false;
      parsed = XML_ResumeParser(parser_.get());
    } else if (at_end_) {
      return false;
    } else {
      parsed = ParsePiece();
    }
    if (!parsed.ok()) failed_ = parsed.status();
    if (!failed_.ok()) break;
    if (*parsed == XML_STATUS_SUSPENDED) {
      paused_ = true;
      return true;
    }
    if (*parsed == XML_STATUS_ERROR) failed_ = Corrupt();
  }
  return failed_;
}

absl::StatusOr<XML_Status> XmlPart::ParsePiece() {
  void* buffer = XML_GetBuffer(parser_.get(), kPieceBytes);
  if (buffer == nullptr) return Corrupt();
  CRM_ASSIGN_OR_RETURN(const int size, Inflate(buffer, kPieceBytes));
  at_end_ = size == 0;
  const XML_Status parsed = XML_ParseBuffer(parser_.get(), size, at_end_ ? 1 : 0);
  if (inflated_ - last_event_ > kMaxTokenBytes) {
    return TooLarge("a tag of the workbook is too long");
  }
  return parsed;
}

absl::StatusOr<int> XmlPart::Inflate(void* out, int size) {
  const zip_int64_t got = zip_fread(file_.get(), out, static_cast<zip_uint64_t>(size));
  if (got < 0) return Corrupt();
  inflated_ += got;
  if (inflated_ > limits_.max_inflated_bytes) {
    return TooLarge("a part of the workbook inflates to too many bytes");
  }
  if (inflated_ > kRatioFrom && inflated_ / (compressed_ + 1) > limits_.max_inflation_ratio) {
    return TooLarge("a part of the workbook is compressed beyond what a table can be");
  }
  return static_cast<int>(got);
}

absl::StatusOr<std::unique_ptr<XlsxPackage>> XlsxPackage::Open(const std::string& path,
                                                               const ReadLimits& limits) {
  int code = 0;
  std::unique_ptr<zip_t, ZipCloser> zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (zip != nullptr) {
    return std::unique_ptr<XlsxPackage>(new XlsxPackage(std::move(zip), limits));
  }
  if (code == ZIP_ER_OPEN || code == ZIP_ER_NOENT || code == ZIP_ER_READ) {
    return NotReadable(errno);
  }
  return Corrupt();
}

bool XlsxPackage::Has(const std::string& name) const {
  return zip_name_locate(zip_.get(), name.c_str(), ZIP_FL_NOCASE) >= 0;
}

absl::StatusOr<std::unique_ptr<XmlPart>> XlsxPackage::OpenPart(const std::string& name) const {
  zip_stat_t facts;
  zip_stat_init(&facts);
  const zip_int64_t index = zip_name_locate(zip_.get(), name.c_str(), ZIP_FL_NOCASE);
  if (index < 0 || zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(index), 0, &facts) != 0) {
    return FileError("TABLE_CORRUPT", "the workbook lacks a part");
  }
  if ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && facts.encryption_method != ZIP_EM_NONE) {
    return FileError("TABLE_FORMAT_UNSUPPORTED", "the workbook is encrypted");
  }
  std::unique_ptr<zip_file_t, ZipCloser> file(
      zip_fopen_index(zip_.get(), static_cast<zip_uint64_t>(index), 0));
  if (file == nullptr) return Corrupt();
  return std::make_unique<XmlPart>(std::move(file), static_cast<int64_t>(facts.comp_size),
                                   static_cast<int64_t>(facts.size), limits_);
}

std::string ResolvePart(std::string_view base, std::string_view target) {
  std::vector<std::string_view> steps;
  const std::string joined = !target.empty() && target[0] == '/'
                                 ? std::string(target)
                                 : std::string(base) + "/" + std::string(target);
  for (const absl::string_view part : absl::StrSplit(joined, '/', absl::SkipEmpty())) {
    if (part == "..") {
      if (!steps.empty()) steps.pop_back();
    } else if (part != ".") {
      steps.emplace_back(part.data(), part.size());
    }
  }
  return absl::StrJoin(steps, "/",
                       [](std::string* out, std::string_view step) { out->append(step); });
}

}  // namespace crm::tabular

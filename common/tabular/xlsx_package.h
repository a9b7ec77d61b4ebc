// The parts of an XLSX file, inflated and parsed as a stream within limits (QUA-8).
#ifndef CRM_COMMON_TABULAR_XLSX_PACKAGE_H_
#define CRM_COMMON_TABULAR_XLSX_PACKAGE_H_

#include <expat.h>
#include <zip.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/tabular/table.h"

namespace crm::tabular {

// The attributes of an element, prefixes cut off.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char** pairs) : pairs_(pairs) {}
  // Empty if it is absent.
  std::string_view Get(std::string_view name) const;

 private:
  const char** pairs_;
};

// What a part's parser reports; element names come without their prefix.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual void OnStart(std::string_view element, const XmlAttributes& attributes) = 0;
  virtual void OnEnd(std::string_view element) = 0;
  virtual void OnText(std::string_view text) = 0;
};

struct ZipCloser {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct ExpatCloser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

// One part, parsed piece by piece. Refuses document types, deep nesting, endless tokens, and more
// inflated bytes than the limits allow.
class XmlPart {
 public:
  XmlPart(std::unique_ptr<zip_file_t, ZipCloser> file, int64_t compressed, int64_t inflated,
          const ReadLimits& limits);
  XmlPart(const XmlPart&) = delete;
  XmlPart& operator=(const XmlPart&) = delete;

  // Parses until the handler calls Pause or Fail, or the part ends: true if it was paused.
  absl::StatusOr<bool> Run(XmlHandler& handler);

  // For handlers, from inside Run.
  void Pause();
  void Fail(absl::Status status);

  int64_t inflated_bytes() const { return inflated_; }
  int64_t expected_bytes() const { return expected_; }

 private:
  static void OnStart(void* self, const XML_Char* name, const XML_Char** attributes);
  static void OnEnd(void* self, const XML_Char* name);
  static void OnText(void* self, const XML_Char* text, int size);
  static void OnDoctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int);

  absl::StatusOr<XML_Status> ParsePiece();
  absl::StatusOr<int> Inflate(void* out, int size);

  const ReadLimits limits_;
  std::unique_ptr<zip_file_t, ZipCloser> file_;
  std::unique_ptr<XML_ParserStruct, ExpatCloser> parser_;
  const int64_t compressed_;
  const int64_t expected_;
  int64_t inflated_ = 0;
  int64_t last_event_ = 0;  // inflated_ when the handler was called last
  XmlHandler* handler_ = nullptr;
  absl::Status failed_;
  int depth_ = 0;
  bool paused_ = false;
  bool at_end_ = false;
};

class XlsxPackage {
 public:
  static absl::StatusOr<std::unique_ptr<XlsxPackage>> Open(const std::string& path,
                                                           const ReadLimits& limits);

  bool Has(const std::string& name) const;
  absl::StatusOr<std::unique_ptr<XmlPart>> OpenPart(const std::string& name) const;

 private:
  XlsxPackage(std::unique_ptr<zip_t, ZipCloser> zip, const ReadLimits& limits)
      : zip_(std::move(zip)), limits_(limits) {}

  std::unique_ptr<zip_t, ZipCloser> zip_;
  const ReadLimits limits_;
};

// The part's name that a relationship's target means, seen from the folder `base`.
std::string ResolvePart(std::string_view base, std::string_view target);

}  // namespace crm::tabular

#endif  // CRM_COMMON_TABULAR_XLSX_PACKAGE_H_

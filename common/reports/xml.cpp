#include "common/reports/xml.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/text.h"

namespace futar::reports {
namespace {

Error no_xml(std::string_view why) { return Error::permanent(fmt::format("no XML that is taken: {}", why)); }

/// What libexpat calls back; the first error stops it.
class Walk {
 public:
  using Ended = std::function<Result<void>(std::string_view, std::string_view)>;

  explicit Walk(const Ended& ended) : parser_(XML_ParserCreate(nullptr), XML_ParserFree), ended_(ended) {
    if (!parser_) return;
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), start, end);
    XML_SetCharacterDataHandler(parser_.get(), text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), doctype);
  }

  Result<void> run(std::string_view xml) {
    if (!parser_) return fail(Error::temporary("no memory to read XML"));
    if (xml.size() > 1u << 30) return fail(no_xml("too long"));
    const auto status = XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), XML_TRUE);
    if (error_) return fail(*std::move(error_));
    if (status != XML_STATUS_OK)
      return fail(no_xml(fmt::format("line {}: {}", XML_GetCurrentLineNumber(parser_.get()),
                                     XML_ErrorString(XML_GetErrorCode(parser_.get())))));
    return {};
  }

 private:
  struct Element {
    size_t path_size;  // of the path without it
    std::string text;
  };

  void stop(Error error) {
    if (!error_) error_ = std::move(error);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  static void start(void* self, const XML_Char* name, const XML_Char**) {
    Walk& walk = *static_cast<Walk*>(self);
    std::string_view local = name;
    local.remove_prefix(local.find(':') + 1);
    if (walk.open_.size() == max_xml_depth) return walk.stop(no_xml("too many elements inside each other"));
    walk.open_.push_back({walk.path_.size(), ""});
    if (!walk.path_.empty()) walk.path_ += '/';
    walk.path_ += local.substr(0, max_xml_name);
  }

  static void text(void* self, const XML_Char* octets, int size) {
    Walk& walk = *static_cast<Walk*>(self);
    if (walk.open_.empty()) return;
    std::string& to = walk.open_.back().text;
    to.append(octets, std::min(static_cast<size_t>(size), max_xml_text - to.size()));
  }

  static void end(void* self, const XML_Char*) {
    Walk& walk = *static_cast<Walk*>(self);
    if (walk.error_ || walk.open_.empty()) return;
    const Element element = std::move(walk.open_.back());
    walk.open_.pop_back();
    if (auto done = walk.ended_(walk.path_, trim(element.text)); !done) walk.stop(std::move(done).error());
    walk.path_.resize(element.path_size);
  }

  static void doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Walk*>(self)->stop(no_xml("it has a DOCTYPE"));
  }

  std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser_;
  const Ended& ended_;
  std::string path_;
  std::vector<Element> open_;
  std::optional<Error> error_;
};

}  // namespace

Result<void> walk_xml(std::string_view xml,
                      const std::function<Result<void>(std::string_view, std::string_view)>& ended) {
  return Walk(ended).run(xml);
}

}  // namespace futar::reports

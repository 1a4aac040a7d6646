// XML to a walk over its elements, no further: no DTD (so no entities but the five), no namespaces, no
// attributes. Internal to reports; owns libexpat.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::reports {

constexpr size_t max_xml_depth = 32, max_xml_name = 100, max_xml_text = 4096;

/// `ended` is called at the end of each element, with its path "feedback/record/row" (names without their
/// prefix) and the text directly inside: trimmed, cut at max_xml_text octets. It may refuse.
/// Refused: what is not well-formed, a DOCTYPE, more than max_xml_depth elements inside each other.
Result<void> walk_xml(std::string_view xml,
                      const std::function<Result<void>(std::string_view path, std::string_view text)>& ended);

}  // namespace futar::reports

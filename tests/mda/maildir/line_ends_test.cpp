#include "mda/maildir/line_ends.h"

#include <doctest/doctest.h>

#include "mda/maildir/mail_store.h"

using namespace futar::mda;

TEST_CASE("CRLF becomes LF and all else stays") {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"", ""},           {"a\r\nb\r\n", "a\nb\n"}, {"a\rb", "a\rb"},     {"a\r", "a\r"},
      {"\r\r\n", "\r\n"}, {"a\nb", "a\nb"},         {"\r\n\r\n", "\n\n"}, {"a\r\n.\r\n", "a\n.\n"},
  };
  for (const auto& [in, out] : table) CHECK(with_lf(in) == out);
}

TEST_CASE("where the pieces end does not matter") {
  const std::string in = "one\r\n\r\ntwo\rthree\r\r\nfour\nfive\r";
  const std::string expected = with_lf(in);
  for (size_t step = 1; step <= in.size(); ++step) {
    LineEnds line_ends;
    std::string out;
    for (size_t at = 0; at < in.size(); at += step)
      line_ends.feed(std::string_view(in).substr(at, step), out);
    line_ends.finish(out);
    CHECK(out == expected);
    CHECK(line_ends.lines() == 4);
  }
}

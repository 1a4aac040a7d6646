#include "deploy/futar/sendmail.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::deploy;
using Mode = SendmailWords::Mode;

TEST_CASE("the command lines that programs use are understood") {
  const auto cron = parse_sendmail({"-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"}).value();
  CHECK(cron.recipients == std::vector<std::string>{"root"});
  CHECK_FALSE(cron.dots_end);
  CHECK_FALSE(cron.from_header);

  const auto php = parse_sendmail({"-t", "-i", "-f", "bob@example.org"}).value();
  CHECK(php.from_header);
  CHECK(php.sender == "bob@example.org");
  CHECK(php.recipients.empty());

  const auto mutt = parse_sendmail({"-oi", "-oem", "-fbob@example.org", "-N", "failure,delay", "-R", "hdrs",
                                    "--", "-odd@example.org", "eva@example.org"})
                        .value();
  CHECK(mutt.sender == "bob@example.org");
  CHECK(mutt.notify == "failure,delay");
  CHECK(mutt.ret == "HDRS");
  CHECK(mutt.recipients == std::vector<std::string>{"-odd@example.org", "eva@example.org"});
  CHECK_FALSE(mutt.dots_end);
}

TEST_CASE("flags stand together, and a value ends a group of them") {
  const auto words = parse_sendmail({"-tif", "bob@example.org", "-vmn"}).value();
  CHECK(words.from_header);
  CHECK_FALSE(words.dots_end);
  CHECK(words.sender == "bob@example.org");
  CHECK_FALSE(parse_sendmail({"-O", "IgnoreDots=true"})->dots_end);
}

TEST_CASE("a null sender is kept apart from none") {
  CHECK(parse_sendmail({"-f", "<>", "a@b.example"})->null_sender);
  CHECK(parse_sendmail({"-f", "", "a@b.example"})->null_sender);
  CHECK_FALSE(parse_sendmail({"a@b.example"})->null_sender);
}

TEST_CASE("modes") {
  CHECK(parse_sendmail({"-bs"})->mode == Mode::smtp);
  CHECK(parse_sendmail({"-bp"})->mode == Mode::queue);
  CHECK(parse_sendmail({"-bi"})->mode == Mode::aliases);
  CHECK(parse_sendmail({"-bm", "x@y.example"})->mode == Mode::deliver);
  CHECK(parse_sendmail({"-q30m"})->mode == Mode::nothing);
  CHECK(parse_sendmail({"-bd", "-q1h"})->mode == Mode::nothing);
}

TEST_CASE("what is not understood is told, not guessed") {
  CHECK_FALSE(parse_sendmail({"-bz"}).has_value());
  CHECK_FALSE(parse_sendmail({"-z"}).has_value());
  CHECK_FALSE(parse_sendmail({"-f"}).has_value());
}

TEST_CASE("a line of one dot ends the message") {
  CHECK(until_dot("a\n.\nb\n") == "a\n");
  CHECK(until_dot("a\r\n.\r\nb\r\n") == "a\r\n");
  CHECK(until_dot(".\n") == "");
  CHECK(until_dot("a\n.") == "a\n");
  CHECK(until_dot("a\n..\n .\nb.\n") == "a\n..\n .\nb.\n");
  CHECK(until_dot("") == "");
}

#include "mda/maildir/path.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mda;
using namespace std::literals;

TEST_CASE("a hostile name becomes one harmless path component") {
  const std::pair<std::string_view, std::string_view> table[] = {
      {"bob", "bob"},       {"..", "%2e."},           {"../../etc", "%2e.%2f..%2fetc"},
      {"a/b", "a%2fb"},     {".hidden", "%2ehidden"}, {"a.b", "a.b"},
      {"a\0b"sv, "a%00b"},  {"a\nb", "a%0ab"},        {"a\x7f", "a%7f"},
      {"100%", "100%25"},   {"%2e", "%252e"},         {"", "%"},
      {"jürgen", "jürgen"}, {"a b", "a b"},           {"-rf", "-rf"},
  };
  for (const auto& [name, component] : table) CHECK(path_component(name) == component);
}

TEST_CASE("an account lives in DOMAIN/USER") {
  CHECK(mailbox_path("bob@example.org")->text() == "example.org/bob");
  CHECK(mailbox_path("\"a@b\"@example.org")->text() == "example.org/\"a@b\"");
  CHECK(mailbox_path("../x@..")->text() == "%2e./%2e.%2fx");
  for (std::string_view bad : {"", "bob", "@example.org", "bob@", "@"}) CHECK_FALSE(mailbox_path(bad));
  CHECK_FALSE(mailbox_path(std::string(300, 'a') + "@example.org"));
}

TEST_CASE("a folder's name stays inside the Maildir") {
  CHECK(*folder_path("INBOX") == "");
  CHECK(*folder_path("Junk") == ".Junk");
  CHECK(*folder_path("Lists/Futár") == ".Lists.Futár");
  for (std::string_view bad :
       {""sv, "."sv, ".."sv, "../x"sv, "/etc"sv, "a//b"sv, "a/"sv, "a.b"sv, "a\0"sv, "a\n"sv})
    CHECK_FALSE(folder_path(bad));
  CHECK_FALSE(folder_path(std::string(255, 'a')));
}

TEST_CASE("a file name holds time, row, id, host and sizes") {
  const MessageId id = *MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y");
  const std::string name = unique_name(1'764'000'000'000'042, 17, id, "mail.example.org");
  CHECK(name == "1764000000.M42R17I01kb3m7q2v8x0z4c9r5t1n6w3y.mail.example.org");
  const std::string file = with_sizes(name, {1234, 1300});
  CHECK(file == name + ",S=1234,W=1300");
  CHECK(sizes_part(file) == ",S=1234,W=1300");
  CHECK(unique_name(0, 1, id, "a/b:c,d\n").ends_with(".a_b_c_d_"));
}

TEST_CASE("a size is read from a file name, with flags or without") {
  CHECK(physical_size("1.M2.host,S=1234,W=1300") == 1234);
  CHECK(physical_size("1.M2.host,S=7:2,S") == 7);
  CHECK(physical_size("1.M2.host") == -1);
  CHECK(physical_size("1.M2.host,S=x") == -1);
  CHECK(physical_size("1.M2.host,S=99999999999999999999") == -1);
}

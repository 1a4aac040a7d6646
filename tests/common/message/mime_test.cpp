#include "common/message/mime.h"

#include <doctest/doctest.h>

using namespace futar::message;

namespace {

std::string multipart(const std::string& boundary, const std::vector<std::string>& parts) {
  std::string body = "preamble\r\n";
  for (const std::string& part : parts) body += "--" + boundary + "\r\n" + part + "\r\n";
  return body + "--" + boundary + "--\r\nepilogue\r\n";
}

}  // namespace

TEST_CASE("a message that is no multipart is one part") {
  const auto parts = parts_of("Subject: x\r\n\r\n", "hello\r\n");
  REQUIRE(parts.size() == 1);
  CHECK(parts[0].type == "text/plain");
  CHECK(parts[0].content == "hello\r\n");
  const auto zip = parts_of(
      "Content-Type: Application/ZIP; name=\"a.zip\"\r\nContent-Transfer-Encoding: BASE64\r\n", "UEs=\r\n");
  REQUIRE(zip.size() == 1);
  CHECK(zip[0].type == "application/zip");
  CHECK(decode(zip[0]) == "PK");
}

TEST_CASE("the parts of a multipart stand between its delimiters, nested ones too") {
  const std::string inner =
      "Content-Type: multipart/alternative; boundary=in\r\n\r\n" +
      multipart("in", {"\r\nplain\r\n", "Content-Type: text/html\r\n\r\n<p>--out is no delimiter\r\n"});
  const std::string body = multipart("out", {inner, "Content-Type: application/gzip\r\n\r\nX"});
  for (const char* type :
       {"multipart/mixed; boundary=out", "multipart/report;\r\n report-type=x;\r\n\tBOUNDARY = \"out\"",
        "multipart/mixed; x; boundary=\"o\\ut\"; boundary=in"}) {
    const auto parts = parts_of("Content-Type: " + std::string(type) + "\r\n\r\n", body);
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].content == "plain\r\n\r\n");
    CHECK(parts[1].type == "text/html");
    CHECK(parts[2].type == "application/gzip");
    CHECK(parts[2].content == "X\r\n");
  }
}

TEST_CASE("a multipart without an end or a boundary is read as far as it goes") {
  CHECK(parts_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "--b\r\n\r\none\r\n--b\r\n\r\ntwo")
            .size() == 2);
  CHECK(parts_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n", "no delimiter\r\n").empty());
  CHECK(parts_of("Content-Type: multipart/mixed\r\n\r\n", "--\r\n").size() == 1);
  CHECK(parts_of("Content-Type: nonsense\r\n\r\n", "x")[0].type == "text/plain");
}

TEST_CASE("depth and number of parts are bounded") {
  std::string body = "deep";
  for (int i = 0; i < 100; ++i)
    body = multipart(
        "b" + std::to_string(i),
        {(i ? "Content-Type: multipart/mixed; boundary=b" + std::to_string(i - 1) : "") + "\r\n\r\n" + body});
  const auto deep = parts_of("Content-Type: multipart/mixed; boundary=b99\r\n\r\n", body);
  REQUIRE(deep.size() == 1);
  CHECK(deep[0].type == "multipart/mixed");
  CHECK(parts_of("Content-Type: multipart/mixed; boundary=b\r\n\r\n",
                 multipart("b", std::vector<std::string>(1000, "\r\nx")))
            .size() == max_mime_parts);
}

TEST_CASE("encodings are undone as a tolerant reader does it") {
  const auto decoded = [](const char* encoding, std::string_view content) {
    return decode({"text/plain", encoding, content});
  };
  CHECK(decoded("base64", "aGVs\r\nbG8=\r\n") == "hello");
  CHECK(decoded("base64", "aG!Vs bG8") == "hello");
  CHECK(decoded("base64", "aGVsbG8=aGVsbG8=") == "hello");
  CHECK(decoded("base64", "a") == "");
  CHECK(decoded("quoted-printable", "a=3D=3db  \r\nsoft=\r\nline=\n") == "a==b\r\nsoftline");
  CHECK(decoded("quoted-printable", "=4") == "=4");
  CHECK(decoded("quoted-printable", "=XY") == "=XY");
  CHECK(decoded("8bit", "=41") == "=41");
}

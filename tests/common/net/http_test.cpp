#include "common/net/http.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/common/net/fixture.h"
#include "tests/fakes/pki.h"

using namespace futar;
using namespace futar::net;

namespace {

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n";

struct Exchange {
  std::string asked;
  Result<HttpReply> reply = fail(Error::temporary(""));
};

Task<> answer_then_close(FakeStream& stream, std::string answer, std::string& asked) {
  char buffer[1024];
  while (!asked.ends_with("\r\n\r\n")) asked.append(buffer, co_await stream.read(buffer, sizeof buffer));
  co_await stream.write(answer);
  stream.close();
}

Exchange exchange(const std::string& answer, HttpRequest request, size_t read_at_most = SIZE_MAX) {
  Exchange result;
  Loop loop;
  auto [client, server] = FakeStream::make_pair(loop);
  client->read_at_most = read_at_most;
  loop.spawn("server", answer_then_close(*server, answer, result.asked));
  run(loop, [&]() -> Task<> {
    result.reply = co_await http_get(*client, request);
    client->close();
  });
  return result;
}

HttpRequest request_for(const std::string& host, uint16_t port = 443) {
  HttpRequest request{.host = host, .path = "/.well-known/mta-sts.txt"};
  request.address.port = port;
  return request;
}

}  // namespace

TEST_CASE("one GET is sent, and closes the connection behind it") {
  CHECK(exchange(ok + "Content-Length: 0\r\n\r\n", request_for("mta-sts.remote.example")).asked ==
        "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.remote.example\r\nUser-Agent: futar\r\n"
        "Accept: text/plain\r\nConnection: close\r\n\r\n");
  CHECK(exchange(ok + "Content-Length: 0\r\n\r\n", request_for("h.example", 8443))
            .asked.find("Host: h.example:8443\r\n") != std::string::npos);
}

TEST_CASE(
    "answers of each kind of length, octet by octet too; what is cut off, endless or malformed is an error") {
  const struct {
    const char* what;
    std::string answer;
    int status;
    std::string body;  ///< or the words of the error
  } rows[] = {
      {"a length", ok + "Content-Length: 5\r\n\r\nhello", 200, "hello"},
      {"chunks", ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 200, "hello"},
      {"a redirect is not followed",
       "HTTP/1.1 301 Moved\r\nLocation: https://a/\r\nContent-Length: 0\r\n\r\n", 301, ""},
      {"not found", "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno", 404, "no"},
      {"no length", ok + "\r\nhello", 0, "answer without a length"},
      {"cut off", ok + "Content-Length: 6\r\n\r\nhello", 0, "peer closed the connection"},
      {"closed at once", "", 0, "peer closed the connection"},
      {"too long by its length", ok + "Content-Length: 65537\r\n\r\n", 0, "body limit exceeded"},
      {"too long by its chunks",
       ok + "Transfer-Encoding: chunked\r\n\r\n10001\r\n" + std::string(65537, 'x') + "\r\n", 0,
       "body limit exceeded"},
      {"endless header", ok + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 0, "header limit exceeded"},
      {"no HTTP", "220 mx.example ESMTP\r\n\r\n", 0, "bad version"},
  };
  for (const auto& row : rows)
    for (const size_t piece : {SIZE_MAX, size_t{1}}) {
      if (piece == 1 && row.answer.size() > 1000) continue;
      CAPTURE(row.what);
      CAPTURE(piece);
      const auto reply = exchange(row.answer, request_for("h.example"), piece).reply;
      REQUIRE(reply.has_value() == (row.status != 0));
      if (reply) {
        CHECK(reply->status == row.status);
        CHECK(reply->body == row.body);
      } else {
        CHECK_MESSAGE(reply.error().text == "https://h.example/.well-known/mta-sts.txt: " + row.body,
                      reply.error().text);
      }
    }
  CHECK(exchange(rows[0].answer, request_for("h.example")).reply->content_type ==
        "text/plain; charset=utf-8");
}

TEST_CASE("nothing that would end its place in the request is sent") {
  for (const std::string host : {"a b", "a\r\nX: y", ""}) {
    const Exchange result = exchange("", request_for(host));
    CHECK_FALSE(result.reply);
    CHECK(result.asked == "");
  }
}

TEST_CASE("HTTPS is of the host's name by a trusted authority, within the deadline") {
  TestPki pki, stranger;
  Loop loop;
  auto shown = pki.server({.names = {"mta-sts.remote.example"}});
  bool silent = false;
  Server server(loop, [&](std::unique_ptr<Stream> stream) -> Task<> {
    co_await stream->start_tls(*shown);
    char buffer[4096];
    co_await stream->read(buffer, sizeof buffer);
    if (silent) co_await stream->read(buffer, sizeof buffer);
    co_await stream->write(ok + "Content-Length: 5\r\n\r\nhello");
    stream->close();
  });
  const auto client = *TlsContext::client(pki.authority_file());
  const auto get = [&](std::string host, int64_t ms) -> Task<Result<HttpReply>> {
    return https_get(
        loop, *client,
        {.host = std::move(host), .path = "/", .address = server.endpoint, .deadline = in_ms(ms)});
  };
  run(loop, [&]() -> Task<> {
    const auto good = co_await get("mta-sts.remote.example", 20'000);
    REQUIRE(good);
    CHECK(good->body == "hello");
    const auto other = co_await get("mta-sts.other.example", 20'000);
    REQUIRE_FALSE(other);
    CHECK(other.error().text ==
          "https://mta-sts.other.example/: name mismatch: certificate is for mta-sts.remote.example, "
          "expected mta-sts.other.example");
    silent = true;
    CHECK_FALSE(co_await get("mta-sts.remote.example", 100));
    silent = false;
    shown = stranger.server({.names = {"mta-sts.remote.example"}});
    CHECK_FALSE(co_await get("mta-sts.remote.example", 20'000));
  });
}

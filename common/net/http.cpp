#include "common/net/http.h"

#include <fmt/format.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "common/base/text.h"

namespace futar::net {
namespace {

namespace http = boost::beast::http;

constexpr uint32_t max_header = 16 * 1024;

bool is_plain(std::string_view text) {  // nothing that would end its place in the request
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string get_request(const HttpRequest& request) {
  const std::string port = request.address.port == 443 ? "" : fmt::format(":{}", request.address.port);
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}{}\r\nUser-Agent: futar\r\nAccept: text/plain\r\n"
      "Connection: close\r\n\r\n",
      request.path, request.host, port);
}

Error unreadable(const HttpRequest& request, std::string_view why) {
  return Error::temporary(fmt::format("https://{}{}: {}", request.host, request.path, why));
}

Task<Result<HttpReply>> read_reply(Stream& stream, const HttpRequest& request) {
  http::response_parser<http::string_body> parser;
  parser.header_limit(max_header);
  parser.body_limit(request.max_body);
  parser.eager(true);
  std::string pending;
  char piece[4096];
  while (!parser.is_done()) {
    pending.append(piece, co_await stream.read(piece, sizeof piece));
    boost::system::error_code error;
    const size_t used = parser.put(boost::asio::buffer(pending), error);
    if (error && error != http::error::need_more) co_return fail(unreadable(request, error.message()));
    pending.erase(0, used);
    // Its end would be the end of the connection, which anybody on the way could bring about.
    if (parser.is_header_done() && parser.need_eof())
      co_return fail(unreadable(request, "answer without a length"));
  }
  auto message = parser.release();
  const auto type = message[http::field::content_type];
  co_return HttpReply{static_cast<int>(message.result_int()), printable({type.data(), type.size()}, 200),
                      std::move(message.body())};
}

}  // namespace

Task<Result<HttpReply>> http_get(Stream& stream, HttpRequest request) {
  if (!is_plain(request.host) || !is_plain(request.path))
    co_return fail(Error::permanent("no URL: " + printable(request.host + request.path)));
  std::string broken;
  try {
    co_await stream.write(get_request(request));
    co_return co_await read_reply(stream, request);
  } catch (const StreamClosed& closed) {
    broken = closed.text;
  }
  co_return fail(unreadable(request, broken));
}

Task<Result<HttpReply>> https_get(Loop& loop, TlsContext& context, HttpRequest request) {
  const auto stream = CO_TRY(co_await connect_tcp(loop, request.address, request.deadline));
  std::string broken;
  try {
    co_await stream->start_tls_client(
        context, {.proof = TlsExpectation::Proof::pkix, .sni = request.host, .names = {request.host}});
    co_return co_await http_get(*stream, request);
  } catch (const StreamClosed& closed) {
    broken = closed.text;
  }
  co_return fail(unreadable(request, broken));
}

}  // namespace futar::net

#include "common/daemon/metrics_server.h"

#include <fmt/format.h>

#include "common/base/clock.h"
#include "common/config/config.h"
#include "common/log/log.h"

namespace futar::daemon {
namespace {

constexpr size_t connections = 16;
constexpr int64_t patience_ms = 5'000;
constexpr size_t most_request_octets = 8192;

struct Page {
  int status = 200;
  std::string body;
};

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

std::string wire(const Page& page, bool with_body) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {}\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n{}\r\n{}",
      page.status, phrase(page.status), page.body.size(), page.status == 405 ? "Allow: GET, HEAD\r\n" : "",
      with_body ? page.body : "");
}

// The head of the request, as far as it came; what is longer, or never ends, is no request of ours.
Task<std::string> read_head(net::Stream& stream) {
  std::string head;
  char buffer[2048];
  while (!head.contains("\r\n\r\n") && head.size() < most_request_octets)
    head.append(buffer, co_await stream.read(buffer, sizeof buffer));
  co_return head;
}

Task<Page> page_of(std::string_view path, const MetricsPages& pages) {
  if (path == "/healthz") co_return Page{200, "ok\n"};
  if (path == "/readyz") {
    const std::string trouble = pages.trouble();
    co_return trouble.empty() ? Page{200, "ready\n"} : Page{503, trouble + "\n"};
  }
  if (path != "/metrics") co_return Page{404, "/metrics, /healthz, /readyz\n"};
  auto text = co_await pages.metrics();
  if (!text) co_return Page{503, text.error().text + "\n"};
  co_return Page{200, *std::move(text)};
}

Task<> converse(net::Stream& stream, const MetricsPages& pages) {
  const std::string head = co_await read_head(stream);
  const std::string_view line = std::string_view(head).substr(0, head.find("\r\n"));
  const size_t first = line.find(' '), second = line.rfind(' ');
  const bool is_http =
      head.contains("\r\n\r\n") && first != second && line.substr(second).starts_with(" HTTP/1.");
  if (!is_http) co_return co_await stream.write(wire({400, "GET /metrics HTTP/1.1\n"}, true));
  const std::string_view method = line.substr(0, first);
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  if (method != "GET" && method != "HEAD") co_return co_await stream.write(wire({405, "GET, HEAD\n"}, true));
  const Page page = co_await page_of(path, pages);
  co_await stream.write(wire(page, method == "GET"));
}

}  // namespace

Fd bind_metrics(const config::Config& config, std::string_view agent, PassedSockets& passed) {
  const std::string& where = config.text(fmt::format("metrics.{}", agent));
  if (where.empty()) return {};
  const auto endpoint = net::Endpoint::parse(where);
  if (endpoint)
    if (auto found = passed.find(*endpoint); found.is_there) return std::move(found.socket);
  auto socket = endpoint ? net::bind_tcp(*endpoint) : Result<Fd>(fail(endpoint.error()));
  if (socket) return *std::move(socket);
  log::warning("no metrics: {}", socket.error().text);
  return {};
}

MetricsServer::MetricsServer(net::Loop& loop, Fd bound, MetricsPages pages) {
  if (!bound.is_open()) return;
  net::ListenerOptions options;
  options.sessions = connections;
  options.sessions_per_client = 0;
  options.over_limit_reply = wire({503, "too many connections\n"}, true);
  listener_ =
      std::make_unique<net::Listener>(loop, std::move(bound), std::move(options),
                                      [pages = std::make_shared<const MetricsPages>(std::move(pages))](
                                          std::unique_ptr<net::Stream> stream) -> Task<> {
                                        const auto kept = pages;
                                        co_await answer_metrics(std::move(stream), *kept);
                                      });
}

void MetricsServer::start() {
  if (listener_) listener_->start();
}

Task<> answer_metrics(std::unique_ptr<net::Stream> stream, const MetricsPages& pages) {
  stream->set_deadline(system_clock().steady_ms() + patience_ms);
  stream->set_idle(true);
  try {
    co_await converse(*stream, pages);
  } catch (const net::StreamClosed&) {
    // Who asks again gets an answer.
  }
  stream->close();
}

}  // namespace futar::daemon

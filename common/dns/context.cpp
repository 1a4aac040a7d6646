#include "common/dns/context.h"

#include <fmt/format.h>
#include <unbound.h>

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/net/gate.h"
#include "common/net/read_watch.h"

namespace futar::dns {

namespace {

// The keys of the root of 2017 and 2024 (RFC 7958; the file root-anchors.xml of IANA): key tag, algorithm 8,
// SHA-256.
constexpr const char* root_anchors[] = {
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

// Zones that are in use without being in the root (RFC 6761, RFC 6762 appendix G): behind a forwarder that
// knows them, the root's proof that they do not exist would make them bogus.
constexpr const char* private_zones[] = {"test",     "internal", "local", "lan",
                                         "intranet", "private",  "corp",  "home"};

constexpr std::pair<const char*, const char*> settings[] = {
    {"do-not-query-localhost:", "no"},  // the forwarder is often 127.0.0.53
    // A server that was silent is asked again soon, not after a quarter of an hour.
    {"infra-host-ttl:", "60"},
    {"infra-keep-probing:", "yes"},
};

Error refused(const char* what, int error) {
  return Error::permanent(fmt::format("dns: {}: {}", what, ub_strerror(error)));
}

std::string host_form(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

bool is_plain(const std::string& name) {
  return std::ranges::all_of(name, [](char c) { return c == '.' || is_name_character(c); });
}

Answer failure(std::string why) {
  Answer answer;
  answer.why = std::move(why);
  return answer;
}

Answer refusal(int error) {
  Answer answer = failure(ub_strerror(error));
  if (error == UB_SYNTAX) answer.status = Answer::Status::no_name;  // a label over 63 octets: nobody has it
  return answer;
}

Answer::Status status_of(const ub_result& result) {
  if (result.bogus) return Answer::Status::bogus;  // first: such a result may have "data"
  if (result.rcode == 0) return result.havedata ? Answer::Status::ok : Answer::Status::no_data;
  return result.rcode == 3 ? Answer::Status::no_name : Answer::Status::failed;
}

std::string why_of(const ub_result& result, Answer::Status status) {
  if (status == Answer::Status::bogus) return printable(result.why_bogus ? result.why_bogus : "bogus", 200);
  if (status != Answer::Status::failed) return "";
  if (result.rcode == 2) return "SERVFAIL";
  return result.rcode == 5 ? "REFUSED" : fmt::format("rcode {}", result.rcode);
}

Answer answer_of(const ub_result& result) {
  Answer answer;
  answer.status = status_of(result);
  answer.why = why_of(result, answer.status);
  if (answer.is_temporary()) return answer;
  answer.secure = result.secure;
  answer.ttl_s = result.ttl;
  answer.canonical_name = host_form(result.canonname ? result.canonname : result.qname);
  if (result.canonname && !is_plain(answer.canonical_name)) return failure("a CNAME leads to an odd name");
  if (answer.has_records())
    for (int i = 0; result.data[i]; ++i)
      answer.rdata.emplace_back(result.data[i], static_cast<size_t>(result.len[i]));
  return answer;
}

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};

void ignore(void*, int, ub_result* result) { ub_resolve_free(result); }

}  // namespace

struct Context::Impl {
  std::unique_ptr<ub_ctx, DeleteContext> ub{ub_ctx_create()};
  net::Loop* loop = nullptr;
  std::unique_ptr<net::ReadWatch> watch;  // ends before the descriptor of ub does
  std::set<Query*> waiting;

  Result<void> set_up(const ContextOptions& options);
  Result<void> set_anchors(const ContextOptions& options);
  Result<void> open_built_in_zones(const ContextOptions& options);
  Result<void> set(const char* option, const char* value);
};

// Lives in the frame of the coroutine that asks: whatever ends that coroutine cancels the question.
struct Context::Query {
  explicit Query(Context& c) : context(c), done(*c.impl_->loop) { context.impl_->waiting.insert(this); }
  ~Query() {
    context.impl_->waiting.erase(this);
    if (id >= 0) ub_cancel(context.impl_->ub.get(), id);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // Called by ub_process, on the io thread; not after ub_cancel.
  static void answered(void* self, int error, ub_result* result) {
    const std::unique_ptr<ub_result, decltype(&ub_resolve_free)> owner(result, ub_resolve_free);
    auto& query = *static_cast<Query*>(self);
    query.id = -1;
    query.answer = error ? refusal(error) : answer_of(*result);
    query.done.open();
  }

  Context& context;
  net::Gate done;
  Answer answer;
  int id = -1;
};

Result<void> Context::Impl::set(const char* option, const char* value) {
  if (const int error = ub_ctx_set_option(ub.get(), option, value)) return fail(refused(option, error));
  return {};
}

Result<void> Context::Impl::set_anchors(const ContextOptions& options) {
  if (!options.anchor_file.empty()) {
    if (const int error = ub_ctx_add_ta_file(ub.get(), options.anchor_file.c_str()))
      return fail(refused("anchor", error));
    return {};
  }
  for (const char* anchor : root_anchors)
    if (const int error = ub_ctx_add_ta(ub.get(), anchor)) return fail(refused("anchor", error));
  if (options.forwarders.empty()) return {};
  for (const char* zone : private_zones) TRY(set("domain-insecure:", zone));
  return {};
}

// libunbound denies .test and the reverse zones of private addresses by itself, which is right toward the
// root servers. A forwarder is asked: it may know them.
Result<void> Context::Impl::open_built_in_zones(const ContextOptions& options) {
  if (options.forwarders.empty() && options.anchor_file.empty() && options.server.empty()) return {};
  if (const int error = ub_ctx_zone_remove(ub.get(), "test.")) return fail(refused("test.", error));
  return {};
}

// The order matters: the first question, and ub_ctx_zone_remove too, ends the time of settings.
Result<void> Context::Impl::set_up(const ContextOptions& options) {
  ub_ctx_debugout(ub.get(), nullptr);  // it would write to standard error
  for (const auto& [option, value] : settings) TRY(set(option, value));
  TRY(set("module-config:", options.validate ? "validator iterator" : "iterator"));
  if (!options.forwarders.empty() || !options.anchor_file.empty() || !options.server.empty()) {
    TRY(set("unblock-lan-zones:", "yes"));
    if (options.anchor_file.empty()) TRY(set("insecure-lan-zones:", "yes"));
  }
  if (options.validate) TRY(set_anchors(options));
  for (const auto& forwarder : options.forwarders)
    if (const int error = ub_ctx_set_fwd(ub.get(), forwarder.c_str()))
      return fail(refused(forwarder.c_str(), error));
  if (!options.server.empty())
    if (const int error = ub_ctx_set_stub(ub.get(), options.zone.c_str(), options.server.c_str(), 0))
      return fail(refused(options.server.c_str(), error));
  if (const int error = ub_ctx_async(ub.get(), 1)) return fail(refused("thread", error));
  // libunbound reads the anchor at the first question; this one it answers by itself.
  if (const int error = ub_resolve_async(ub.get(), "localhost", 1, 1, nullptr, ignore, nullptr))
    return fail(refused(options.anchor_file.empty() ? "start" : options.anchor_file.c_str(), error));
  return open_built_in_zones(options);
}

Context::Context() : impl_(std::make_unique<Impl>()) {}
Context::~Context() = default;

Result<std::shared_ptr<Context>> Context::open(net::Loop& loop, const ContextOptions& options) {
  std::shared_ptr<Context> context(new Context);
  auto& impl = *context->impl_;
  if (!impl.ub) return fail(Error::ours("dns: libunbound cannot start"));
  impl.loop = &loop;
  TRY(impl.set_up(options));
  impl.watch =
      std::make_unique<net::ReadWatch>(loop, ub_fd(impl.ub.get()), [ub = impl.ub.get()] { ub_process(ub); });
  return context;
}

Task<Answer> Context::ask(std::shared_ptr<Context> context, std::string name, int type, int64_t timeout_ms) {
  Query query(*context);
  const int error =
      ub_resolve_async(context->impl_->ub.get(), name.c_str(), type, 1, &query, Query::answered, &query.id);
  if (error)
    query.answer = refusal(error);
  else if (!co_await query.done.wait_for(timeout_ms))
    query.answer = failure("no answer in time");
  if (query.answer.canonical_name.empty()) query.answer.canonical_name = host_form(std::move(name));
  co_return std::move(query.answer);
}

void Context::abandon() {
  for (Query* query : impl_->waiting) {
    query->answer = failure("the resolver is closing");
    query->done.open();
  }
}

}  // namespace futar::dns

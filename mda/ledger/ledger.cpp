#include "mda/ledger/ledger.h"

#include <fmt/format.h>

#include "common/spool/erase.h"

namespace futar::mda {

Answer judge(const Question& question, int64_t confirmed_below, std::optional<Record> own,
             std::optional<Record> elsewhere) {
  if (own) {
    if (own->id == question.id) return Known{std::move(*own)};
    return Conflict{fmt::format("row {} is known with message {}: the queue's database was rolled back",
                                question.row, own->id.text())};
  }
  if (question.row < confirmed_below)
    return Conflict{fmt::format("row {} was confirmed and forgotten: the queue's database was rolled back",
                                question.row)};
  if (elsewhere) return Known{std::move(*elsewhere)};
  return Fresh{};
}

Ledger::Ledger(net::Loop& loop, std::unique_ptr<store::Database> database, std::function<void(Error)> broken)
    : path_(database->path()),
      writer_(loop, std::move(database), broken),
      reader_(loop, writer_),
      audit_reader_(loop, writer_),
      checkpointer_(path_, [&loop, broken](Error error) {
        loop.post([broken, error = std::move(error)] { broken(error); });
      }) {}

Task<Result<int64_t>> Ledger::sender_key(Sender sender) {
  if (const auto known = keys_.find(sender); known != keys_.end()) co_return known->second;
  int64_t key = 0;
  CO_TRY(co_await writer_.commit([&](store::Database& database) -> Result<void> {
    key = TRY(ledger::sender_key(database, sender));
    return {};
  }));
  keys_[sender] = key;
  co_return key;
}

Task<Result<std::vector<Answer>>> Ledger::look_up(int64_t sender, std::vector<Question> questions) {
  std::vector<Answer> answers;
  CO_TRY(co_await reader_.read([&](store::Database& database) -> Result<void> {
    answers.clear();
    const int64_t below = TRY(ledger::confirmed_below(database, sender));
    const bool others = TRY(ledger::has_other_senders(database, sender));
    for (const Question& question : questions) {
      auto own = TRY(ledger::find(database, sender, question.row));
      std::optional<Record> elsewhere;
      if (!own && others)
        elsewhere = TRY(ledger::find_elsewhere(database, sender, question.id, question.recipient));
      answers.push_back(judge(question, below, std::move(own), std::move(elsewhere)));
    }
    return {};
  }));
  co_return answers;
}

Task<Result<void>> Ledger::change_all(std::vector<Record> records, Change change) {
  co_return co_await writer_.commit([&](store::Database& database) -> Result<void> {
    for (const Record& record : records) TRY(change(database, record));
    return {};
  });
}

Task<Result<void>> Ledger::record(std::vector<Record> records) {
  co_return co_await change_all(std::move(records), ledger::insert);
}
Task<Result<void>> Ledger::redirect(std::vector<Record> records) {
  co_return co_await change_all(std::move(records), ledger::redirect);
}
Task<Result<void>> Ledger::withdraw(std::vector<Record> records) {
  co_return co_await change_all(std::move(records), ledger::withdraw);
}

Task<Result<void>> Ledger::confirm(int64_t sender, int64_t below) {
  co_return co_await writer_.commit(
      [=](store::Database& database) { return ledger::confirm(database, sender, below); });
}

Task<Result<int64_t>> Ledger::forget(int64_t before_ms) {
  constexpr int64_t step = 200;
  int64_t total = 0;
  for (int64_t forgotten = step; forgotten >= step; total += forgotten) {
    CO_TRY(co_await writer_.commit([&](store::Database& database) -> Result<void> {
      forgotten = TRY(ledger::forget(database, before_ms, step));
      return {};
    }));
  }
  co_return total;
}

Task<Result<Ledger::Erased>> Ledger::erase(std::string address) {
  constexpr size_t step = 200;
  ledger::Naming found;
  CO_TRY(co_await audit_reader_.read([&](store::Database& database) -> Result<void> {
    found = TRY(ledger::naming(database, address));
    return {};
  }));
  std::vector<Record>& records = found.confirmed;
  for (Record& record : records) {
    for (std::string* text : {&record.recipient, &record.account})
      *text = spool::erase_address(*text, address);
    for (std::string& target : record.targets) target = spool::erase_address(target, address);
  }
  for (size_t from = 0; from < records.size(); from += step) {
    const auto begin = records.begin() + static_cast<ptrdiff_t>(from);
    const auto end = records.begin() + static_cast<ptrdiff_t>(std::min(from + step, records.size()));
    CO_TRY(co_await change_all({begin, end}, ledger::rename));
  }
  co_return Erased{static_cast<int64_t>(records.size()), found.open};
}

Task<Result<std::vector<Record>>> Ledger::of_message(MessageId id) {
  std::vector<Record> records;
  CO_TRY(co_await reader_.read([&](store::Database& database) -> Result<void> {
    records = TRY(ledger::of_message(database, id));
    return {};
  }));
  co_return records;
}

Task<Result<std::vector<Record>>> Ledger::rows(int64_t sender, int64_t after, int64_t limit) {
  std::vector<Record> records;
  CO_TRY(co_await reader_.read([&](store::Database& database) -> Result<void> {
    records = TRY(ledger::rows(database, sender, after, limit));
    return {};
  }));
  co_return records;
}

}  // namespace futar::mda

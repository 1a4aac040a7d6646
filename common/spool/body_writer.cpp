#include "common/spool/body_writer.h"

#include <fcntl.h>

#include "common/log/log.h"

namespace futar::spool {

static_assert(blob_limit >= 64 * 1024, "files are written in pieces of at least this size");

Result<void> BodyFile::write(std::string_view octets) {
  if (!made_) fd_ = TRY(open_in(*state_, name_, O_WRONLY | O_CREAT | O_EXCL));
  made_ = true;
  return write_all(fd_, octets, state_->path_of(name_));
}

// In this order: a folder entry that is durable before its content would show an empty file after a power
// cut.
Result<void> BodyFile::sync() {
  TRY(sync_file(fd_, state_->path_of(name_)));
  fd_.reset();
  return sync_folder(state_->path);
}

void BodyFile::remove() {
  if (!made_) return;  // the name may be another's
  if (const auto gone = unlink_in(*state_, name_); !gone) log::error("spool: {}", gone.error().text);
}

BodyWriter::Impl::~Impl() {
  if (file && !state->frozen)
    state->workers.submit([dropped = std::move(file)] { dropped->remove(); }, [] {});
}

/// Whether the buffer may go on growing: a small body may become a blob; a file is written in large pieces,
/// unless memory is short.
bool BodyWriter::Impl::fits() const { return buffer.size() <= blob_limit && state->memory <= memory_budget; }

Task<Result<void>> BodyWriter::Impl::write_out(bool last) {
  struct Work {
    std::shared_ptr<BodyFile> file;
    std::string piece;
    Result<void> result;
  };
  if (!file) file = std::make_shared<BodyFile>(state, name);
  const auto work = std::make_shared<Work>(Work{file, std::move(buffer), {}});
  co_await state->workers.run([work, last] {
    work->result = work->file->write(work->piece);
    if (work->result && last) work->result = work->file->sync();
  });
  buffer = std::move(work->piece);  // the same memory for the next piece
  buffer.clear();
  share.set(0);
  if (!work->result) failed = work->result.error();
  co_return std::move(work->result);
}

BodyWriter::BodyWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BodyWriter::BodyWriter(BodyWriter&&) noexcept = default;
BodyWriter& BodyWriter::operator=(BodyWriter&&) noexcept = default;
BodyWriter::~BodyWriter() = default;

Task<Result<void>> BodyWriter::append(std::string_view octets) {
  if (impl_->failed) co_return fail(*impl_->failed);
  impl_->buffer.append(octets);
  impl_->size += octets.size();
  impl_->share.set(impl_->buffer.size());
  if (impl_->fits()) co_return Result<void>{};
  co_return co_await impl_->write_out(false);
}

Task<Result<Body>> BodyWriter::finish() {
  if (impl_->failed) co_return fail(*impl_->failed);
  if (impl_->file) {
    CO_TRY(co_await impl_->write_out(true));
    co_return Body{impl_->size, nullptr, impl_->name};
  }
  struct Held {
    std::string octets;
    MemoryShare share;  // the memory counts until the last holder of the body lets go
  };
  const auto held = std::make_shared<Held>(Held{std::move(impl_->buffer), std::move(impl_->share)});
  co_return Body{impl_->size, std::shared_ptr<const std::string>(held, &held->octets), ""};
}

void BodyWriter::keep() { impl_->file = nullptr; }
uint64_t BodyWriter::size() const { return impl_->size; }

}  // namespace futar::spool

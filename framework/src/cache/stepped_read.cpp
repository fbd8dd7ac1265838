// OwnRead: the steps of a read for a coroutine. It owns what the call named, keeps its view, and what was open where the call was made is open in
// every step of it, on whatever thread that is.
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cache/key_read.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {

class OwnRead final : public SteppedRead {
 public:
  OwnRead(std::shared_ptr<NamespaceView> view, const NamespaceView::LoadCall& call,
          const NamespaceView::FirstLook& looked)
      : view_(std::move(view)),
        given_(call.name.given()),
        name_(view_->scope_, given_, *view_->space_),
        options_(call.options),
        call_{name_, call.keep, options_, call.if_absent},
        scopes_(copy_open_scopes()),
        looked_{.apart = looked.apart, .reads = looked.reads, .announces = looked.announces} {}

  ~OwnRead() override {
    if (run_) cancel_load();
    unwatch();
  }

  // The plan points into the key: this one's own.
  Step begin() override {
    const ScopesGuard guard(scopes_);
    if (looked_.apart) refuse_own_key();
    looked_.plan = view_->plan(name_.ref(), options_);
    read_.emplace(*view_, call_, std::move(looked_), &scopes_, SingleFlight::Leader::coroutine);
    return read_->look_again();
  }

  LoadContext& begin_load() override {
    const ScopesGuard guard(scopes_);
    run_.emplace(read_->load(), LoadsUnderWay::By::coroutine);
    return run_->prepare(name_.given());
  }

  Scopes scopes_of_load() const override {
    const ScopesGuard guard(scopes_);
    return run_->scopes();
  }

  Step finish_load(ErasedValue value) override {
    const ScopesGuard guard(scopes_);
    return read_->loaded([&] {
      try {
        run_->finish(value);
      } catch (...) {
        end_run(std::current_exception());
        throw;
      }
      EntryRef made = run_->result();
      run_.reset();
      return NamespaceView::loaded(std::move(made));
    });
  }

  Step fail_load(const std::exception_ptr& error) override {
    const ScopesGuard guard(scopes_);
    return read_->loaded([&]() -> Reading {
      end_run(error);
      std::rethrow_exception(error);
    });
  }

  void cancel_load() noexcept override {
    const ScopesGuard guard(scopes_);
    read_->cancelled();
    end_run(nullptr);
  }

  bool watch(std::shared_ptr<Wakeup> wakeup) override {
    if (!flights().watch(name_.ref(), read_->flight(), read_->reader(), wakeup)) return false;
    wakeup_ = std::move(wakeup);
    return true;
  }

  Step arrived() override {
    unwatch();
    flights().throw_if_abandoned(name_.ref(), read_->flight());
    const ScopesGuard guard(scopes_);
    return read_->arrived();
  }

  Reading answer() override {
    return NamespaceView::captured(scopes_.capture, read_->take_answer());
  }

 private:
  SingleFlight& flights() noexcept { return view_->engine_->flights(); }

  void end_run(const std::exception_ptr& error) noexcept {
    run_->fail(error);
    run_.reset();
  }

  void unwatch() noexcept {
    if (!wakeup_) return;
    flights().unwatch(name_.ref(), read_->flight(), read_->reader(), wakeup_);
    wakeup_.reset();
  }

  // Loads that are shared need none of this: there the graph of waits tells.
  void refuse_own_key() const {
    const KeyRef& key = name_.ref();
    for (const LoadLink* load = link_of(scopes_.capture); load != nullptr; load = load->around) {
      if (load->space != key.space || load->key != key.key) continue;
      throw RecursiveLoad("the loader of \"" + load->key + "\" asked for its own key");
    }
  }

  const std::shared_ptr<NamespaceView> view_;
  const std::string given_;
  const FullKey name_;
  const EntryOptions options_;
  const NamespaceView::LoadCall call_;
  const Scopes scopes_;
  NamespaceView::FirstLook looked_;
  std::optional<KeyRead> read_;
  std::optional<LoaderRun> run_;    // of read_
  std::shared_ptr<Wakeup> wakeup_;  // while it may be called
};

Reading NamespaceView::begin_read(std::string_view key, const EntryOptions& options,
                                  IfAbsent if_absent, std::unique_ptr<SteppedRead>& rest) {
  check(options);
  const FullKey name = full(key);
  const LoadCall call{name, no_loader(), options, if_absent};
  const Scopes* const open = open_scopes();
  capture(open, name.ref());
  FirstLook looked;
  if (Reading hit; look_first(open, call, looked, hit)) {
    return captured(open, std::move(hit));
  }
  rest = std::make_unique<OwnRead>(shared_from_this(), call, looked);
  return {};
}

}  // namespace freshet::detail

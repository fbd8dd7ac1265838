// Freshet, all of it: the place to start reading.
//
//   cache_invalidator.hpp   CacheInvalidator: made from a policy; views, invalidation, statistics
//   cache.hpp               Cache<T>: get, get_or_load, put, lease
//   memoized.hpp            functions with cached results; key_text.hpp: how arguments become keys
//   invalidating_writer.hpp functions that change what they read; write_order.hpp
//   mutation.hpp transaction.hpp                     invalidations around a write, and at the commit of a transaction
//   request_context.hpp     labels for every entry made in a scope; a scope without the cache; both on other threads
//   handle.hpp lease.hpp loader.hpp outcome.hpp      what those calls take and give
//   event.hpp emitted.hpp signal_bus.hpp             domain events, what they did, who is told
//   invalidation.hpp        Target, InvalidateOptions, Invalidated
//   strategy.hpp strategy_registry.hpp               how a policy decides, and how to add one
//   plugin.hpp              strategies from shared objects
//   policy.hpp rule.hpp     a policy block, rules and entities as plain data
//   warming.hpp             keys loaded before anybody asks; closing.hpp: an orderly end
//   components.hpp          clock, executor, random source: what can be replaced
//   analytics.hpp hot_key.hpp                        which keys are read most
//   entry_report.hpp                                 sizes, ages, what expires next
//   statistics.hpp rates.hpp                         what happened, how often, and what deserves a look
//   errors.hpp limits.hpp
//   testing/test_cache.hpp, coro.hpp                 tests of your own code; co_await; neither is included here
//
// Everything else under freshet/detail is needed by the templates above and not promised.
#pragma once

#include "freshet/analytics.hpp"
#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/closing.hpp"
#include "freshet/components.hpp"
#include "freshet/emitted.hpp"
#include "freshet/entry_report.hpp"
#include "freshet/errors.hpp"
#include "freshet/event.hpp"
#include "freshet/handle.hpp"
#include "freshet/hot_key.hpp"
#include "freshet/invalidating_writer.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/key_text.hpp"
#include "freshet/lease.hpp"
#include "freshet/limits.hpp"
#include "freshet/loader.hpp"
#include "freshet/memoized.hpp"
#include "freshet/mutation.hpp"
#include "freshet/outcome.hpp"
#include "freshet/plugin.hpp"
#include "freshet/policy.hpp"
#include "freshet/rates.hpp"
#include "freshet/reloaded.hpp"
#include "freshet/request_context.hpp"
#include "freshet/rule.hpp"
#include "freshet/signal_bus.hpp"
#include "freshet/size_of.hpp"
#include "freshet/statistics.hpp"
#include "freshet/statistics_format.hpp"
#include "freshet/strategies/hybrid_strategy.hpp"
#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"
#include "freshet/transaction.hpp"
#include "freshet/warming.hpp"
#include "freshet/write_order.hpp"

// Freshet, all of it: the place to start reading.
//
//   cache_invalidator.hpp   CacheInvalidator: made from a policy; views, invalidation, statistics
//   cache.hpp               Cache<T>: get, get_or_load, put, lease
//   handle.hpp lease.hpp loader.hpp outcome.hpp      what those calls take and give
//   invalidation.hpp        Target, InvalidateOptions, Invalidated
//   strategy.hpp strategy_registry.hpp               how a policy decides, and how to add one
//   policy.hpp              BlockOptions: a policy block as plain data
//   components.hpp          clock, executor, random source: what can be replaced
//   errors.hpp limits.hpp statistics.hpp
//
// Everything else under freshet/detail is needed by the templates above and not promised.
#pragma once

#include "freshet/cache.hpp"
#include "freshet/cache_invalidator.hpp"
#include "freshet/components.hpp"
#include "freshet/errors.hpp"
#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/lease.hpp"
#include "freshet/limits.hpp"
#include "freshet/loader.hpp"
#include "freshet/outcome.hpp"
#include "freshet/policy.hpp"
#include "freshet/size_of.hpp"
#include "freshet/statistics.hpp"
#include "freshet/statistics_format.hpp"
#include "freshet/strategies/manual_strategy.hpp"
#include "freshet/strategies/ttl_strategy.hpp"
#include "freshet/strategy.hpp"
#include "freshet/strategy_registry.hpp"

#include "store/eviction_policy.hpp"

#include "store/eviction_lru.hpp"
#include "store/eviction_s3fifo.hpp"
#include "store/eviction_sieve.hpp"
#include "store/eviction_tinylfu.hpp"

namespace freshet::detail {

std::unique_ptr<EvictionPolicy> make_eviction_policy(Eviction kind, const Capacity& shard_capacity,
                                                     AccessRecorder& accesses) {
  switch (kind) {
    case Eviction::lru:
      return std::make_unique<LruPolicy>(accesses);
    case Eviction::sieve:
      return std::make_unique<SievePolicy>(accesses);
    case Eviction::tinylfu:
      return std::make_unique<TinyLfuPolicy>(shard_capacity, accesses);
    case Eviction::s3fifo:
      break;
  }
  return std::make_unique<S3FifoPolicy>(shard_capacity, accesses);
}

}  // namespace freshet::detail

// Who makes each subject: a function per subject, in the file that knows it.
#pragma once

#include <memory>

#include "peers/subject.hpp"

namespace freshet::bench {

std::unique_ptr<Subject> make_freshet_visit();
std::unique_ptr<Subject> make_freshet_get();
std::unique_ptr<Subject> make_freshet_in_place();
std::unique_ptr<Subject> make_rocksdb_hyper_clock();
std::unique_ptr<Subject> make_rocksdb_lru();
std::unique_ptr<Subject> make_leveldb_lru();
std::unique_ptr<Subject> make_tbb_lru();
std::unique_ptr<Subject> make_cuckoo();
std::unique_ptr<Subject> make_caffeine();
std::unique_ptr<Subject> make_flat_map();
std::unique_ptr<Subject> make_sharded_lru();
std::unique_ptr<Subject> make_one_mutex_lru();

}  // namespace freshet::bench

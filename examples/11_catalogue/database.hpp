// The catalogue's database: 100,000 products in an SQLite file of its own, which goes when this does.
//
// One connection, used by one thread at a time: SQLite locks it.
#pragma once

#include <sqlite3.h>
#include <stdlib.h>  // mkdtemp is POSIX, not C++

#include <atomic>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>

class Folder {
 public:
  Folder() {
    if (mkdtemp(name_.data()) == nullptr) throw std::runtime_error("no folder " + name_);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(name_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return name_ + "/" + name; }

 private:
  std::string name_ = (std::filesystem::temp_directory_path() / "catalogue-XXXXXX").string();
};

class Database {
 public:
  Database() {
    sqlite3* opened = nullptr;
    const int result = sqlite3_open(folder_.file("catalogue.db").c_str(), &opened);
    connection_.reset(opened);
    if (result != SQLITE_OK) fail();
    run("CREATE TABLE product (id INTEGER PRIMARY KEY, category INT, cents INT CHECK (cents > 0))");
    run("INSERT INTO product "  // one statement is one transaction
        "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 100000) "
        "SELECT id, id % 500, 500 + id * 7919 % 9000 FROM n");
    queries_ = 0;
  }

  /// Runs a statement, and answers the first column of its first row; 0 if there is none.
  int run(const char* sql, std::initializer_list<int> arguments = {}) {
    ++queries_;
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql, -1, &prepared, nullptr) != SQLITE_OK) fail();
    const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> owner(prepared,
                                                                           sqlite3_finalize);
    int position = 0;
    for (const int argument : arguments) sqlite3_bind_int(prepared, ++position, argument);
    const int result = sqlite3_step(prepared);
    if (result != SQLITE_ROW && result != SQLITE_DONE) fail();
    return result == SQLITE_ROW ? sqlite3_column_int(prepared, 0) : 0;
  }

  int queries() const { return queries_; }

 private:
  [[noreturn]] void fail() { throw std::runtime_error(sqlite3_errmsg(connection_.get())); }

  Folder folder_;
  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> connection_{nullptr, sqlite3_close};
  std::atomic<int> queries_{0};
};

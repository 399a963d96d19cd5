// What Swift cannot call of SQLite because it is variadic; nothing else belongs here. The rest is in GRDB's own module.
#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

// SQLITE_MISUSE once SQLite has been initialized.
static inline int csqlite_count_no_memory(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif

// libdbus for Swift. What Swift cannot call or does not see has one function or header here; nothing else belongs here.
#ifndef CDBUS_SHIM_H
#define CDBUS_SHIM_H

#include <dbus/dbus.h>

// How the thread of a connection is woken and named; the module of the C library leaves these headers out.
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Variadic. The name is cut to 15 bytes.
static inline int cdbus_name_thread(const char *name) {
    return prctl(PR_SET_NAME, name);
}

#endif

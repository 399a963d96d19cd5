// libdbus for Swift. What Swift cannot call or does not see has one function or header here; nothing else belongs here.
#ifndef CDBUS_SHIM_H
#define CDBUS_SHIM_H

#include <dbus/dbus.h>

// How the thread of a connection is woken; the module of the C library leaves this header out.
#include <sys/eventfd.h>

#endif

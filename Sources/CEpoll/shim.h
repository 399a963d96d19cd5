// How sockets are waited for, which the module of the C library leaves out; nothing else belongs here.
#ifndef CEPOLL_SHIM_H
#define CEPOLL_SHIM_H

#include <sys/epoll.h>
#include <sys/eventfd.h>

#endif

// What the GNU C library adds to malloc(3), which the module of the C library leaves out; nothing else belongs here.
#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

#include <malloc.h>

#endif

// What Swift does not see of the C library about threads; nothing else belongs here.
#ifndef CTHREAD_SHIM_H
#define CTHREAD_SHIM_H

#include <sys/prctl.h>

// Variadic. The name is cut to 15 bytes.
static inline int cthread_name(const char *name) {
    return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

#endif

#include <systemd/sd-daemon.h>

// Whether the clock is synchronised; the module of the C library leaves this header out.
#include <sys/timex.h>

// Whether other processes may look into this one; the function takes any number of arguments, which Swift cannot call.
#include <sys/prctl.h>

static inline int csystemd_set_dumpable(unsigned long value) {
    return prctl(PR_SET_DUMPABLE, value, 0UL, 0UL, 0UL);
}


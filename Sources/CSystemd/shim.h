#include <systemd/sd-daemon.h>

// Whether the clock is synchronised; the module of the C library leaves this header out.
#include <sys/timex.h>

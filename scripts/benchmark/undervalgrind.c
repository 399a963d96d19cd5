/* Preloaded into programs that run under valgrind.
 *
 * sigsuspend(2): the main thread of a Swift program ends in it, with a mask in memory that cannot be written (libdispatch's
 * _dispatch_sig_thread). Debian 12's valgrind 3.19 takes its own signals out of that mask in place, and dies.
 *
 * prctl(2): kmid makes itself not dumpable. vgdb, which tells valgrind when to count, then reaches it as root only. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int sigsuspend(const sigset_t *mask) {
    sigset_t own = *mask;
    return (int)syscall(SYS_rt_sigsuspend, &own, _NSIG / 8);
}

int prctl(int option, ...) {
    unsigned long values[4];
    va_list arguments;
    va_start(arguments, option);
    for (int index = 0; index < 4; index++) values[index] = va_arg(arguments, unsigned long);
    va_end(arguments);
    if (option == PR_SET_DUMPABLE) return 0;
    return (int)syscall(SYS_prctl, option, values[0], values[1], values[2], values[3]);
}

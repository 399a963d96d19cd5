// How sockets are waited for, which the module of the C library leaves out; nothing else belongs here.
#ifndef CEPOLL_SHIM_H
#define CEPOLL_SHIM_H

#include <linux/aio_abi.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The kernel's asynchronous I/O (io_submit(2)), for which the C library has no functions. As its functions, these give -1 and
// set errno when they fail.

static inline long aio_setup(unsigned int requests, aio_context_t *context) {
    *context = 0;
    return syscall(SYS_io_setup, requests, context);
}

static inline long aio_destroy(aio_context_t context) { return syscall(SYS_io_destroy, context); }

// Has `counter`, an eventfd, added to as soon as `descriptor` is ready for `events`, once.
static inline long aio_poll_once(aio_context_t context, int descriptor, short events, int counter) {
    struct iocb request;
    struct iocb *requests[1] = {&request};
    memset(&request, 0, sizeof(request));
    request.aio_lio_opcode = IOCB_CMD_POLL;
    request.aio_fildes = (uint32_t)descriptor;
    request.aio_buf = (uint16_t)events;
    request.aio_flags = IOCB_FLAG_RESFD;
    request.aio_resfd = (uint32_t)counter;
    return syscall(SYS_io_submit, context, 1L, requests);
}

// Takes what has ended, `most` at the most, off the list that the kernel keeps of it, without waiting.
static inline long aio_forget_ended(aio_context_t context, long most) {
    struct io_event ended[64];
    struct timespec none = {0, 0};
    if (most > 64) most = 64;
    return syscall(SYS_io_getevents, context, 0L, most, ended, &none);
}

#endif

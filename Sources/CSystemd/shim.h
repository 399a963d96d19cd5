#include <systemd/sd-daemon.h>

// Whether the clock is synchronised; the module of the C library leaves this header out.
#include <sys/timex.h>

// eventfd(2), which the module of the C library leaves out.
#include <sys/eventfd.h>

#include <sys/prctl.h>

// Whether other processes may look into this one; the function takes any number of arguments, which Swift cannot call.
static inline int csystemd_set_dumpable(unsigned long value) {
    return prctl(PR_SET_DUMPABLE, value, 0UL, 0UL, 0UL);
}

// A file in memory whose content can be sealed: the C library declares the call for programs in its own dialect only.
#include <linux/memfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int csystemd_memory_file(const char *name) {
    return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

// A message without content that carries a descriptor: its layout is known to macros only. The address is a
// struct sockaddr_un, and the result what sendmsg(2) returns.
#include <string.h>
#include <sys/socket.h>

static inline int csystemd_send_descriptor(
    int socket, const void *address, unsigned int address_size, int descriptor, int flags) {
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message;
    memset(&control, 0, sizeof control);
    memset(&message, 0, sizeof message);
    message.msg_name = (void *)address;
    message.msg_namelen = address_size;
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return (int)sendmsg(socket, &message, flags);
}

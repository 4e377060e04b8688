// Local and TCP sockets. Every descriptor made here is non-blocking and close-on-exec.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Listens on a UNIX socket with exactly `mode` (for example 0660). A socket file that nobody listens on any more is
/// replaced; one that is in use is -EADDRINUSE. Returns the descriptor.
int posix_unix_listen(const char *path, uint32_t mode, int32_t backlog);
/// Connects to a UNIX socket (at once or not at all).
int posix_unix_connect(const char *path);
/// The next waiting connection; -EAGAIN when there is none.
int posix_socket_accept(int listener);

/// Who is at the other end of a UNIX socket, as the kernel saw it at connect (SO_PEERCRED).
struct posix_peer {
    int32_t process_id;
    uint32_t user_id;
    uint32_t group_id;
};
int posix_socket_peer(int descriptor, struct posix_peer *peer);

/// Begins a TCP connection; the name lookup blocks (see RES_OPTIONS). Numeric and local addresses are tried in the order
/// of the lookup until one does not fail at once. Poll for POSIX_POLL_OUT, then ask `posix_socket_error`.
/// A failed lookup is -EHOSTUNREACH.
int posix_tcp_connect(const char *host, uint16_t port);
/// Whether a host name can be looked up now, or is an address: 0, or -ENOENT.
int posix_name_is_known(const char *host);
/// The bytes of a numeric address, 4 or 16 of them; 0 if it is none.
size_t posix_address_bytes(const char *host, uint8_t *bytes);
/// Listens on a TCP port of 127.0.0.1; port 0 takes a free one.
int posix_tcp_listen_loopback(uint16_t port, int32_t backlog);
/// The port at this end; 0 if none.
uint16_t posix_socket_local_port(int descriptor);
/// The pending error of a connection, negated, and cleared; 0: none.
int posix_socket_error(int descriptor);

/// Bytes read; 0: the other end closed; -EAGAIN: nothing there. Never -EINTR.
ptrdiff_t posix_socket_read(int descriptor, uint8_t *bytes, size_t count);
/// Bytes taken, possibly fewer than given; -EAGAIN: full. No SIGPIPE. Never -EINTR.
ptrdiff_t posix_socket_write(int descriptor, const uint8_t *bytes, size_t count);
/// No more will be written: the other end reads the end.
int posix_socket_finish_writing(int descriptor);
int posix_socket_close(int descriptor);

#define _GNU_SOURCE
#include "sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define STREAM (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

static int failed(int descriptor) {
    int error = errno;
    close(descriptor);
    return -error;
}

static int unix_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof address->sun_path) { return -ENAMETOOLONG; }
    memcpy(address->sun_path, path, length + 1);
    return 0;
}

int posix_unix_connect(const char *path) {
    struct sockaddr_un address;
    int result = unix_address(&address, path);
    if (result < 0) { return result; }
    int descriptor = socket(AF_UNIX, STREAM, 0);
    if (descriptor < 0) { return -errno; }
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) { return failed(descriptor); }
    return descriptor;
}

static int remove_abandoned(const char *path) {
    struct stat facts;
    if (lstat(path, &facts) != 0) { return -errno; }
    if (!S_ISSOCK(facts.st_mode)) { return -EEXIST; }
    int probe = posix_unix_connect(path);
    if (probe >= 0) { close(probe); }
    // EAGAIN: its owner lives, and its backlog is full.
    if (probe != -ECONNREFUSED) { return -EADDRINUSE; }
    return unlink(path) == 0 ? 0 : -errno;
}

int posix_unix_listen(const char *path, uint32_t mode, int32_t backlog) {
    struct sockaddr_un address;
    int result = unix_address(&address, path);
    if (result < 0) { return result; }
    int descriptor = socket(AF_UNIX, STREAM, 0);
    if (descriptor < 0) { return -errno; }
    // The file is born with the socket's own mode: at no instant can more people connect than `mode` says.
    if (fchmod(descriptor, (mode_t)mode) != 0) { return failed(descriptor); }
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EADDRINUSE) { return failed(descriptor); }
        result = remove_abandoned(path);
        if (result < 0) { close(descriptor); return result; }
        if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) { return failed(descriptor); }
    }
    // Only what the umask took away is given back here.
    if (chmod(path, (mode_t)mode) != 0 || listen(descriptor, backlog) != 0) { return failed(descriptor); }
    return descriptor;
}

int posix_socket_accept(int listener) {
    int descriptor;
    do { descriptor = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK); } while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -errno : descriptor;
}

int posix_socket_peer(int descriptor, struct posix_peer *peer) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) { return -errno; }
    peer->process_id = credentials.pid;
    peer->user_id = credentials.uid;
    peer->group_id = credentials.gid;
    return 0;
}

int posix_tcp_connect(const char *host, uint16_t port) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) { return -EHOSTUNREACH; }
    int result = -EHOSTUNREACH;
    for (struct addrinfo *entry = found; entry != NULL && result < 0; entry = entry->ai_next) {
        int descriptor = socket(entry->ai_family, STREAM, entry->ai_protocol);
        if (descriptor < 0) { result = -errno; continue; }
        int connected = connect(descriptor, entry->ai_addr, entry->ai_addrlen);
        result = connected == 0 || errno == EINPROGRESS ? descriptor : failed(descriptor);
    }
    freeaddrinfo(found);
    return result;
}

int posix_name_is_known(const char *host) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0) { return -ENOENT; }
    freeaddrinfo(found);
    return 0;
}

size_t posix_address_bytes(const char *host, uint8_t *bytes) {
    if (inet_pton(AF_INET, host, bytes) == 1) { return 4; }
    return inet_pton(AF_INET6, host, bytes) == 1 ? 16 : 0;
}

int posix_tcp_listen_loopback(uint16_t port, int32_t backlog) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, STREAM, 0);
    if (descriptor < 0) { return -errno; }
    int yes = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) { return failed(descriptor); }
    if (listen(descriptor, backlog) != 0) { return failed(descriptor); }
    return descriptor;
}

uint16_t posix_socket_local_port(int descriptor) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(descriptor, (struct sockaddr *)&address, &length) != 0) { return 0; }
    if (address.ss_family == AF_INET) { return ntohs(((struct sockaddr_in *)&address)->sin_port); }
    if (address.ss_family == AF_INET6) { return ntohs(((struct sockaddr_in6 *)&address)->sin6_port); }
    return 0;
}

int posix_socket_error(int descriptor) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0) { return -errno; }
    return -error;
}

ptrdiff_t posix_socket_read(int descriptor, uint8_t *bytes, size_t count) {
    ssize_t result;
    do { result = recv(descriptor, bytes, count, 0); } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

ptrdiff_t posix_socket_write(int descriptor, const uint8_t *bytes, size_t count) {
    ssize_t result;
    do { result = send(descriptor, bytes, count, MSG_NOSIGNAL); } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

int posix_socket_finish_writing(int descriptor) { return shutdown(descriptor, SHUT_WR) == 0 ? 0 : -errno; }

// Not repeated on EINTR: on Linux the descriptor is gone either way.
int posix_socket_close(int descriptor) { return close(descriptor) == 0 || errno == EINTR ? 0 : -errno; }

// C interface to IPv4 datagram sockets: addresses are numbers in host byte order, and errors are -1 with errno.
#ifndef NTK_CDATAGRAMS_H
#define NTK_CDATAGRAMS_H

#include <stdint.h>

// INADDR_ANY and INADDR_LOOPBACK.
uint32_t ntk_datagrams_any(void);
uint32_t ntk_datagrams_loopback(void);

// Opens a socket on a free port of an address and stores the port in *port. Returns the descriptor, or -1.
int ntk_datagrams_open(uint32_t address, uint16_t *port);
void ntk_datagrams_close(int socket);

// Gets the addresses and network masks of this host's interfaces, without the loopback. Returns the
// number of interfaces, at most `capacity`.
int ntk_datagrams_interfaces(uint32_t *addresses, uint32_t *masks, int capacity);

// Sends without waiting. Returns 0, or -1.
int ntk_datagrams_send(
    int socket, uint32_t address, uint16_t port, const void *bytes, int count);

// Waits at most `milliseconds` for a datagram. Returns its length, which may be 0, or -1 if none arrives.
int ntk_datagrams_receive(
    int socket, int milliseconds, void *bytes, int capacity, uint32_t *address, uint16_t *port);

#endif

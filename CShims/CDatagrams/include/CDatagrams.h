// C face of IPv4 datagram sockets: addresses as numbers in host order, errors as -1 with errno.
#ifndef NTK_CDATAGRAMS_H
#define NTK_CDATAGRAMS_H

#include <stdint.h>

// A socket on a free port of all addresses; the port in *port. Returns the descriptor, or -1.
int ntk_datagrams_open(uint16_t *port);

// This host's addresses but the loopback's, and that one last. Returns how many there are, at most
// `capacity`.
int ntk_datagrams_own_addresses(uint32_t *addresses, int capacity);

// Sends without waiting. Returns 0, or -1.
int ntk_datagrams_send(
    int socket, uint32_t address, uint16_t port, const void *bytes, int count);

// Waits at most `milliseconds` for a datagram. Returns its length, 0 for none, or -1.
int ntk_datagrams_receive(
    int socket, int milliseconds, void *bytes, int capacity, uint32_t *address, uint16_t *port);

#endif

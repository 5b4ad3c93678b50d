#define _GNU_SOURCE
#include "CDatagrams.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

uint32_t ntk_datagrams_any(void) { return INADDR_ANY; }
uint32_t ntk_datagrams_loopback(void) { return INADDR_LOOPBACK; }

int ntk_datagrams_open(uint32_t address, uint16_t *port) {
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  struct sockaddr_in own;
  memset(&own, 0, sizeof own);
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(address);
  socklen_t length = sizeof own;
  if (bind(descriptor, (struct sockaddr *)&own, length) != 0 ||
      getsockname(descriptor, (struct sockaddr *)&own, &length) != 0) {
    close(descriptor);
    return -1;
  }
  *port = ntohs(own.sin_port);
  return descriptor;
}

void ntk_datagrams_close(int descriptor) { close(descriptor); }

int ntk_datagrams_interfaces(uint32_t *addresses, uint32_t *masks, int capacity) {
  struct ifaddrs *all;
  int count = 0;
  if (getifaddrs(&all) != 0) return 0;
  for (struct ifaddrs *one = all; one && count < capacity; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !one->ifa_netmask) continue;
    if (one->ifa_flags & IFF_LOOPBACK || !(one->ifa_flags & IFF_UP)) continue;
    addresses[count] = ntohl(((struct sockaddr_in *)one->ifa_addr)->sin_addr.s_addr);
    masks[count] = ntohl(((struct sockaddr_in *)one->ifa_netmask)->sin_addr.s_addr);
    count++;
  }
  freeifaddrs(all);
  return count;
}

int ntk_datagrams_send(
    int descriptor, uint32_t address, uint16_t port, const void *bytes, int count) {
  struct sockaddr_in to;
  memset(&to, 0, sizeof to);
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(address);
  to.sin_port = htons(port);
  long sent = sendto(
      descriptor, bytes, (size_t)count, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
  return sent == count ? 0 : -1;
}

int ntk_datagrams_receive(
    int descriptor, int milliseconds, void *bytes, int capacity, uint32_t *address,
    uint16_t *port) {
  struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
  int ready = poll(&wanted, 1, milliseconds);
  if (ready <= 0) return -1;
  struct sockaddr_in from;
  socklen_t length = sizeof from;
  long count = recvfrom(
      descriptor, bytes, (size_t)capacity, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
  if (count < 0) return -1;
  *address = ntohl(from.sin_addr.s_addr);
  *port = ntohs(from.sin_port);
  return (int)count;
}

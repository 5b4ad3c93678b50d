#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/vfs.h>

static volatile sig_atomic_t stop_signal = 0;

// The time limit of the run is the least urgent cause, so SIGALRM does not replace another signal.
static void note_stop(int number) {
  if (number != SIGALRM || stop_signal == 0) stop_signal = number;
}

int ntk_watch_stop_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  const int signals[] = {SIGUSR1, SIGTERM, SIGALRM, SIGINT, SIGHUP};
  for (int i = 0; i < 5; i++) {
    struct sigaction before;
    if (sigaction(signals[i], 0, &before) != 0) return errno;
    // A signal that nohup or a background shell ignores stays ignored.
    if (signals[i] != SIGALRM && before.sa_handler == SIG_IGN) continue;
    if (sigaction(signals[i], &action, 0) != 0) return errno;
  }
  return 0;
}

void ntk_stop_after(double seconds) {
  struct itimerval timer;
  memset(&timer, 0, sizeof timer);
  timer.it_value.tv_sec = (time_t)seconds;
  timer.it_value.tv_usec = (suseconds_t)((seconds - (double)timer.it_value.tv_sec) * 1e6) + 1;
  setitimer(ITIMER_REAL, &timer, 0);
}

int ntk_stop_signal(void) { return (int)stop_signal; }

const char *ntk_version(void) { return NTK_VERSION; }

const char *ntk_revision(void) { return NTK_REVISION; }

const char *ntk_march(void) { return NTK_MARCH; }

int ntk_affinity(uint64_t *words, int count) {
  memset(words, 0, (size_t)count * sizeof *words);
  return sched_getaffinity(0, (size_t)count * sizeof *words, (cpu_set_t *)words);
}

static int64_t soft_limit(__rlimit_resource_t resource) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return -1;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}
int64_t ntk_limit_address_space(void) { return soft_limit(RLIMIT_AS); }
int64_t ntk_limit_locked(void) { return soft_limit(RLIMIT_MEMLOCK); }
int64_t ntk_limit_file(void) { return soft_limit(RLIMIT_FSIZE); }

int ntk_reserve(int descriptor, int64_t bytes) {
  // posix_fallocate would write the bytes if the file system cannot reserve them.
  return fallocate(descriptor, 0, 0, bytes) == 0 ? 0 : errno;
}

int ntk_is_in_memory(const char *path) {
  struct statfs status;
  if (statfs(path, &status) != 0) return 0;
  return (uint32_t)status.f_type == 0x01021994u || (uint32_t)status.f_type == 0x858458f6u;
}

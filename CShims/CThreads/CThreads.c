#define _GNU_SOURCE
#include "CThreads.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

int ntk_usable_processors(void) {
  // The kernel refuses a set that is smaller than its own set.
  for (int size = 1024; size <= 1 << 20; size *= 2) {
    cpu_set_t *set = CPU_ALLOC(size);
    if (!set) return 1;
    size_t bytes = CPU_ALLOC_SIZE(size);
    int result = sched_getaffinity(0, bytes, set);
    int count = result == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
    if (errno != EINVAL) return 1;
  }
  return 1;
}

int ntk_thread_start(pthread_t *thread, void *(*body)(void *), void *context) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error) return error;
  pthread_attr_setstacksize(&attributes, 8 << 20);
  sigset_t all, before;
  sigfillset(&all);
  // Signals for faults belong to the thread that causes them.
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  for (int i = 0; i < 6; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(thread, &attributes, body, context);
  pthread_sigmask(SIG_SETMASK, &before, 0);
  pthread_attr_destroy(&attributes);
  return error;
}

void ntk_thread_join(pthread_t thread) { pthread_join(thread, 0); }

int ntk_latch_init(ntk_latch *latch, int count) {
  latch->missing = count;
  int error = pthread_mutex_init(&latch->mutex, 0);
  if (error) return error;
  // With the monotonic clock, waits do not end early or late if somebody sets the clock.
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  error = pthread_cond_init(&latch->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  if (error) pthread_mutex_destroy(&latch->mutex);
  return error;
}

void ntk_latch_destroy(ntk_latch *latch) {
  pthread_cond_destroy(&latch->changed);
  pthread_mutex_destroy(&latch->mutex);
}

void ntk_latch_count_down(ntk_latch *latch) {
  pthread_mutex_lock(&latch->mutex);
  latch->missing--;
  if (latch->missing == 0) pthread_cond_broadcast(&latch->changed);
  pthread_mutex_unlock(&latch->mutex);
}

int ntk_latch_wait(ntk_latch *latch, int milliseconds) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_nsec += (long)milliseconds * 1000000;
  end.tv_sec += end.tv_nsec / 1000000000;
  end.tv_nsec %= 1000000000;
  pthread_mutex_lock(&latch->mutex);
  while (latch->missing > 0) {
    if (pthread_cond_timedwait(&latch->changed, &latch->mutex, &end)) break;
  }
  int missing = latch->missing;
  pthread_mutex_unlock(&latch->mutex);
  return missing;
}

void ntk_arithmetic_begin(fenv_t *before) {
  fegetenv(before);
  fesetenv(FE_DFL_ENV);
}

void ntk_arithmetic_end(const fenv_t *before) { fesetenv(before); }

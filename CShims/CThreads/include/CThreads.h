/// Threads that serve one call, and what they must not take from the program around them.
#ifndef NTK_CTHREADS_H
#define NTK_CTHREADS_H

#include <fenv.h>
#include <pthread.h>

/// How many processors this process may use.
int ntk_usable_processors(void);

/// Starts a thread that takes no signals but faults and has a stack of 8 MiB; returns 0, or errno.
int ntk_thread_start(
    pthread_t *_Nonnull thread, void *_Nullable (*_Nonnull body)(void *_Nullable),
    void *_Nullable context);

/// Waits for a thread to end.
void ntk_thread_join(pthread_t thread);

/// A number of events that one thread waits for.
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int missing;
} ntk_latch;

/// Sets up a latch for `count` events; returns 0, or errno.
int ntk_latch_init(ntk_latch *_Nonnull latch, int count);
void ntk_latch_destroy(ntk_latch *_Nonnull latch);
/// Notes an event.
void ntk_latch_count_down(ntk_latch *_Nonnull latch);
/// Waits up to some milliseconds; returns how many events are missing.
int ntk_latch_wait(ntk_latch *_Nonnull latch, int milliseconds);

/// Gives this thread the default floating-point environment (rounding, denormal numbers), whatever the
/// program around it has set, and notes the one before.
void ntk_arithmetic_begin(fenv_t *_Nonnull before);
void ntk_arithmetic_end(const fenv_t *_Nonnull before);

#endif

/// Threads that serve one call, and the settings that they must not take from the surrounding program.
#ifndef NTK_CTHREADS_H
#define NTK_CTHREADS_H

#include <fenv.h>
#include <pthread.h>

/// The number of processors that this process may use.
int ntk_usable_processors(void);

/// Starts a thread that receives no signals except faults, with a stack of 8 MiB. Returns 0, or errno.
int ntk_thread_start(
    pthread_t *_Nonnull thread, void *_Nullable (*_Nonnull body)(void *_Nullable),
    void *_Nullable context);

/// Waits for a thread to end.
void ntk_thread_join(pthread_t thread);

/// A counter of events that threads wait for.
typedef struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  int missing;
} ntk_latch;

/// Sets up a latch for `count` events. Returns 0, or errno.
int ntk_latch_init(ntk_latch *_Nonnull latch, int count);
void ntk_latch_destroy(ntk_latch *_Nonnull latch);
/// Records an event.
void ntk_latch_count_down(ntk_latch *_Nonnull latch);
/// Waits at most `milliseconds`. Returns the number of events that are still missing.
int ntk_latch_wait(ntk_latch *_Nonnull latch, int milliseconds);

/// Gives this thread the default floating-point environment (rounding, denormal numbers), whatever
/// the surrounding program has set. Stores the previous environment in `before`.
void ntk_arithmetic_begin(fenv_t *_Nonnull before);
void ntk_arithmetic_end(const fenv_t *_Nonnull before);

#endif

/// Information from outside the process and from build time: stop signals, limits, revision, vector width.
#ifndef NTK_CPROCESS_H
#define NTK_CPROCESS_H

#include <stdint.h>

/// Makes SIGUSR1, SIGTERM, SIGINT, SIGHUP and SIGALRM only set a flag, which `ntk_stop_signal`
/// returns. A signal that is ignored stays ignored. Returns 0, or errno.
int ntk_watch_stop_signals(void);

/// Sends a SIGALRM, which also sets the flag, after some seconds.
void ntk_stop_after(double seconds);

/// The stop signal that has arrived; 0 if none has.
int ntk_stop_signal(void);

/// The version, the git revision of the sources, and the -march that the recursion core was built for.
const char *ntk_version(void);
const char *ntk_revision(void);
const char *ntk_march(void);

/// Gets the cores that the calling thread may run on, one bit per core in `count` words. Returns 0, or -1.
int ntk_affinity(uint64_t *words, int count);

/// The soft limits of this process in bytes (ulimit -v, -l, -f); -1 without a limit.
int64_t ntk_limit_address_space(void);
int64_t ntk_limit_locked(void);
int64_t ntk_limit_file(void);

/// Makes a file `bytes` long and reserves the space for it. Returns 0, or errno.
int ntk_reserve(int descriptor, int64_t bytes);

/// Whether a folder is in memory (tmpfs, ramfs). Returns 1 or 0.
int ntk_is_in_memory(const char *path);

#endif

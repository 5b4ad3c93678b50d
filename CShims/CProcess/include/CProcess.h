/// What the process is told from outside and at build time: stop signals, revision, vector width.
#ifndef NTK_CPROCESS_H
#define NTK_CPROCESS_H

#include <stdint.h>

/// From now on SIGUSR1, SIGTERM, SIGINT, SIGHUP and SIGALRM only set the flag below; one that is
/// ignored stays ignored. Returns 0, or errno.
int ntk_watch_stop_signals(void);

/// Sends a SIGALRM, which sets the flag too, after some seconds.
void ntk_stop_after(double seconds);

/// The stop signal that arrived, 0 while there is none.
int ntk_stop_signal(void);

/// The version, the git revision of the sources, and the -march the recursion core was built for.
const char *ntk_version(void);
const char *ntk_revision(void);
const char *ntk_march(void);

/// The cores that the calling thread may run on, one bit each in `count` words. Returns 0, or -1.
int ntk_affinity(uint64_t *words, int count);

/// Soft limits of this process in bytes (ulimit -v, -l, -f); -1 for none.
int64_t ntk_limit_address_space(void);
int64_t ntk_limit_locked(void);
int64_t ntk_limit_file(void);

/// Makes a file so many bytes long whose room is the file's from now on. Returns 0, or errno.
int ntk_reserve(int descriptor, int64_t bytes);

/// Whether a folder lies in memory (tmpfs, ramfs). Returns 1 or 0.
int ntk_is_in_memory(const char *path);

#endif

#include "CProcess.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t stop_signal = 0;

static void note_stop(int number) { stop_signal = number; }

int ntk_watch_stop_signals(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note_stop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  if (sigaction(SIGUSR1, &action, 0) != 0 || sigaction(SIGTERM, &action, 0) != 0) return errno;
  return 0;
}

int ntk_stop_signal(void) { return (int)stop_signal; }

const char *ntk_revision(void) { return NTK_REVISION; }

const char *ntk_march(void) { return NTK_MARCH; }

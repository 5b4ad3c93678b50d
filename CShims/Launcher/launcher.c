/// The installed command ntk-dist: starts the build of the program that suits this processor.
///
/// The program is in lib/ntk-dist, next to the folder of this command, with one build for every level
/// of instruction sets (x86-64-v2, -v3, -v4). NTK_DIST_ISA can name a lower level than that of the processor.
///
/// All ranks must use the same level, the lowest of their levels; otherwise their tiles would
/// differ in the last bits. The ranks agree on the level here. So for commands that use MPI, MPI is
/// started here if there are several ranks. For the same reason, OpenBLAS is told to use the
/// kernels of that level, unless OPENBLAS_CORETYPE names others.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <mpi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CProcessor.h"

/// The exit statuses of sysexits.h, the same as in the program itself.
enum { status_usage = 64, status_unavailable = 69 };

#if defined(__x86_64__)
static const char *const levels[] = {"v2", "v3", "v4"};
/// The kernels of OpenBLAS for these levels, for OPENBLAS_CORETYPE.
static const char *const blas_kernels[] = {"Nehalem", "Haswell", "SkylakeX"};
/// The instruction sets that each level has in addition to the previous level.
static const char *const sets[][7] = {
    {"sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"},
    {"avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt"},
    {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
};
#else
static const char *const levels[] = {"generic"};
static const char *const blas_kernels[] = {0};
static const char *const sets[][7] = {{0}};
#endif
enum { level_count = sizeof levels / sizeof levels[0] };

__attribute__((format(printf, 2, 3), noreturn)) static void fail(
    int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("ntk-dist: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\n", stderr);
  va_end(arguments);
  exit(status);
}

/// Whether this processor has an instruction set.
static int has(const char *name) {
  for (int bit = 0; ntk_instruction_set_name(bit); bit++) {
    if (!strcmp(ntk_instruction_set_name(bit), name)) {
      return !ntk_missing_instruction_sets(1u << bit);
    }
  }
  return 0;
}

/// The highest level of this processor; -1 if it has none.
static int level_of_processor(void) {
  for (int level = 0; level < level_count; level++) {
    for (int i = 0; i < 7 && sets[level][i]; i++) {
      if (!has(sets[level][i])) return level - 1;
    }
  }
  return level_count - 1;
}

/// The level of the processor, or the lower level that the user asks for.
static int own_level(void) {
  int present = level_of_processor();
  if (present < 0) {
    fail(
        status_unavailable,
        "this processor has less than x86-64-v2 (SSE4.2 and POPCNT), which the program needs at least");
  }
  const char *wanted = getenv("NTK_DIST_ISA");
  if (!wanted || !*wanted) return present;
  for (int level = 0; level < level_count; level++) {
    if (strcmp(levels[level], wanted)) continue;
    if (level > present) {
      fail(
          status_unavailable, "NTK_DIST_ISA is %s, and this processor has %s; set it to that, or leave it out",
          wanted, levels[present]);
    }
    return level;
  }
  fail(
      status_usage, "NTK_DIST_ISA is '%s'; it must be one of %s to %s", wanted, levels[0],
      levels[level_count - 1]);
}

static int number_in(const char *name) {
  const char *text = getenv(name);
  return text ? atoi(text) : 0;
}

/// Whether a command runs on all ranks.
static int uses_mpi(const char *command) {
  static const char *const names[] = {"run",   "assemble", "spectrum", "predict",
                                      "train", "align",    "verify",   "kernel",
                                      "compare", "selftest"};
  for (size_t i = 0; command && i < sizeof names / sizeof names[0]; i++) {
    if (!strcmp(command, names[i])) return 1;
  }
  return 0;
}

/// Whether a launcher has started several ranks.
static int has_other_ranks(void) {
  int ranks = number_in("OMPI_COMM_WORLD_SIZE");
  if (!ranks) ranks = number_in("PMI_SIZE");
  if (!ranks && getenv("PMIX_RANK")) ranks = number_in("SLURM_STEP_NUM_TASKS");
  return ranks > 1;
}

/// Whether MPI is running.
static int is_parallel = 0;

static void end_mpi(void) {
  int ended = 1;
  MPI_Finalized(&ended);
  if (!ended) MPI_Finalize();
}

static void start_mpi(void) {
  int provided;
  if (MPI_Init_thread(0, 0, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) {
    fail(status_unavailable, "MPI does not start");
  }
  is_parallel = 1;
  // Wrong arguments may end the program before it knows that MPI has started.
  atexit(end_mpi);
}

/// The minimum of a number over all ranks. Collective.
static int least(int number) {
  if (is_parallel) MPI_Allreduce(MPI_IN_PLACE, &number, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return number;
}

/// Ends all ranks, with one sentence, if one of them has a `problem`. Collective.
static void end_if_any(const char *problem) {
  int rank = 0;
  if (is_parallel) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  int first = least(problem ? rank : INT_MAX);
  if (first == INT_MAX) return;
  if (first == rank) {
    char host[HOST_NAME_MAX + 1] = "";
    gethostname(host, sizeof host - 1);
    fprintf(stderr, "ntk-dist: the program cannot be loaded on %s: %s\n", host, problem);
  }
  exit(status_unavailable);
}

int main(int argc, char **argv) {
  int level = own_level();
  if (argc > 1 && uses_mpi(argv[1]) && has_other_ranks()) start_mpi();
  level = least(level);
  if (blas_kernels[level]) setenv("OPENBLAS_CORETYPE", blas_kernels[level], 0);
  char path[PATH_MAX] = "";
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  for (int parents = 2; parents > 0 && length > 0; length--) {
    if (path[length - 1] == '/') parents--;
  }
  if (length < 0) length = 0;
  snprintf(
      path + length, sizeof path - (size_t)length, "/lib/ntk-dist/ntk-dist-%s.so", levels[level]);
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  int (*program)(int, char **) = 0;
  if (library) program = (int (*)(int, char **))dlsym(library, "ntk_dist_main");
  end_if_any(program ? 0 : dlerror());
  return program(argc, argv);
}

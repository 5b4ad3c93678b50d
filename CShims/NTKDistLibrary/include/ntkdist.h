/// libntkdist: exact infinite-width kernels (NNGP and NTK) of arrays, in the memory of one process.
///
///     ntkdist_network *network;
///     char *message;
///     if (ntkdist_network_create("{preset: fcn, depth: 3}", 1, 1, 3072, 64, &network, &message)) ...
///     ntkdist_results results = {.size = sizeof results, .ntk = ntk};
///     if (ntkdist_kernel(network, x, n, NULL, 0, NULL, &results, &message)) ...
///
/// Functions with a `message` return 0 or a status of sysexits.h. The statuses have the same
/// meaning as the exit statuses of the program: 64 the call is wrong, 65 bad data, 66 a missing
/// file, 69 a resource of the machine is missing, 70 the library is at fault, 74 a file cannot be
/// read, 75 canceled, 78 bad network. If the status is not 0, *message is one sentence, which must
/// be freed with ntkdist_free; otherwise *message is NULL. `message` itself may be NULL.
///
/// Every function may be called from several threads at once. The library starts threads for a
/// kernel and ends them before it returns, so a process may fork between calls. OpenBLAS is set to one thread.
#ifndef NTKDIST_H
#define NTKDIST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A network for images of one shape, checked and compiled.
typedef struct ntkdist_network ntkdist_network;

/// The version, for example "0.1.0". Must not be freed.
const char *ntkdist_version(void);

/// The processor that the arithmetic is compiled for: "x86-64-v2", "x86-64-v3", "x86-64-v4",
/// "armv8-a", or "native" for the machine that built the library. Must not be freed.
const char *ntkdist_isa(void);

/// Makes a network.
///
/// text: YAML or JSON, either the value of a job's `network` or a mapping with that key. It must
/// describe one network, so lists of depths or variances are not allowed. height, width, channels:
/// the shape of the images (for vectors: 1, 1, D). precision: 64 or 32, the precision of the arithmetic.
int32_t ntkdist_network_create(
    const char *text, int64_t height, int64_t width, int64_t channels, int32_t precision,
    ntkdist_network **network, char **message);

/// Frees a network. No call may use it any more. NULL is allowed.
void ntkdist_network_free(ntkdist_network *network);

/// Describes a network as JSON, which must be freed with ntkdist_free: {"text": the output of
/// `ntk-dist network`, "layers": the layers with presets expanded and repetitions folded,
/// "certificates": how accurately each activation without a closed form is computed}.
int32_t ntkdist_network_describe(const ntkdist_network *network, char **json, char **message);

/// Frees a text; NULL is allowed.
void ntkdist_free(char *text);

/// A function that a kernel calls now and then, on the thread that called ntkdist_kernel, with the
/// finished fraction, 0 to 1. If it returns a value other than 0, the kernel is canceled and returns 75.
typedef int32_t (*ntkdist_progress)(double fraction, void *context);

/// How a kernel is computed. Fields that are 0 have their defaults.
typedef struct {
  /// sizeof(ntkdist_options).
  int64_t size;
  /// The number of threads. 0: NTK_DIST_NUM_THREADS or OMP_NUM_THREADS, or else the number of
  /// processors that the process may use.
  int32_t threads;
  /// Must be 0.
  int32_t reserved;
  /// The progress function; may be NULL. If a kernel takes longer than 50 ms, the function is
  /// called at least every 50 ms.
  ntkdist_progress progress;
  /// Passed to `progress`.
  void *context;
} ntkdist_options;

/// The memory for the results; each pointer may be NULL. Matrices are [n1, n2] row-major, vectors
/// are [n1] and [n2]. After a status other than 0 the contents are undefined.
typedef struct {
  /// sizeof(ntkdist_results).
  int64_t size;
  /// The kernels: [n1, n2].
  double *nngp, *ntk;
  /// sqrt(K(x,x) K(x',x')) - K(x,x') of the NNGP kernel, and the same of the NTK: [n1, n2]. These
  /// values keep their digits even if the kernels have lost them.
  double *nngp_deficit, *ntk_deficit;
  /// The kernels of each image of x1 with itself: [n1].
  double *nngp_diagonal1, *ntk_diagonal1;
  /// The kernels of each image of x2 with itself: [n2].
  double *nngp_diagonal2, *ntk_diagonal2;
} ntkdist_results;

/// Computes kernels.
///
/// x1: images [n1, height, width, channels], row-major. x2: images [n2, ...], or NULL for the
/// symmetric kernel of x1, whose n2 is n1. options may be NULL. The kernels equal those that
/// `ntk-dist kernel` writes, to the last bit, for any number of threads.
int32_t ntkdist_kernel(
    const ntkdist_network *network, const double *x1, int64_t n1, const double *x2, int64_t n2,
    const ntkdist_options *options, const ntkdist_results *results, char **message);

/// Computes the mean-field theory of an activation as JSON, in the form that
/// `ntk-dist phase --format json` prints. The JSON must be freed with ntkdist_free. activation: a name, or
/// {name: {parameter: value}} as in a job.
int32_t ntkdist_mean_field(
    const char *activation, double weight_variance, double bias_variance, char **json,
    char **message);

#ifdef __cplusplus
}
#endif

#endif

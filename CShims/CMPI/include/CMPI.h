// C interface to MPI. It gives MPI's functions fixed names, passes handles as the integers of MPI's Fortran binding
// (MPI_Comm_c2f and friends), and returns MPI's return codes unchanged. It makes no decisions, allocates nothing,
// prints nothing and has no loops.
#ifndef NTK_CMPI_H
#define NTK_CMPI_H

#include <stdint.h>

// Constants. In mpi.h they are casts of addresses or implementation-defined integers.
int ntk_mpi_success(void);
int ntk_mpi_any_source(void);
int ntk_mpi_any_tag(void);
int ntk_mpi_undefined(void);
int ntk_mpi_comm_world(void);
int ntk_mpi_type_byte(void);
int ntk_mpi_type_double(void);
int ntk_mpi_type_float(void);
int ntk_mpi_type_int64(void);
int ntk_mpi_op_sum(void);
int ntk_mpi_op_max(void);
int ntk_mpi_op_min(void);

// Environment.
int ntk_mpi_init_thread_funneled(int *provided);
int ntk_mpi_query_thread(int *provided);
int ntk_mpi_thread_funneled(void);
int ntk_mpi_initialized(int *flag);
int ntk_mpi_finalized(int *flag);
int ntk_mpi_finalize(void);
int ntk_mpi_abort(int comm, int status);
int ntk_mpi_errors_return(int comm);
int ntk_mpi_max_error_string(void);
int ntk_mpi_error_string(int code, char *text, int *length);
int ntk_mpi_max_library_version_string(void);
int ntk_mpi_get_library_version(char *text, int *length);
int ntk_mpi_max_processor_name(void);
int ntk_mpi_get_processor_name(char *text, int *length);
double ntk_mpi_wtime(void);

// Communicators.
int ntk_mpi_comm_rank(int comm, int *rank);
int ntk_mpi_comm_size(int comm, int *size);
int ntk_mpi_comm_split(int comm, int color, int key, int *part);
int ntk_mpi_comm_split_shared(int comm, int key, int *part);
int ntk_mpi_comm_free(int comm);

// Collectives.
int ntk_mpi_barrier(int comm);
int ntk_mpi_bcast(void *data, int count, int type, int root, int comm);
int ntk_mpi_allreduce_in_place(void *data, int count, int type, int op, int comm);
int ntk_mpi_reduce(const void *send, void *receive, int count, int type, int op, int root, int comm);
int ntk_mpi_reduce_scatter(
    const void *send, void *receive, const int *counts, int type, int op, int comm);
int ntk_mpi_allgatherv_in_place(
    void *data, const int *counts, const int *starts, int type, int comm);
int ntk_mpi_alltoall_int64(const int64_t *send, int64_t *receive, int comm);
int ntk_mpi_gather_int64(const int64_t *send, int64_t *receive, int root, int comm);

// Point-to-point messages. Counts are in bytes.
int ntk_mpi_send(const void *data, int count, int destination, int tag, int comm);
int ntk_mpi_recv(void *data, int count, int source, int tag, int comm);
int ntk_mpi_isend(const void *data, int count, int destination, int tag, int comm, int *request);
int ntk_mpi_irecv(void *data, int count, int source, int tag, int comm, int *request);
int ntk_mpi_probe(int source, int tag, int comm, int *from, int *with_tag, int *count);
int ntk_mpi_iprobe(int source, int tag, int comm, int *flag, int *from, int *with_tag, int *count);
int ntk_mpi_wait(int *request);
int ntk_mpi_test(int *request, int *flag);
int ntk_mpi_cancel(int *request);
int ntk_mpi_request_free(int *request);

// Windows of shared memory.
int ntk_mpi_win_allocate_shared(int64_t bytes, int comm, void **base, int *win);
int ntk_mpi_win_shared_query(int win, int rank, int64_t *bytes, void **base);
int ntk_mpi_win_fence(int win);
int ntk_mpi_win_free(int *win);

#endif

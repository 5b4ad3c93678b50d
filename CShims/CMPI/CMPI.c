#include "CMPI.h"

#include <mpi.h>
#include <stddef.h>

int ntk_mpi_success(void) { return MPI_SUCCESS; }
int ntk_mpi_any_source(void) { return MPI_ANY_SOURCE; }
int ntk_mpi_any_tag(void) { return MPI_ANY_TAG; }
int ntk_mpi_undefined(void) { return MPI_UNDEFINED; }
int ntk_mpi_comm_world(void) { return MPI_Comm_c2f(MPI_COMM_WORLD); }
int ntk_mpi_type_byte(void) { return MPI_Type_c2f(MPI_BYTE); }
int ntk_mpi_type_double(void) { return MPI_Type_c2f(MPI_DOUBLE); }
int ntk_mpi_type_float(void) { return MPI_Type_c2f(MPI_FLOAT); }
int ntk_mpi_type_int64(void) { return MPI_Type_c2f(MPI_INT64_T); }
int ntk_mpi_op_sum(void) { return MPI_Op_c2f(MPI_SUM); }
int ntk_mpi_op_max(void) { return MPI_Op_c2f(MPI_MAX); }
int ntk_mpi_op_min(void) { return MPI_Op_c2f(MPI_MIN); }

int ntk_mpi_init_thread_funneled(int *provided) {
  return MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, provided);
}
int ntk_mpi_query_thread(int *provided) { return MPI_Query_thread(provided); }
int ntk_mpi_thread_funneled(void) { return MPI_THREAD_FUNNELED; }
int ntk_mpi_initialized(int *flag) { return MPI_Initialized(flag); }
int ntk_mpi_finalized(int *flag) { return MPI_Finalized(flag); }
int ntk_mpi_finalize(void) { return MPI_Finalize(); }
int ntk_mpi_abort(int comm, int status) { return MPI_Abort(MPI_Comm_f2c(comm), status); }
int ntk_mpi_errors_return(int comm) {
  return MPI_Comm_set_errhandler(MPI_Comm_f2c(comm), MPI_ERRORS_RETURN);
}
int ntk_mpi_max_error_string(void) { return MPI_MAX_ERROR_STRING; }
int ntk_mpi_error_string(int code, char *text, int *length) {
  return MPI_Error_string(code, text, length);
}
int ntk_mpi_max_library_version_string(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }
int ntk_mpi_get_library_version(char *text, int *length) {
  return MPI_Get_library_version(text, length);
}
int ntk_mpi_max_processor_name(void) { return MPI_MAX_PROCESSOR_NAME; }
int ntk_mpi_get_processor_name(char *text, int *length) {
  return MPI_Get_processor_name(text, length);
}
double ntk_mpi_wtime(void) { return MPI_Wtime(); }

int ntk_mpi_comm_rank(int comm, int *rank) { return MPI_Comm_rank(MPI_Comm_f2c(comm), rank); }
int ntk_mpi_comm_size(int comm, int *size) { return MPI_Comm_size(MPI_Comm_f2c(comm), size); }
int ntk_mpi_comm_split(int comm, int color, int key, int *part) {
  MPI_Comm made = MPI_COMM_NULL;
  int code = MPI_Comm_split(MPI_Comm_f2c(comm), color, key, &made);
  *part = MPI_Comm_c2f(made);
  return code;
}
int ntk_mpi_comm_split_shared(int comm, int key, int *part) {
  MPI_Comm made = MPI_COMM_NULL;
  int code =
      MPI_Comm_split_type(MPI_Comm_f2c(comm), MPI_COMM_TYPE_SHARED, key, MPI_INFO_NULL, &made);
  *part = MPI_Comm_c2f(made);
  return code;
}
int ntk_mpi_comm_free(int comm) {
  MPI_Comm handle = MPI_Comm_f2c(comm);
  return MPI_Comm_free(&handle);
}

int ntk_mpi_barrier(int comm) { return MPI_Barrier(MPI_Comm_f2c(comm)); }
int ntk_mpi_bcast(void *data, int count, int type, int root, int comm) {
  return MPI_Bcast(data, count, MPI_Type_f2c(type), root, MPI_Comm_f2c(comm));
}
int ntk_mpi_allreduce_in_place(void *data, int count, int type, int op, int comm) {
  return MPI_Allreduce(
      MPI_IN_PLACE, data, count, MPI_Type_f2c(type), MPI_Op_f2c(op), MPI_Comm_f2c(comm));
}
int ntk_mpi_reduce(
    const void *send, void *receive, int count, int type, int op, int root, int comm) {
  return MPI_Reduce(
      send, receive, count, MPI_Type_f2c(type), MPI_Op_f2c(op), root, MPI_Comm_f2c(comm));
}
int ntk_mpi_reduce_scatter(
    const void *send, void *receive, const int *counts, int type, int op, int comm) {
  return MPI_Reduce_scatter(
      send, receive, counts, MPI_Type_f2c(type), MPI_Op_f2c(op), MPI_Comm_f2c(comm));
}
int ntk_mpi_allgatherv_in_place(
    void *data, const int *counts, const int *starts, int type, int comm) {
  return MPI_Allgatherv(
      MPI_IN_PLACE, 0, MPI_Type_f2c(type), data, counts, starts, MPI_Type_f2c(type),
      MPI_Comm_f2c(comm));
}
int ntk_mpi_alltoall_int64(const int64_t *send, int64_t *receive, int comm) {
  return MPI_Alltoall(send, 1, MPI_INT64_T, receive, 1, MPI_INT64_T, MPI_Comm_f2c(comm));
}
int ntk_mpi_gather_int64(const int64_t *send, int64_t *receive, int root, int comm) {
  return MPI_Gather(send, 1, MPI_INT64_T, receive, 1, MPI_INT64_T, root, MPI_Comm_f2c(comm));
}

int ntk_mpi_send(const void *data, int count, int destination, int tag, int comm) {
  return MPI_Send(data, count, MPI_BYTE, destination, tag, MPI_Comm_f2c(comm));
}
int ntk_mpi_recv(void *data, int count, int source, int tag, int comm) {
  return MPI_Recv(data, count, MPI_BYTE, source, tag, MPI_Comm_f2c(comm), MPI_STATUS_IGNORE);
}
int ntk_mpi_isend(const void *data, int count, int destination, int tag, int comm, int *request) {
  MPI_Request made = MPI_REQUEST_NULL;
  int code = MPI_Isend(data, count, MPI_BYTE, destination, tag, MPI_Comm_f2c(comm), &made);
  *request = MPI_Request_c2f(made);
  return code;
}
int ntk_mpi_irecv(void *data, int count, int source, int tag, int comm, int *request) {
  MPI_Request made = MPI_REQUEST_NULL;
  int code = MPI_Irecv(data, count, MPI_BYTE, source, tag, MPI_Comm_f2c(comm), &made);
  *request = MPI_Request_c2f(made);
  return code;
}
int ntk_mpi_probe(int source, int tag, int comm, int *from, int *with_tag, int *count) {
  MPI_Status status = {0};
  int code = MPI_Probe(source, tag, MPI_Comm_f2c(comm), &status);
  *from = status.MPI_SOURCE;
  *with_tag = status.MPI_TAG;
  MPI_Get_count(&status, MPI_BYTE, count);
  return code;
}
int ntk_mpi_iprobe(int source, int tag, int comm, int *flag, int *from, int *with_tag, int *count) {
  MPI_Status status = {0};
  int code = MPI_Iprobe(source, tag, MPI_Comm_f2c(comm), flag, &status);
  *from = status.MPI_SOURCE;
  *with_tag = status.MPI_TAG;
  MPI_Get_count(&status, MPI_BYTE, count);
  return code;
}
int ntk_mpi_wait(int *request) {
  MPI_Request handle = MPI_Request_f2c(*request);
  int code = MPI_Wait(&handle, MPI_STATUS_IGNORE);
  *request = MPI_Request_c2f(handle);
  return code;
}
int ntk_mpi_test(int *request, int *flag) {
  MPI_Request handle = MPI_Request_f2c(*request);
  int code = MPI_Test(&handle, flag, MPI_STATUS_IGNORE);
  *request = MPI_Request_c2f(handle);
  return code;
}
int ntk_mpi_cancel(int *request) {
  MPI_Request handle = MPI_Request_f2c(*request);
  return MPI_Cancel(&handle);
}
int ntk_mpi_request_free(int *request) {
  MPI_Request handle = MPI_Request_f2c(*request);
  int code = MPI_Request_free(&handle);
  *request = MPI_Request_c2f(handle);
  return code;
}

int ntk_mpi_win_allocate_shared(int64_t bytes, int comm, void **base, int *win) {
  MPI_Win made = MPI_WIN_NULL;
  int code = MPI_Win_allocate_shared(
      (MPI_Aint)bytes, 1, MPI_INFO_NULL, MPI_Comm_f2c(comm), base, &made);
  *win = MPI_Win_c2f(made);
  return code;
}
int ntk_mpi_win_shared_query(int win, int rank, int64_t *bytes, void **base) {
  MPI_Aint size = 0;
  int unit = 0;
  int code = MPI_Win_shared_query(MPI_Win_f2c(win), rank, &size, &unit, base);
  *bytes = (int64_t)size;
  return code;
}
int ntk_mpi_win_fence(int win) { return MPI_Win_fence(0, MPI_Win_f2c(win)); }
int ntk_mpi_win_free(int *win) {
  MPI_Win handle = MPI_Win_f2c(*win);
  int code = MPI_Win_free(&handle);
  *win = MPI_Win_c2f(handle);
  return code;
}

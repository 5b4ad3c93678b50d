import CMPI
import Glibc

/// The MPI library, from its start to its end.
///
/// This type has no automatic cleanup: a rank that exits because of an error must call `abort`, because MPI_Finalize
/// would wait for the other ranks.
public struct MPIEnvironment: ~Copyable {
  /// All ranks of the program.
  public let world: Communicator

  /// Starts MPI, unless the launcher of an installed program has already started it. Without `mpirun`, the program is
  /// the only rank.
  ///
  /// Collective over all ranks. From here on, MPI returns errors instead of ending the program.
  ///
  /// - Parameter isAlone: True if no launcher started this process.
  ///
  /// Source: MPI_Init_thread with MPI_THREAD_FUNNELED.
  public init(isAlone: Bool = false) throws(MPIError) {
    var provided: Int32 = 0
    if Self.isInitialized {
      try check("MPI_Query_thread", ntk_mpi_query_thread(&provided))
    } else {
      if isAlone { Self.prepareForOneProcess() }
      try check("MPI_Init_thread", ntk_mpi_init_thread_funneled(&provided))
    }
    guard provided >= ntk_mpi_thread_funneled() else {
      throw MPIError(
        function: "MPI_Init_thread", code: provided,
        text: "the library lacks the thread level MPI_THREAD_FUNNELED")
    }
    try check("MPI_Comm_set_errhandler", ntk_mpi_errors_return(ntk_mpi_comm_world()))
    world = try Communicator(handle: ntk_mpi_comm_world(), isOwned: false)
  }

  /// Keeps Open MPI 4 from preparing for processes that will never exist. What the user has set stays as it is, and
  /// nothing else reads these variables.
  private static func prepareForOneProcess() {
    // Other components load the libraries of network adapters. One of them, PSM2, measures its clock for 0.1 s.
    setenv("OMPI_MCA_pml", "ob1", 0)
    // The daemon exists only for MPI_Comm_spawn, which this program never calls, and starting it takes longer than a
    // small kernel. Without the daemon, all such processes of a user would share one session folder, and each would
    // remove it while others use it (Open MPI's issue 3818). A single rank needs no session folder.
    guard getenv("OMPI_MCA_ess_singleton_isolated") == nil else { return }
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0)
  }

  /// Ends MPI. Collective over all ranks; afterwards nothing in this module works.
  ///
  /// Source: MPI_Finalize.
  public consuming func finalize() throws(MPIError) {
    try check("MPI_Finalize", ntk_mpi_finalize())
  }

  /// Ends all ranks immediately with an exit status. Local; does nothing before MPI has started.
  ///
  /// Source: MPI_Abort.
  public static func abort(_ status: Int32) {
    guard isActive else { return }
    _ = ntk_mpi_abort(ntk_mpi_comm_world(), status)
  }

  /// Whether MPI has started.
  private static var isInitialized: Bool {
    var flag: Int32 = 0
    return ntk_mpi_initialized(&flag) == ntk_mpi_success() && flag != 0
  }

  /// Whether MPI has started and has not ended, so that handles may be used and released.
  public static var isActive: Bool {
    var ended: Int32 = 0
    return isInitialized && ntk_mpi_finalized(&ended) == ntk_mpi_success() && ended == 0
  }

  /// The lines with which the MPI library describes itself. Local; works before MPI has started.
  ///
  /// Source: MPI_Get_library_version.
  public static var description: [String] {
    let text = textFromMPI(capacity: ntk_mpi_max_library_version_string()) {
      ntk_mpi_get_library_version($0, $1)
    }
    return (text ?? "unknown MPI").split(separator: "\n").map(String.init)
  }

  /// The name and version of the MPI library, from the first line of its description.
  public static var implementation: String {
    let line = (description.first ?? "").prefix { $0 != "," }
    // MPICH writes `MPICH Version:`, a tab, and the number.
    return line.split(whereSeparator: \.isWhitespace).filter { $0 != "Version:" }
      .joined(separator: " ")
  }

  /// The name of the machine on which this rank runs. Local; only after MPI has started.
  public static var processorName: String {
    textFromMPI(capacity: ntk_mpi_max_processor_name()) {
      ntk_mpi_get_processor_name($0, $1)
    } ?? "unknown"
  }

  /// Seconds since a fixed moment in the past, by MPI's clock. Local.
  public static var seconds: Double { ntk_mpi_wtime() }
}

import CMPI

/// A number type that reductions can combine over ranks.
public protocol Reducible: BitwiseCopyable {
  /// The Fortran handle of the MPI datatype.
  static var datatype: Int32 { get }
}

extension Double: Reducible {
  /// MPI_DOUBLE.
  public static var datatype: Int32 { ntk_mpi_type_double() }
}

extension Float: Reducible {
  /// MPI_FLOAT.
  public static var datatype: Int32 { ntk_mpi_type_float() }
}

extension Int64: Reducible {
  /// MPI_INT64_T.
  public static var datatype: Int32 { ntk_mpi_type_int64() }
}

extension Int: Reducible {
  /// MPI_INT64_T: this program is built for 64-bit machines only.
  public static var datatype: Int32 { ntk_mpi_type_int64() }
}

/// How a reduction combines two values.
public enum Reduction: Sendable, CaseIterable {
  /// The sum. MPI decides the order of the additions.
  case sum
  /// The larger value.
  case max
  /// The smaller value.
  case min

  var handle: Int32 {
    switch self {
    case .sum: ntk_mpi_op_sum()
    case .max: ntk_mpi_op_max()
    case .min: ntk_mpi_op_min()
    }
  }
}

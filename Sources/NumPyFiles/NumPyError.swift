import DurableFiles
import Failures

/// Why a NumPy file could not be read or written.
public enum NumPyError: Failure, Equatable, Sendable {
  /// An operation on the file failed.
  case file(FileError)
  /// The file is not a NumPy file; `looksLike` is the kind of file that its first bytes suggest, if known.
  case foreign(path: String, looksLike: String?)
  /// The file ends before the end of its header or data.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// The header breaks NumPy's format.
  case malformedHeader(path: String, problem: String)
  /// The array does not fit into memory.
  case tooLarge(path: String, bytes: Int)
  /// The elements are of a type that is not supported.
  case unknownDataType(path: String, descriptor: String)
  /// The array is stored column by column.
  case fortranOrder(path: String)
  /// The array does not have the shape that its use requires.
  case wrongShape(path: String, problem: String)
  /// The elements have a supported type, but not a type that their use allows.
  case wrongDataType(path: String, found: NumPyDataType, needed: String)

  /// The kind of failure.
  public var kind: FailureKind {
    switch self {
    case .file(let error): error.kind
    case .tooLarge: .resource
    default: .badData
    }
  }

  /// One sentence that names the file, the value and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .foreign(let path, let looksLike):
      "\(path) is not a NumPy .npy file"
        + (looksLike.map { " (it looks like \($0))" } ?? "") + "; write it with numpy.save"
    case .truncated(let path, let expected, let found):
      "\(path) holds \(found) bytes where its header needs \(expected); copy or write it again"
    case .malformedHeader(let path, let problem):
      "the NumPy header of \(path) \(problem); write it again with numpy.save"
    case .tooLarge(let path, let bytes):
      "the array in \(path) takes \(bytes) bytes of memory, more than there are; use fewer elements "
        + "or a larger node"
    case .unknownDataType(let path, let descriptor):
      "\(path) has dtype \(descriptor), and only \(NumPyDataType.list) are supported; "
        + "convert it with array.astype"
    case .fortranOrder(let path):
      "\(path) is in Fortran order; save numpy.ascontiguousarray(array)"
    case .wrongShape(let path, let problem):
      "\(path) \(problem)"
    case .wrongDataType(let path, let found, let needed):
      "\(path) has dtype \(found.rawValue) where \(needed) are needed; convert it with array.astype"
    }
  }
}

/// Runs a body that works on a file and converts its errors to the error type of this module.
func onFile<Result: ~Copyable>(
  _ body: () throws(FileError) -> Result
) throws(NumPyError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}

import Failures
import Glibc

/// Why a NumPy file could not be read or written.
public enum NumPyError: Failure, Equatable, Sendable {
  /// No file of this name exists.
  case missing(path: String)
  /// The operating system refused to make the file.
  case cannotCreate(path: String, code: Int32)
  /// A system call on an open file failed.
  case inputOutput(path: String, function: String, code: Int32)
  /// The file is no NumPy file; `looksLike` names what its first bytes are, where they are known.
  case foreign(path: String, looksLike: String?)
  /// The file ends before its header or its data do.
  case truncated(path: String, expectedBytes: Int, foundBytes: Int)
  /// The header breaks NumPy's format.
  case malformedHeader(path: String, problem: String)
  /// The elements are of a type that is not read here.
  case unknownDataType(path: String, descriptor: String)
  /// The array is stored column by column.
  case fortranOrder(path: String)
  /// The array has another shape than its use needs.
  case wrongShape(path: String, problem: String)
  /// The elements are of a known type, but not of one their use allows.
  case wrongDataType(path: String, found: NumPyDataType, needed: String)

  /// What kind of failure it is.
  public var kind: FailureKind {
    switch self {
    case .missing: .missingInput
    case .cannotCreate: .cannotCreate
    case .inputOutput: .inputOutput
    default: .badData
    }
  }

  /// One sentence that names the file, the value and what to do.
  public var description: String {
    switch self {
    case .missing(let path):
      "\(path) does not exist; correct the path"
    case .cannotCreate(let path, let code):
      "cannot create \(path): \(Self.text(code)); check the folder and its permissions"
    case .inputOutput(let path, let function, let code):
      "\(function) failed on \(path): \(Self.text(code)); check the file and its file system"
    case .foreign(let path, let looksLike):
      "\(path) is not a NumPy .npy file"
        + (looksLike.map { " (it looks like \($0))" } ?? "") + "; write it with numpy.save"
    case .truncated(let path, let expected, let found):
      "\(path) holds \(found) bytes where its header needs \(expected); copy or write it again"
    case .malformedHeader(let path, let problem):
      "the NumPy header of \(path) \(problem); write it again with numpy.save"
    case .unknownDataType(let path, let descriptor):
      "\(path) has dtype \(descriptor), and only \(NumPyDataType.list) are read; "
        + "convert it with array.astype"
    case .fortranOrder(let path):
      "\(path) is in Fortran order; save numpy.ascontiguousarray(array)"
    case .wrongShape(let path, let problem):
      "\(path) \(problem)"
    case .wrongDataType(let path, let found, let needed):
      "\(path) has dtype \(found.rawValue) where \(needed) are needed; convert it with array.astype"
    }
  }

  private static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}

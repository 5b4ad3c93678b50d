import Failures
import Glibc

/// A failed operation on a file or folder.
public struct FileError: Failure, Equatable, Sendable {
  /// The operations. The raw value is a phrase that follows "cannot".
  public enum Operation: String, Sendable {
    case create, write, flush, rename, read, append, list, remove, inspect
    case makeFolder = "create the folder"
    case flushFolder = "flush the folder"
  }

  /// The operation that was attempted.
  public let operation: Operation

  /// The file or folder as the caller named it.
  public let path: String

  /// The value of `errno`.
  public let code: Int32

  /// Describes a failure of `operation` on `path` with the given `errno`.
  public init(operation: Operation, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// Whether the file or folder, or a folder above it, does not exist.
  public var isMissing: Bool { code == ENOENT }

  /// Whether the disk, a quota or the table of open files is exhausted, so that a retry may succeed.
  public var isShortage: Bool { [ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM].contains(code) }

  /// The kind of failure. Failures to create a file are distinguished from other failures, and a shortage may pass.
  public var kind: FailureKind {
    switch operation {
    case .create, .makeFolder: isShortage ? .inputOutput : .cannotCreate
    default: isMissing ? .missingInput : .inputOutput
    }
  }

  /// One sentence with the path, the cause and what to do.
  public var description: String {
    let verb = operation.rawValue
    switch code {
    case ENOSPC:
      return "no space left on the disk that holds \(path); free some or choose another "
        + "output folder"
    case EDQUOT:
      return "the disk quota is used up where \(path) lies; free some or choose another "
        + "output folder"
    case EROFS:
      return "cannot \(verb) \(path): its file system is mounted read-only; choose another folder"
    case EACCES, EPERM:
      return "cannot \(verb) \(path): permission denied; check who owns it and its folder"
    case ENOENT:
      return "cannot \(verb) \(path): \(missing)"
    case ENOTDIR:
      return "cannot \(verb) \(path): a part of the path is a file, not a folder; check the path"
    case EISDIR:
      return "cannot \(verb) \(path): it is a folder, not a file; check the path"
    case ENXIO:
      return "cannot \(verb) \(path): it is a pipe, socket or device; give a regular file"
    case EMFILE, ENFILE:
      return "cannot \(verb) \(path): too many open files; raise the limit with ulimit -n"
    case EFBIG:
      return operation == .read
        ? "cannot read \(path): it is larger than ntk-dist writes such a file; check the path"
        : "cannot \(verb) \(path): larger than the file system or ulimit -f allows"
    case ESTALE:
      return "cannot \(verb) \(path): stale network file handle; the file server restarted or the "
        + "folder was removed"
    case EIO:
      return "cannot \(verb) \(path): the disk or file server reports an input/output error; "
        + "check it before going on"
    case ENAMETOOLONG:
      return "cannot \(verb) \(path): the name is too long for the file system; choose a shorter "
        + "one"
    default:
      return "cannot \(verb) \(path): \(FileError.text(of: code)) (errno \(code))"
    }
  }

  /// A sentence that says what does not exist after `ENOENT`, and what to do.
  private var missing: String {
    switch operation {
    case .create, .rename:
      return "the folder \(Disk.split(path).folder) does not exist; create it, or check whether it "
        + "was removed or renamed during the run"
    case .makeFolder:
      return "its parent does not exist or takes no folders; choose another folder"
    default:
      return "it does not exist; check the path"
    }
  }

  private static func text(of code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    // The GNU and POSIX variants return different types, but both can fill the buffer. Swift on
    // Linux imports the POSIX variant.
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "unknown error" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

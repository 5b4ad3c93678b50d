import CMPI
import Failures

/// A call to MPI that failed.
public struct MPIError: Failure, Equatable {
  /// The name of the MPI function, such as `MPI_Send`.
  public let function: String
  /// The return code of the function.
  public let code: Int32
  /// The MPI library's text for the code.
  public let text: String

  /// Describes a failed call.
  public init(function: String, code: Int32, text: String) {
    self.function = function
    self.code = code
    self.text = text
  }

  /// The kind of the failure.
  public var kind: FailureKind { .internal }

  /// One sentence for the user.
  public var description: String {
    "\(function) failed with code \(code) (\(text)); "
      + "check that all ranks are alive and that the network and /dev/shm have room."
  }
}

/// Throws if `code`, the return code of `function`, is not MPI_SUCCESS.
func check(_ function: String, _ code: Int32) throws(MPIError) {
  guard code != ntk_mpi_success() else { return }
  let text = textFromMPI(capacity: ntk_mpi_max_error_string()) {
    ntk_mpi_error_string(code, $0, $1)
  }
  throw MPIError(function: function, code: code, text: text ?? "no text")
}

/// The string that an MPI call writes into a buffer of `capacity` characters, or nil if the call fails.
func textFromMPI(
  capacity: Int32, _ call: (UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32
) -> String? {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(capacity) + 1) { buffer in
    guard let start = buffer.baseAddress else { return nil }
    var length: Int32 = 0
    guard call(start, &length) == ntk_mpi_success() else { return nil }
    return String(decoding: buffer[..<Int(length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

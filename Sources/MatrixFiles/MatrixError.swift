import DurableFiles
import Failures
import NumPyFiles
import TileStore

/// Why a matrix could not be read.
package enum MatrixError: Failure, Equatable, Sendable {
  /// The operating system reported an error.
  case file(FileError)
  /// A `.npy` file is damaged or is a file of another kind.
  case numPy(NumPyError)
  /// An array of a run's store is damaged or incomplete.
  case store(TileStoreError)
  /// The elements are not floating-point numbers.
  case notFloating(path: String, found: String)
  /// A Zarr array is damaged or of an unsupported kind; `advice` says what to do.
  case badZarr(path: String, reason: String, advice: String)
  /// A chunk of a Zarr array is missing, cut off or damaged.
  case badChunk(path: String, reason: String)

  /// The kind of failure.
  package var kind: FailureKind {
    switch self {
    case .file(let error): error.kind
    case .numPy(let error): error.kind
    case .store(let error): error.kind
    case .notFloating, .badZarr, .badChunk: .badData
    }
  }

  /// One sentence that names the file, the value and what to do.
  package var description: String {
    switch self {
    case .file(let error): error.description
    case .numPy(let error): error.description
    case .store(let error): error.description
    case .notFloating(let path, let found):
      "\(path) holds \(found) where float32 or float64 are needed; convert it with array.astype"
    case .badZarr(let path, let reason, let advice): "\(path) \(reason); \(advice)"
    case .badChunk(let path, let reason): "\(path) \(reason); write the array again"
    }
  }
}

/// Runs a body that works on files and converts its errors to the error type of this module.
func onFile<Result: ~Copyable>(
  _ body: () throws(FileError) -> Result
) throws(MatrixError) -> Result {
  do throws(FileError) { return try body() } catch { throw .file(error) }
}

/// Runs a body that reads a `.npy` file and converts its errors to the error type of this module.
func onNumPy<Result: ~Copyable>(
  _ body: () throws(NumPyError) -> Result
) throws(MatrixError) -> Result {
  do throws(NumPyError) { return try body() } catch { throw .numPy(error) }
}

/// Runs a body that works on a run's store and converts its errors to the error type of this module.
func onStore<Result>(
  _ body: () throws(TileStoreError) -> Result
) throws(MatrixError) -> Result {
  do throws(TileStoreError) { return try body() } catch { throw .store(error) }
}

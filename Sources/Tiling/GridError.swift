import Failures

/// The error for an array that cannot be cut into tiles.
public struct GridError: Failure, Equatable, Sendable {
  /// Why an array cannot be cut.
  public enum Reason: Equatable, Sendable {
    /// The array does not have one or two sizes, or the tile has a different number of sizes.
    case dimensions
    /// A size is below 1 or above 2^31 - 1.
    case size
    /// A tile has more than 2^36 entries.
    case tile
    /// A lower triangle of an array or of tiles that are not square.
    case triangle
  }

  /// The sizes of the array.
  public let shape: [Int]
  /// The sizes of a tile.
  public let tile: [Int]
  /// Why the array cannot be cut.
  public let reason: Reason

  /// The kind of failure.
  public var kind: FailureKind { .badJob }

  /// One sentence with the sizes and what to do.
  public var description: String {
    let array = "an array of shape \(shape) cannot be cut into tiles of \(tile); "
    switch reason {
    case .dimensions: return array + "give one or two sizes, and as many for a tile"
    case .size: return array + "every size must be from 1 to 2^31 - 1"
    case .tile: return array + "use smaller tiles"
    case .triangle: return array + "a lower triangle needs a square array in square tiles"
    }
  }
}

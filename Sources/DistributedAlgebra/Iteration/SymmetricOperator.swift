import MessagePassing

/// A symmetric matrix that is accessed through products and columns, wherever its elements are stored.
public protocol SymmetricOperator {
  /// The number of rows and columns.
  var order: Int { get }

  /// Returns A X on all ranks. All ranks must pass the same X. Both are n x columns, row-major. Collective.
  func product(_ x: [Double], columns: Int) throws -> [Double]

  /// Returns the given columns of A, n x indices.count, row-major, on all ranks. Collective.
  func columns(_ indices: [Int]) throws -> [Double]

  /// Returns the diagonal on all ranks. Collective.
  func diagonal() throws -> [Double]
}

/// The distribution of the rows of tall matrices over the ranks: in order, in equal parts. All matrices are row-major.
public struct RowShare {
  /// The number of rows of the whole matrix.
  public let order: Int
  /// The rows of this rank.
  public let own: Range<Int>
  /// The ranks.
  public let communicator: Communicator

  /// Computes the share of `order` rows that this rank of a communicator holds.
  public init(order n: Int, on communicator: Communicator) {
    let (rank, size) = (communicator.rank, communicator.size)
    order = n
    own = n * rank / size..<n * (rank + 1) / size
    self.communicator = communicator
  }

  /// This rank's rows of a whole matrix. Local.
  public func own(of whole: [Double], columns: Int) -> [Double] {
    Array(whole[own.lowerBound * columns..<own.upperBound * columns])
  }

  /// Assembles the whole matrix on all ranks. Each rank passes its own rows. Collective.
  public func whole(_ rows: [Double], columns: Int) throws -> [Double] {
    var whole = [Double](repeating: 0, count: order * columns)
    whole.replaceSubrange(own.lowerBound * columns..<own.upperBound * columns, with: rows)
    try communicator.allReduce(&whole, .sum)
    return whole
  }

  /// The dot product of each column with the same column of another matrix, on all ranks. Each rank passes its own rows
  /// of both matrices. Collective.
  public func columnProducts(_ a: [Double], _ b: [Double], columns: Int) throws -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    sums.withUnsafeMutableBufferPointer { sums in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          for row in 0..<own.count {
            let first = row * columns
            for column in 0..<columns { sums[column] += a[first + column] * b[first + column] }
          }
        }
      }
    }
    try communicator.allReduce(&sums, .sum)
    return sums
  }
}

/// Some columns of a row-major matrix.
public func selectedColumns(_ matrix: [Double], of width: Int, _ columns: [Int]) -> [Double] {
  guard columns.count < width else { return matrix }
  let rows = width > 0 ? matrix.count / width : 0
  return [Double](unsafeUninitializedCapacity: rows * columns.count) { buffer, count in
    for row in 0..<rows {
      for (place, column) in columns.enumerated() {
        buffer[row * columns.count + place] = matrix[row * width + column]
      }
    }
    count = rows * columns.count
  }
}

/// Part `number` of `count` of a plan: the work of one of several jobs on one store.
public struct Shard: Hashable, Sendable, CustomStringConvertible {
  /// From 1 to `count`.
  public let number: Int
  /// The number of jobs that share the plan.
  public let count: Int

  /// The whole plan.
  public static let whole = Shard(unchecked: 1, of: 1)

  /// Part `number` of `count`.
  ///
  /// - Throws: `ShardError`.
  public init(_ number: Int, of count: Int) throws(ShardError) {
    guard number >= 1, number <= count else { throw ShardError(text: "\(number)/\(count)") }
    self.init(unchecked: number, of: count)
  }

  /// Reads `3/16`.
  ///
  /// - Throws: `ShardError`.
  public init(parsing text: String) throws(ShardError) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Int(parts[0]), let count = Int(parts[1]),
      number >= 1, number <= count
    else { throw ShardError(text: text) }
    self.init(unchecked: number, of: count)
  }

  private init(unchecked number: Int, of count: Int) {
    (self.number, self.count) = (number, count)
  }

  /// `3/16`.
  public var description: String { "\(number)/\(count)" }

  /// Whether work at `range` of `0..<total` belongs to this part. The middle of `range` decides. So
  /// the parts are contiguous and disjoint, and together they cover everything.
  func owns(_ range: Range<Int>, of total: Int) -> Bool {
    // floor(middle * count / total), computed in 128 bits because `total` may use all 62 bits.
    let middle = UInt(range.lowerBound) + UInt(range.upperBound)
    let scaled = middle.multipliedFullWidth(by: UInt(count))
    let part = (2 * UInt(total)).dividingFullWidth(scaled).quotient
    return Int(min(part, UInt(count - 1))) == number - 1
  }
}

import Foundation
import MessagePassing

extension Ranks {
  /// The value of rank 0, on all ranks. Collective.
  ///
  /// - Parameter value: the value of this rank; only the value of rank 0 is used.
  package func shared<Value: Codable>(_ value: Value) throws -> Value {
    guard count > 1 else { return value }
    let numbers = (infinity: "inf", negative: "-inf", nan: "nan")
    let own = try agree { () throws -> [UInt8] in
      guard isRoot else { return [] }
      let encoder = JSONEncoder()
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: numbers.infinity, negativeInfinity: numbers.negative, nan: numbers.nan)
      return [UInt8](try encoder.encode([value]))
    }
    let bytes = try world.broadcast(own)
    guard !isRoot else { return value }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: numbers.infinity, negativeInfinity: numbers.negative, nan: numbers.nan)
    return try decoder.decode([Value].self, from: Data(bytes))[0]
  }
}

import Failures
import Foundation

/// The JSON files of the program, with ordered keys in snake case that people can read.
package enum JSONText {
  package static func bytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .custom {
      Key(stringValue: snakeCase($0[$0.count - 1].stringValue))
    }
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return [UInt8](try encoder.encode(value)) + [10]
    } catch let error as EncodingError {
      guard case .invalidValue(let value, let context) = error else { throw error }
      throw Refusal(
        .badData,
        "\(place(context.codingPath)) is \(value), which a JSON file cannot hold: the kernel or its "
          + "solution has left the range of the arithmetic")
    }
  }

  /// Throws `DecodingError` if the text does not represent such a value.
  package static func value<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value
  {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(bytes))
  }

  /// A path of keys as a user finds it in the file, for example `variants[0].nngp.prediction`.
  private static func place(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text + (text.isEmpty ? "" : ".") + snakeCase(key.stringValue)
    }
  }

  /// Writes lambda2 as lambda_2. The decoder's own rule reads this form; the encoder's own rule does not write it.
  private static func snakeCase(_ name: String) -> String {
    var result = ""
    var last: Character = "_"
    for character in name {
      let begins =
        character.isUppercase || (character.isNumber && last.isLowercase)
      if begins && last != "_" { result.append("_") }
      result.append(contentsOf: character.lowercased())
      last = character
    }
    return result
  }

  /// A coding key that only has a name.
  package struct Key: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }
    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
  }
}

/// The values that a key takes: how they are described, read and written.
package struct Form<Value: Sendable>: Sendable {
  /// A description of the allowed values, to follow "it must be".
  package let words: String
  /// The description for the reference, where a mapping has a section of its own.
  package let type: String
  /// Reads a value. Errors: wrongType, outOfRange, conflict.
  package let read: @Sendable (Item) throws(JobError) -> Value
  /// Writes a value in a form that reads back.
  package let text: @Sendable (Value) -> YAMLText

  package init(
    words: String, type: String? = nil,
    read: @escaping @Sendable (Item) throws(JobError) -> Value,
    text: @escaping @Sendable (Value) -> YAMLText
  ) {
    (self.words, self.type) = (words, type ?? words)
    (self.read, self.text) = (read, text)
  }
}

extension Item {
  /// The value, read with the given form.
  package func value<Value>(_ form: Form<Value>) throws(JobError) -> Value { try form.read(self) }
}

extension Form where Value == Int {
  /// A whole number.
  package static func count(atLeast minimum: Int, atMost maximum: Int = .max) -> Form {
    let words =
      maximum == .max
      ? "a whole number, \(minimum) or more" : "a whole number from \(minimum) to \(maximum)"
    return Form(words: words) { (item) throws(JobError) in
      guard case .number(let number) = item.scalar else { throw item.wrongType(expected: words) }
      // Beyond 2^53, neighboring whole numbers are the same Double.
      guard let count = Int(exactly: number), abs(number) <= 0x1p53, count >= minimum,
        count <= maximum
      else { throw item.outOfRange(allowed: words) }
      return count
    } text: {
      .scalar("\($0)")
    }
  }
}

extension Form where Value == UInt64 {
  /// A whole number that fits into 64 bits and is read exactly.
  package static var seed: Form {
    let words = "a whole number from 0 to \(UInt64.max)"
    return Form(words: words) { (item) throws(JobError) in
      guard case .scalar(let text) = item.node.content, case .number(let number) = text.value else {
        throw item.wrongType(expected: words)
      }
      if let seed = UInt64(text.text) { return seed }
      guard let seed = UInt64(exactly: number), number <= 0x1p53 else {
        throw item.outOfRange(allowed: words)
      }
      return seed
    } text: {
      .scalar("\($0)")
    }
  }
}

extension Form where Value == Double {
  /// A finite number that is at least `minimum`.
  package static func number(atLeast minimum: Double) -> Form {
    number("a finite number, \(numberText(minimum)) or more") { $0 >= minimum }
  }

  /// A finite number above `minimum`.
  package static func number(above minimum: Double) -> Form {
    number("a finite number above \(numberText(minimum))") { $0 > minimum }
  }

  /// A number in a half-open range.
  package static func number(in range: Range<Double>) -> Form {
    let (lower, upper) = (numberText(range.lowerBound), numberText(range.upperBound))
    return number("a number, \(lower) or more and below \(upper)") { range.contains($0) }
  }

  /// Any finite number.
  package static var number: Form { number("a finite number") { _ in true } }

  private static func number(
    _ words: String, where isAllowed: @escaping @Sendable (Double) -> Bool
  ) -> Form {
    Form(words: words) { (item) throws(JobError) in
      guard case .number(let number) = item.scalar else { throw item.wrongType(expected: words) }
      guard number.isFinite, isAllowed(number) else { throw item.outOfRange(allowed: words) }
      return number
    } text: {
      .number($0)
    }
  }

  /// A time, which may be infinite.
  package static var time: Form {
    let words = "a number, 0 or more, or infinity"
    return Form(words: words) { (item) throws(JobError) in
      switch item.scalar {
      case .word("infinity"), .number(.infinity): return .infinity
      case .number(let number):
        guard number >= 0 else { throw item.outOfRange(allowed: words) }
        return number
      default: throw item.wrongType(expected: words)
      }
    } text: {
      $0 == .infinity ? .scalar(".inf") : .number($0)
    }
  }
}

extension Form where Value == Bool {
  /// true or false.
  package static var flag: Form {
    let words = "true or false"
    return Form(words: words) { (item) throws(JobError) in
      guard case .flag(let flag) = item.scalar else { throw item.wrongType(expected: words) }
      return flag
    } text: {
      .scalar("\($0)")
    }
  }
}

extension Form where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words of an enumeration.
  package static var choice: Form {
    let known = Value.allCases.map(\.rawValue)
    let words = enumeration(known, "or")
    return Form(words: words) { (item) throws(JobError) in
      guard case .word(let word) = item.scalar else { throw item.wrongType(expected: words) }
      guard let choice = Value(rawValue: word) else { throw item.unknownWord(word, known) }
      return choice
    } text: {
      .text($0.rawValue)
    }
  }
}

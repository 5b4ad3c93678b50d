/// The parameters of one described layer. They are read by name; parameters that were not read are
/// reported as errors.
package struct LayerParameters: Sendable {
  /// The position of the layer, for error messages.
  package let position: String
  private let layer: String
  private var unread: [String: ParameterValue]
  private var known: [String] = []

  package init(_ description: LayerDescription, position: String) throws(NetworkError) {
    self.position = position
    layer = description.name
    unread = [:]
    for parameter in description.parameters {
      guard unread.updateValue(parameter.value, forKey: parameter.name) == nil else {
        throw NetworkError(position: position, reason: "'\(parameter.name)' is given twice")
      }
    }
  }

  /// The number called `name`, or `fallback` if it is absent; throws if both are missing.
  package mutating func number(
    _ name: String, default fallback: Double? = nil, atLeast minimum: Double = -.infinity
  ) throws(NetworkError) -> Double {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      if let fallback { return fallback }
      throw error("\(layer) needs '\(name)'")
    }
    guard case .number(let number) = value else {
      throw error("'\(name)' must be a number, not \(value.words)")
    }
    guard number.isFinite, number >= minimum else {
      let range = minimum.isFinite ? "finite and at least \(minimum)" : "finite"
      throw error("'\(name)' must be \(range), not \(number)")
    }
    return number
  }

  /// The number called `name`, whose square must be in the range of the arithmetic, or `fallback`
  /// if it is absent; throws if both are missing.
  package mutating func factor(
    _ name: String, default fallback: Double? = 1, atLeast minimum: Double = -.infinity
  ) throws(NetworkError) -> Double {
    let number = try number(name, default: fallback, atLeast: minimum)
    guard abs(number) <= Self.largestFactor else {
      throw error("'\(name)' must be at most \(Self.largestFactor), not \(number)")
    }
    return number
  }

  /// The number whose square is the largest variance in double precision.
  private static var largestFactor: Double { Precision.f64.variances.upperBound.squareRoot() }

  /// The integer called `name`, which is required.
  package mutating func count(
    _ name: String, atLeast minimum: Int, atMost maximum: Int = .max
  ) throws(NetworkError) -> Int {
    let number = try number(name, atLeast: Double(minimum))
    guard let whole = Int(exactly: number) else {
      throw error("'\(name)' must be a whole number, not \(number)")
    }
    guard whole <= maximum else {
      throw error("'\(name)' must be at most \(maximum), not \(whole)")
    }
    return whole
  }

  /// The integer called `name`; nil if it is absent.
  package mutating func optionalCount(
    _ name: String, atLeast minimum: Int
  ) throws(NetworkError) -> Int? {
    guard unread[name] != nil else {
      known.append(name)
      return nil
    }
    return try count(name, atLeast: minimum)
  }

  /// The slice called `name`: [first, end) with a step of 1, or [first, end, step); the whole axis
  /// if it is absent. `first` and `end` may be null.
  mutating func slice(_ name: String) throws(NetworkError) -> AxisSlice {
    known.append(name)
    let value = unread.removeValue(forKey: name)
    let numbers: [Double?]
    switch value {
    case nil: return .whole
    case .numbers(let list)?: numbers = list
    case .optionalNumbers(let list)?: numbers = list
    default: numbers = []
    }
    let places = numbers.map { number in number.flatMap { Int(exactly: $0) } }
    let step = places.count == 3 ? places[2] : 1
    guard 2...3 ~= places.count, zip(numbers, places).allSatisfy({ ($0 == nil) == ($1 == nil) }),
      places.compactMap(\.self).allSatisfy({ abs($0) <= 1 << 20 }), let step, step != 0
    else {
      throw error(
        "'\(name)' must be [first, end] or [first, end, step]: whole numbers, of which first and end "
          + "may be null, and step is not 0")
    }
    return AxisSlice(first: places[0], end: places[1], step: step)
  }

  /// The branches called `name`, each a list of layers.
  mutating func branches(_ name: String) throws(NetworkError) -> [[LayerDescription]] {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      throw error("\(layer) needs '\(name)'")
    }
    guard case .branches(let branches) = value else {
      throw error("'\(name)' must be a list of lists of layers, not \(value.words)")
    }
    return branches
  }

  /// The matrix called `name`, which is required.
  mutating func matrix(_ name: String) throws(NetworkError) -> PositionMatrix {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      throw error("\(layer) needs '\(name)', a .npy file")
    }
    guard case .matrix(let matrix) = value else {
      throw error("'\(name)' must be a .npy file, not \(value.words)")
    }
    return matrix
  }

  /// The activation called `name`, written as its name or as a list that contains only the
  /// activation and its parameters.
  mutating func activation(_ name: String) throws(NetworkError) -> any Activation {
    known.append(name)
    let description: LayerDescription
    switch unread.removeValue(forKey: name) {
    case nil: throw error("\(layer) needs '\(name)'")
    case .word(let word)?: description = LayerDescription(word)
    case .layers(let layers)? where layers.count == 1: description = layers[0]
    case let value?: throw error("'\(name)' must be an activation, not \(value.words)")
    }
    guard let activation = try LayerCatalog.activation(description, position: position) else {
      let names = LayerCatalog.activations.map { $0.name }.joined(separator: ", ")
      throw error("'\(name)' is '\(description.name)', not an activation (known: \(names))")
    }
    return activation
  }

  /// The list of numbers called `name`, which is required and must not be empty. The square of each
  /// number must be in the range of the arithmetic.
  package mutating func factors(
    _ name: String, atMost maximum: Int
  ) throws(NetworkError) -> [Double] {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      throw error("\(layer) needs '\(name)', for example [0, 1, 0.5]")
    }
    guard case .numbers(let numbers) = value, !numbers.isEmpty, numbers.count <= maximum else {
      let given =
        if case .numbers(let several) = value { "\(several.count) of them" } else { value.words }
      throw error("'\(name)' must be a list of 1 to \(maximum) numbers, not \(given)")
    }
    for number in numbers where !(abs(number) <= Self.largestFactor) {
      throw error("'\(name)' must be at most \(Self.largestFactor), not \(number)")
    }
    return numbers
  }

  /// The word called `name`, one of the cases of `type`.
  package mutating func word<W: RawRepresentable & CaseIterable>(
    _ name: String, of type: W.Type, default fallback: W
  ) throws(NetworkError) -> W where W.RawValue == String {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else { return fallback }
    if case .word(let word) = value, let found = W(rawValue: word) { return found }
    let words = W.allCases.map(\.rawValue).joined(separator: ", ")
    throw error("'\(name)' must be one of \(words), not \(value.words)")
  }

  /// The text called `name`, which is required. A number is returned as it is written.
  package mutating func text(_ name: String, example: String) throws(NetworkError) -> String {
    known.append(name)
    switch unread.removeValue(forKey: name) {
    case .word(let text)?: return text
    case .number(let number)?: return "\(number)"
    case nil: throw error("\(layer) needs '\(name)', for example \"\(example)\"")
    case let value?: throw error("'\(name)' must be a text, not \(value.words)")
    }
  }

  /// The Boolean called `name`.
  package mutating func flag(_ name: String, default fallback: Bool) throws(NetworkError) -> Bool {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else { return fallback }
    guard case .flag(let flag) = value else {
      throw error("'\(name)' must be true or false, not \(value.words)")
    }
    return flag
  }

  /// Two integers, down the image and across it, given as a list of two or as one number for both.
  package mutating func sizes(
    _ name: String, default fallback: [Int]? = nil
  ) throws(NetworkError) -> (down: Int, across: Int) {
    known.append(name)
    let value = unread.removeValue(forKey: name)
    let numbers: [Double]
    switch value {
    case nil:
      guard let fallback else { throw error("\(layer) needs '\(name)', for example [3, 3]") }
      numbers = fallback.map(Double.init)
    case .number(let number)?: numbers = [number, number]
    case .numbers(let several)?: numbers = several
    default: throw error("'\(name)' must be two whole numbers, not \(value?.words ?? "")")
    }
    let sizes = numbers.compactMap { Int(exactly: $0) }
    guard sizes.count == 2, numbers.count == 2, sizes.allSatisfy({ $0 >= 1 && $0 <= 1 << 20 })
    else {
      throw error("'\(name)' must be two whole numbers of at least 1, not \(numbers)")
    }
    return (sizes[0], sizes[1])
  }

  /// The list of layers called `name`; empty if `isOptional` and the list is absent.
  package mutating func layers(
    _ name: String, isOptional: Bool = false
  ) throws(NetworkError) -> [LayerDescription] {
    known.append(name)
    guard let value = unread.removeValue(forKey: name) else {
      if isOptional { return [] }
      throw error("\(layer) needs '\(name)'")
    }
    // An empty list has no element that determines its type.
    if case .numbers(let none) = value, none.isEmpty { return [] }
    guard case .layers(let layers) = value else {
      throw error("'\(name)' must be a list of layers, not \(value.words)")
    }
    return layers
  }

  /// Ends the reading. Throws if a parameter was not read; the error lists the known parameters.
  package func finish() throws(NetworkError) {
    guard let name = unread.keys.sorted().first else { return }
    let list = known.isEmpty ? "it takes none" : "known: \(known.joined(separator: ", "))"
    throw error("unknown parameter '\(name)' (\(list))")
  }

  /// An error at the position of the layer.
  func error(_ reason: String) -> NetworkError {
    NetworkError(position: position, reason: reason)
  }
}

extension ParameterValue {
  /// A description of the value for error messages.
  var words: String {
    switch self {
    case .number(let number): return "\(number)"
    case .word(let word): return "'\(word)'"
    case .flag(let flag): return "\(flag)"
    case .numbers: return "a list of numbers"
    case .optionalNumbers: return "a list of numbers and null"
    case .layers: return "a list of layers"
    case .branches: return "a list of branches"
    case .matrix: return "a matrix"
    }
  }
}

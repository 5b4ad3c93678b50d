import JobDocuments
import NumPyFiles
import RecursionCore

extension LayerDescription {
  /// Reads a layer: its name, or a mapping from its name to its parameters.
  ///
  /// The recursion core checks names and keys. Types and variances are checked here, where line numbers are known.
  init(_ item: Item) throws(JobError) {
    let expected = Self.words
    if case .word(let name) = item.scalar {
      guard !name.isEmpty else { throw item.outOfRange(allowed: expected) }
      self.init(name)
      return
    }
    guard case .mapping(let entries) = item.node.content, let entry = entries.first else {
      throw item.wrongType(expected: expected)
    }
    guard entries.count == 1 else {
      let advice =
        if case .nothing = entry.value.content { "indent the parameters below its name" } else {
          "give every layer an item of its own"
        }
      throw item.error(
        .wrongType,
        "\(item.path) has several keys (\(enumeration(entries.map(\.key)))) where a layer is one "
          + "name with its parameters; \(advice)")
    }
    let value = Item(path: item.path.appending(key: entry.key), node: entry.value)
    self.init(entry.key, try Self.parameters(value))
  }

  /// Reads a layer in the form that a job uses, for example from an option called `name`.
  public init(yaml: String, name: String) throws(JobError) {
    let document = try YAMLDocument(yaml: yaml, name: name)
    try self.init(Item(path: name, node: document.root))
  }

  /// The layer in one line, in the form that `init(yaml:name:)` reads.
  public var yaml: String { text.flow }

  /// The words that errors use for a layer.
  static let words = "a layer: its name, or {name: {parameter: value}}"

  private static func parameters(_ item: Item) throws(JobError) -> [Parameter] {
    if case .nothing = item.node.content { return [] }
    guard case .mapping(let entries) = item.node.content else {
      throw item.wrongType(expected: "a mapping with the layer's parameters")
    }
    var parameters: [Parameter] = []
    for entry in entries {
      let value = Item(path: item.path.appending(key: entry.key), node: entry.value)
      parameters.append(Parameter(entry.key, try ParameterValue(value, key: entry.key)))
    }
    return parameters
  }

  /// Reads a list of layers.
  static func list(_ item: Item) throws(JobError) -> [LayerDescription] {
    var layers: [LayerDescription] = []
    for element in try item.elements(of: "a list of layers") {
      layers.append(try LayerDescription(element))
    }
    return layers
  }
}

extension ParameterValue {
  /// Reads the value of the parameter `key`. Only the key determines whether a list is a list of layers.
  init(_ item: Item, key: String) throws(JobError) {
    switch key {
    case "layers", "main", "shortcut":
      self = .layers(try LayerDescription.list(item))
      return
    case "branches":
      var branches: [[LayerDescription]] = []
      for element in try item.elements(of: "a list of branches, each a list of layers") {
        branches.append(try LayerDescription.list(element))
      }
      self = .branches(branches)
      return
    case "adjacency":
      self = .matrix(try PositionMatrix(item))
      return
    default: break
    }
    switch item.node.content {
    case .list where key == "activation":
      self = .layers(try LayerDescription.list(item))
      return
    case .mapping where key == "activation":
      self = .layers([try LayerDescription(item)])
      return
    default: break
    }
    if case .list = item.node.content {
      var numbers: [Double?] = []
      for element in try item.elements(of: "a list of numbers") {
        if case .nothing = element.node.content {
          numbers.append(nil)
        } else {
          numbers.append(try element.value(Form<Double>.number))
        }
      }
      let given = numbers.compactMap(\.self)
      self = given.count == numbers.count ? .numbers(given) : .optionalNumbers(numbers)
      return
    }
    switch item.scalar {
    case .number:
      let isVariance = key == "variance" || key.hasSuffix("_variance")
      self = .number(try item.value(isVariance ? .number(atLeast: 0) : .number))
    case .flag(let flag): self = .flag(flag)
    case .word(let word): self = .word(word)
    case nil:
      throw item.wrongType(expected: "a number, a word, true, false or a list of numbers")
    }
  }
}

extension PositionMatrix {
  /// Reads the .npy file that a parameter names. Errors: wrongType, missingFile, outOfRange.
  fileprivate init(_ item: Item) throws(JobError) {
    let words = "the path of a .npy file with a matrix"
    guard case .word = item.scalar else { throw item.wrongType(expected: words) }
    let path = try item.value(.path)
    let array: NumPyArray
    do throws(NumPyError) {
      array = try NumPyArray(reading: path)
    } catch {
      throw item.error(
        error.kind == .missingInput ? .missingFile : .outOfRange, "\(item.name): \(error)")
    }
    guard array.shape.count == 2 else {
      throw item.error(
        .outOfRange, "\(item.name): \(path) has shape \(array.shape); it must be a matrix")
    }
    self.init(path: path, rows: array.shape[0], columns: array.shape[1], values: array.doubles)
  }
}

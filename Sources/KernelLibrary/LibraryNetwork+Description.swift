import JobDocuments
import Jobs
import RecursionCore

extension LibraryNetwork {
  /// The description of a network: the output of `ntk-dist network`, the layers and the certificates.
  ///
  /// Errors: an activation whose tables are not accurate enough.
  func description() throws(NetworkError) -> JSONValue {
    let certificates = try ActivationCertificate.all(in: network.variant.layers)
    let notes = certificates.map { "# \($0.description)\n" }.joined()
    return .object([
      ("text", .text(section.expandedYAML() + notes)),
      ("layers", .list(network.variant.foldedLayers.map(JSONValue.init))),
      ("certificates", .list(certificates.map(JSONValue.init))),
    ])
  }
}

extension JSONValue {
  /// A layer in the form that a job uses: its name, or {name: {parameter: value}}.
  fileprivate init(_ layer: LayerDescription) {
    guard !layer.parameters.isEmpty else {
      self = .text(layer.name)
      return
    }
    let parameters = layer.parameters.map { ($0.name, JSONValue($0.value)) }
    self = .object([(layer.name, .object(parameters))])
  }

  private init(_ value: ParameterValue) {
    self =
      switch value {
      case .number(let number): .number(number)
      case .word(let word): .text(word)
      case .flag(let flag): .flag(flag)
      case .numbers(let numbers): .list(numbers.map(JSONValue.number))
      case .optionalNumbers(let numbers):
        .list(numbers.map { $0.map(JSONValue.number) ?? .null })
      case .layers(let layers): .list(layers.map { JSONValue($0) })
      case .branches(let branches): .list(branches.map { .list($0.map { JSONValue($0) }) })
      case .matrix(let matrix): .text(matrix.path)
      }
  }

  fileprivate init(_ certificate: ActivationCertificate) {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    self = .object([
      ("activation", .text(certificate.activation)), ("formula", .text(certificate.formula)),
      ("form", .text(certificate.form.rawValue)),
      ("operations", number(certificate.operations.map(Double.init))),
      ("operations_of_equal", number(certificate.operationsOfEqual.map(Double.init))),
      ("pairs", number(certificate.pairs.map(Double.init))),
      ("error_f64", number(certificate.errorF64)), ("error_f32", number(certificate.errorF32)),
      ("description", .text(certificate.description)),
    ])
  }
}

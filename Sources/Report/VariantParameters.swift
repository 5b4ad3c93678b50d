import Results

/// What sets a variant apart, for example a depth of 30 and a weight variance of 1.76.
package struct VariantParameters: Hashable {
  /// One that may vary.
  package enum Name: String, CaseIterable {
    case depth
    case weightVariance = "weight_variance"
    case biasVariance = "bias_variance"

    /// As axes call it.
    var title: String { rawValue.replacing("_", with: " ") }

    /// As keys call it.
    var sign: String {
      switch self {
      case .depth: "depth"
      case .weightVariance: "σ_w²"
      case .biasVariance: "σ_b²"
      }
    }
  }

  private var values: [Name: Double] = [:]
  /// The variant's own name, where no parameter sets it apart.
  private var name = ""

  /// The parameters of a variant as the summary has them; a key that is not known is ignored.
  package init(_ variant: Summary.VariantSummary) {
    for (key, value) in variant.parameters ?? [:] {
      if let name = Name(rawValue: key) { values[name] = value }
    }
    if values.isEmpty { name = variant.name }
  }

  package subscript(name: Name) -> Double? { values[name] }

  /// For keys and tables, for example `depth 30, σ_w² 1.76`.
  package var label: String {
    values.isEmpty
      ? name : Name.allCases.map { label($0) }.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// One of them for keys; empty where it is not set.
  func label(_ name: Name) -> String {
    values[name].map { "\(name.sign) \(Int(exactly: $0).map(String.init) ?? "\($0)")" } ?? ""
  }

  /// The same parameters but for one.
  package func without(_ name: Name) -> VariantParameters {
    var rest = self
    rest.values[name] = nil
    return rest
  }
}

extension [RunRecord.Kernel] {
  /// The kernels that have some of their parameters in common, in the order of the first of each.
  func grouped(
    by rest: (VariantParameters) -> VariantParameters
  ) -> [(rest: VariantParameters, members: [RunRecord.Kernel])] {
    var groups: [(rest: VariantParameters, members: [RunRecord.Kernel])] = []
    for kernel in self {
      let own = rest(kernel.parameters)
      if let place = groups.firstIndex(where: { $0.rest == own }) {
        groups[place].members.append(kernel)
      } else {
        groups.append((own, [kernel]))
      }
    }
    return groups
  }
}

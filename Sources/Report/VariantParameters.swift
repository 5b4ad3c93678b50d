import Results

/// The parameters of a variant, for example a depth of 30 and a weight variance of 1.76.
package struct VariantParameters: Hashable {
  /// The name of a parameter that may vary.
  package enum Name: String, CaseIterable {
    case depth
    case weightVariance = "weight_variance"
    case biasVariance = "bias_variance"

    /// The name on axes.
    var title: String { rawValue.replacing("_", with: " ") }

    /// The name in keys.
    var sign: String {
      switch self {
      case .depth: "depth"
      case .weightVariance: "σ_w²"
      case .biasVariance: "σ_b²"
      }
    }
  }

  private var values: [Name: Double] = [:]
  /// The variant's own name, used if no parameter distinguishes it.
  private var name = ""

  /// Reads the parameters of a variant from the summary; unknown keys are ignored.
  package init(_ variant: Summary.VariantSummary) {
    for (key, value) in variant.parameters ?? [:] {
      if let name = Name(rawValue: key) { values[name] = value }
    }
    if values.isEmpty { name = variant.name }
  }

  package subscript(name: Name) -> Double? { values[name] }

  /// The parameters for keys and tables, for example `depth 30, σ_w² 1.76`.
  package var label: String {
    values.isEmpty
      ? name : Name.allCases.map { label($0) }.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// One parameter for keys; empty if it is not set.
  func label(_ name: Name) -> String {
    values[name].map { "\(name.sign) \(Int(exactly: $0).map(String.init) ?? "\($0)")" } ?? ""
  }

  /// The parameters without one of them.
  package func without(_ name: Name) -> VariantParameters {
    var rest = self
    rest.values[name] = nil
    return rest
  }
}

extension [RunRecord.Kernel] {
  /// Groups the kernels by the parameters that they have in common, in the order of the first
  /// kernel of each group.
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

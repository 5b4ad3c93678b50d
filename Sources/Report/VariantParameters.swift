/// What sets a variant apart, read from its name, for example `depth=30,weight_variance=1.76`.
struct VariantParameters: Hashable {
  /// One that may vary.
  enum Name: String, CaseIterable {
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

  private(set) var values: [Name: Double] = [:]
  private var words: [Name: String] = [:]

  /// Reads a name; what it does not know it passes over.
  init(name: String) {
    for part in name.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, let key = Name(rawValue: String(sides[0])),
        let value = Double(sides[1])
      else { continue }
      values[key] = value
      words[key] = String(sides[1])
    }
  }

  subscript(name: Name) -> Double? { values[name] }

  /// For keys and tables, for example `depth 30, σ_w² 1.76`.
  var label: String {
    Name.allCases.map { label($0) }.filter { !$0.isEmpty }.joined(separator: ", ")
  }

  /// One of them for keys; empty where it is not set.
  func label(_ name: Name) -> String { words[name].map { "\(name.sign) \($0)" } ?? "" }

  /// The same parameters but for one.
  func without(_ name: Name) -> VariantParameters {
    var rest = self
    rest.values[name] = nil
    rest.words[name] = nil
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

import Formulas

/// A named activation without a closed form: a formula, and parameters with defaults.
protocol NamedFormula: NamedActivation {
  static var formula: String { get }
  static var parameters: [(name: String, default: Double)] { get }
}

extension NamedFormula {
  package static var parameters: [(name: String, default: Double)] { [] }

  package static func make(
    _ parameters: inout LayerParameters
  ) throws(NetworkError) -> any Activation {
    var numbers: [String: Double] = [:]
    for parameter in Self.parameters {
      numbers[parameter.name] = try parameters.factor(parameter.name, default: parameter.default)
    }
    return try FormulaActivation(formula, numbers, position: parameters.position)
  }
}

/// The hyperbolic tangent.
enum Tanh: NamedFormula {
  static let name = "tanh"
  static let formula = "tanh(x)"
}

/// The logistic function 1 / (1 + exp(-x)).
enum Sigmoid: NamedFormula {
  static let name = "sigmoid"
  static let formula = "sigmoid(x)"
}

/// x times the logistic function (Ramachandran, Zoph & Le 2017).
enum Swish: NamedFormula {
  static let name = "swish"
  static let formula = "x * sigmoid(x)"
}

/// Another name of swish (Elfwing, Uchibe & Doya 2018).
enum SiLU: NamedFormula {
  static let name = "silu"
  static let formula = Swish.formula
}

/// log(1 + exp(x)).
enum Softplus: NamedFormula {
  static let name = "softplus"
  static let formula = "softplus(x)"
}

/// x tanh(softplus(x)) (Misra 2019).
enum Mish: NamedFormula {
  static let name = "mish"
  static let formula = "x * tanh(softplus(x))"
}

/// The exponential linear unit (Clevert, Unterthiner & Hochreiter 2016).
enum ELU: NamedFormula {
  static let name = "elu"
  static let formula = "where(x > 0, x, alpha * (exp(min(x, 0)) - 1))"
  static let parameters = [(name: "alpha", default: 1.0)]
}

/// The scaled exponential linear unit (Klambauer, Unterthiner, Mayr & Hochreiter 2017), with the
/// authors' constants.
enum SELU: NamedFormula {
  static let name = "selu"
  static let formula =
    "1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * (exp(min(x, 0)) - 1))"
}

/// The identity, clipped to [-1, 1].
enum HardTanh: NamedFormula {
  static let name = "hard_tanh"
  static let formula = "max(-1, min(1, x))"
}

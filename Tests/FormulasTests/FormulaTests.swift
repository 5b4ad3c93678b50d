import Formulas
import Testing

@Suite struct FormulaTests {
  @Test(
    "canonical text",
    arguments: [
      ("x*sigmoid(1.702*x)", "x * sigmoid(1.702 * x)"), ("-x**2", "-1 * x ** 2"),
      ("2**3**2", "512"), ("(x+1)*(x-1)/2", "(x + 1) * (x - 1) / 2"),
      ("where(x>0,x,exp(x)-1)", "where(0 < x, x, exp(x) - 1)"),
      ("min(max(x, 0), 6)", "min(max(x, 0), 6)"), ("x - (1 - x)", "x - (1 - x)"),
      ("x / (2 * x)", "x / (2 * x)"), ("(-x)**3", "(-1 * x) ** 3"), ("x**-2", "x ** (-2)"),
      ("sin(pi)", "1.2246467991473532e-16"), ("1e-3 * x", "0.001 * x"), ("--x", "x"),
      ("1 / (1 + exp(-x))", "sigmoid(x)"), ("exp(x) / (exp(x) + 1)", "sigmoid(x)"),
      ("x / (1 + exp(-1.702 * x))", "x * sigmoid(1.702 * x)"),
      ("2 / (1 + exp(-2 * x)) - 1", "2 * sigmoid(2 * x) - 1"),
      ("x * tanh(log(1 + exp(x)))", "x * tanh(softplus(x))"),
      ("log(exp(-x) + 1)", "softplus(-1 * x)"),
      ("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "tanh(x)"),
    ])
  func text(_ text: String, _ canonical: String) throws {
    let formula = try Formula(text)
    #expect(formula.description == canonical)
    #expect(try Formula(canonical).description == canonical, "read again it is the same")
  }

  @Test("parameters stand for their values")
  func parameters() throws {
    let elu = try Formula("where(x > 0, x, alpha * (exp(x) - 1))", parameters: ["alpha": 0.5])
    #expect(elu.value(at: 3) == 3)
    #expect(abs(elu.value(at: -50) + 0.5) < 1e-15)
  }

  @Test("functions neither overflow nor lose digits at large arguments")
  func largeArguments() throws {
    for (text, x, expected) in [
      ("softplus(x)", 800.0, 800.0), ("softplus(x)", -800, 0), ("sigmoid(x)", 800, 1),
      ("sigmoid(x)", -800, 0), ("tanh(x)", 900, 1), ("x * tanh(softplus(x))", -800, 0),
      ("softplus(x)", -30, 9.357622968839737e-14),
    ] {
      let value = try Formula(text).value(at: x)
      #expect(abs(value - expected) <= 1e-15 * abs(expected), "\(text) at \(x): \(value)")
    }
    let slope = try Formula("tanh(x)").derivative()
    #expect(slope.value(at: 500) == 0)
    #expect(abs(slope.value(at: 15) / 3.74304918753607e-13 - 1) < 1e-12)
  }

  @Test(
    "derivatives agree with differences",
    arguments: [
      "x**3 - 2*x", "exp(-x**2)*x", "log(1 + x**2)", "sqrt(x**2 + 1)", "sin(x)*cos(2*x)",
      "tanh(x)/(1+exp(-x))", "sinh(x)/cosh(x)", "erf(x)+x", "sigmoid(x)*softplus(x)",
      "abs(x) * x", "min(x, x**3)", "max(tanh(x), 0.3)", "where(x < 0.5, x, x**2)",
      "(1 + x**2) ** (x / 3)", "2 ** x", "sign(x) * x", "-sin(x) / (x + 9)",
    ])
  func derivative(_ text: String) throws {
    let formula = try Formula(text)
    let slope = try formula.derivative()
    for x in [-2.3, -0.71, 0.2, 0.83, 1.9] {
      let step = 1e-5
      let difference = (formula.value(at: x + step) - formula.value(at: x - step)) / (2 * step)
      #expect(abs(slope.value(at: x) - difference) < 1e-7 * (1 + abs(difference)), "\(text) \(x)")
    }
  }

  @Test("breaks are found to rounding")
  func breaks() throws {
    func places(_ text: String) throws -> [Double] { try Formula(text).breaks(within: 30) }
    #expect(try places("x * sigmoid(x)").isEmpty)
    #expect(try places("abs(x)") == [0])
    #expect(try places("max(-1, min(1, x))") == [-1, 1])
    #expect(try places("min(max(x, 0), 6)") == [0, 6])
    #expect(try places("where(x > 0.3, x, 0)") == [0.3])
    #expect(try places("sin(x) / x") == [0])
    let root = try places("abs(x**2 - 2)")
    #expect(root.count == 2 && abs(root[1] - 2.0.squareRoot()) < 1e-15)
    let touched = try places("sqrt((x - 0.3)**2)")
    #expect(touched.count == 1 && abs(touched[0] - 0.3) < 1e-6)
    #expect(try places("abs(x - 1e-9)").contains { abs($0 - 1e-9) < 1e-22 })
  }
}

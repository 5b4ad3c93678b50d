import Formulas
import Testing

/// What is no formula, and what is no activation.
@Suite struct BadFormulaTests {
  @Test(
    "what cannot be read is said with its position",
    arguments: [
      ("", 1, "the end where a number"), ("x +", 4, "the end where a number"),
      ("x * (1 + x", 11, "')' should close"), ("foo(x)", 1, "unknown name 'foo'"),
      ("x y", 3, "'y' where the formula should go on or end"), ("x ^ 2", 3, "x ** 2"),
      ("1..2 * x", 1, "'1..2' is no number"), ("1e999 * x", 1, "no number"),
      ("where(x, 1, 2)", 8, "a condition"), ("min(x)", 6, "stand between"),
      ("tanh x", 6, "follow tanh"), ("x $ 2", 3, "has no meaning"), ("X", 1, "unknown name 'X'"),
      ("é", 1, "has no meaning"), ("x\u{0}", 2, "a control character"), (")", 1, "')' where"),
    ])
  func unreadable(_ text: String, _ column: Int, _ words: String) {
    let error = #expect(throws: FormulaError.self) { try Formula(text) }
    #expect(error?.column == column)
    #expect(error?.reason.contains(words) == true, "\(String(describing: error))")
  }

  @Test("long and deep texts are refused at once")
  func hostile() {
    let texts = [
      String(repeating: "(", count: 900) + "x", String(repeating: "x+", count: 5000) + "x",
      String(repeating: "exp(", count: 100) + "x" + String(repeating: ")", count: 100),
      "x" + String(repeating: "**x", count: 200), "x" + String(repeating: "\u{301}", count: 2000),
      String(repeating: "where(x<", count: 60), String(repeating: "-", count: 1001) + "x",
    ]
    for text in texts {
      let error = #expect(throws: FormulaError.self) { try Formula(text) }
      #expect(error?.description.count ?? 999 < 200)
    }
  }

  @Test("any text is read or refused")
  func randomTexts() {
    let words = [
      "x", "1", "2.5", "+", "-", "*", "/", "**", "(", ")", ",", "<", ">=", "sin", "where", "min",
      "pi", "exp(", "abs(", " ",
    ]
    var state: UInt64 = 1
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    for _ in 0..<20_000 {
      let text = (0..<next(12)).map { _ in words[next(words.count)] }.joined()
      guard let formula = try? Formula(text) else { continue }
      _ = try? formula.checkIsActivation()
      #expect((try? Formula(formula.description))?.description == formula.description, "\(text)")
    }
  }

  @Test(
    "what has no dual activation is refused",
    arguments: [
      ("exp(x**2)", "grows like"), ("exp(0.01 * x**2)", "grows like"),
      ("exp(exp(x))", "grows like"), ("exp(abs(x) ** 3)", "grows like"), ("log(x)", "no finite"),
      ("1 / (2 + exp(x))", "overflows"), ("sqrt(x)", "no finite"), ("1 / x", "grows without bound"),
      ("log(abs(x))", "grows without"),
      ("sqrt(abs(x))", "its derivative grows"), ("abs(x) ** 0.5", "its derivative grows"),
      ("1 / (x - 1.5)", "grows without"), ("x / 0", "no finite"), ("log(-1) + x", "no finite"),
    ])
  func noDual(_ text: String, _ words: String) throws {
    let formula = try Formula(text)
    let error = #expect(throws: FormulaError.self) { try formula.checkIsActivation() }
    #expect(error?.reason.contains(words) == true, "\(text): \(String(describing: error))")
  }

  @Test(
    "what has one is not",
    arguments: [
      "x / (1 + exp(-x))", "log(1 + exp(x))", "exp(x) * cos(x)", "x", "exp(x)", "cosh(2 * x)",
      "x ** 100", "exp(-x**2)", "sqrt(abs(x)) ** 4", "sin(x) / x",
      "exp(3 * x)", "abs(x) ** 1.5", "sign(x)", "where(x > 0, 1, 0)", "exp(-20 * x)", "2",
    ])
  func dual(_ text: String) throws { try Formula(text).checkIsActivation() }
}

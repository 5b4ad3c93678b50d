/// The result of a check.
package struct Finding: Equatable {
  /// The verdict on a finding.
  package enum Verdict: String, Comparable {
    case good
    /// A run works, but it is slow or does not work in all cases.
    case look
    /// A run would fail, give wrong numbers, or take several times as long.
    case bad

    private var rank: Int { [.good, .look, .bad].firstIndex(of: self) ?? 0 }

    package static func < (a: Verdict, b: Verdict) -> Bool { a.rank < b.rank }
  }

  /// The thing that was checked.
  package var check: String
  /// The figures, or the problem.
  package var result: String
  package var verdict: Verdict
  /// What to change; empty if nothing has to change.
  package var advice: String
  /// The name and the figures of every node, if the check has any.
  package var nodes: [(name: String, result: String)] = []

  package init(
    _ check: String, _ result: String, _ verdict: Verdict = .good, advice: String = ""
  ) {
    (self.check, self.result, self.verdict, self.advice) = (check, result, verdict, advice)
  }

  /// A good finding, or one that is worth a look if `condition` is true.
  init(_ check: String, _ result: String, lookIf condition: Bool, advice: String) {
    self.init(check, result, condition ? .look : .good, advice: condition ? advice : "")
  }

  package static func == (a: Finding, b: Finding) -> Bool {
    a.lines(showsNodes: true) == b.lines(showsNodes: true)
  }

  /// The heads of the columns.
  package static let head = line("check", "result", "verdict", "what to change")

  /// The row of a table; with `showsNodes`, followed by the rows of the nodes.
  package func lines(showsNodes: Bool) -> [String] {
    [Self.line(check, result, verdict.rawValue, advice)]
      + (showsNodes ? nodes.map { Self.line("  " + $0.name, $0.result, "", "") } : [])
  }

  /// The last line of a table.
  package static func summary(_ findings: [Finding]) -> String {
    let bad = findings.count { $0.verdict == .bad }
    let look = findings.count { $0.verdict == .look }
    if bad + look == 0 { return "all good" }
    return [(bad, "bad"), (look, "to look at")].filter { $0.0 > 0 }
      .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
  }

  private static func line(_ cells: String...) -> String {
    let widths = [16, 62, 8, 0]
    let line = zip(cells, widths).map { cell, width in
      cell
        + String(repeating: " ", count: max(width - cell.count, cell.isEmpty || width == 0 ? 0 : 1))
    }.joined()
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}

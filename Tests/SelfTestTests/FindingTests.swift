import SelfTest
import Testing

@Suite("findings of the self-test")
struct FindingTests {
  @Test("a row has the columns of the head")
  func row() {
    var finding = Finding("flush", "1 ms a file", .look, advice: "use scratch")
    let line = finding.lines(showsNodes: false)
    #expect(line.count == 1)
    for (word, name) in [("1 ms", "result"), ("look", "verdict"), ("use", "what to change")] {
      #expect(
        line[0].firstRange(of: word)?.lowerBound == Finding.head.firstRange(of: name)?.lowerBound)
    }
    #expect(!line[0].hasSuffix(" "))
    finding.nodes = [("n1", "2 ms"), ("n2", "3 ms")]
    #expect(finding.lines(showsNodes: false).count == 1)
    let all = finding.lines(showsNodes: true)
    #expect(all.count == 3 && all[2].hasPrefix("  n2 ") && all[2].hasSuffix("3 ms"))
  }

  @Test("cells that are too long stay apart")
  func long() {
    let line = Finding("x", String(repeating: "y", count: 90), .bad, advice: "z").lines(
      showsNodes: false)[0]
    #expect(line.contains("y bad"))
  }

  @Test("the summary counts what is not good")
  func summary() {
    let good = Finding("a", "b")
    let look = Finding("a", "b", .look)
    let bad = Finding("a", "b", .bad)
    #expect(Finding.summary([]) == "all good" && Finding.summary([good]) == "all good")
    #expect(Finding.summary([good, look, look]) == "2 to look at")
    #expect(Finding.summary([bad, look]) == "1 bad, 1 to look at")
  }

  @Test("verdicts are ordered")
  func order() {
    #expect(Finding.Verdict.good < .look && Finding.Verdict.look < .bad)
  }
}

@Suite("slow ranks")
struct OutliersTests {
  @Test("equal ranks are none")
  func equal() {
    for count in 0...5 {
      #expect(Outliers([Double](repeating: 3, count: count)).slower.isEmpty)
    }
  }

  @Test("of two ranks the slow one is named, not the fast one")
  func two() {
    let outliers = Outliers([1, 4])
    #expect(outliers.typical == 4)
    #expect(outliers.beyond(2).map(\.rank) == [0] && outliers.slower[0].factor == 4)
  }

  @Test("the slowest comes first, and equal ones by number")
  func order() {
    let outliers = Outliers([8, 8, 2, 1, 8, 2, 8, 9])
    #expect(outliers.slower.map(\.rank) == [3, 2, 5])
    #expect(outliers.beyond(5).map(\.rank) == [3])
  }

  @Test("a rank that stands still is infinitely slow")
  func still() {
    #expect(Outliers([1, 0, 1]).beyond(1000).map(\.rank) == [1])
  }
}

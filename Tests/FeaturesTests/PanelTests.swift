import DurableFiles
import Failures
import Features
import Foundation
import Testing

/// Panels: how chunks are cut, how their rows are read, and what they add to a tile.
@Suite struct PanelTests {
  @Test(
    "panels cover every column of a chunk once, in order", arguments: [1, 4095, 4096, 4097, 10_000])
  func plan(columns: Int) {
    let panels = (0..<PanelPlan.count(columns)).map { PanelPlan.columns(of: $0, in: columns) }
    #expect(panels.flatMap { Array($0) } == Array(0..<columns))
    #expect(panels.dropLast().allSatisfy { $0.count == 4096 })
  }

  @Test("places go from panel to panel and from chunk to chunk")
  func places() {
    var place = PanelPlan.Place()
    var seen = [place]
    for columns in [4096, 10_000, 10_000, 10_000, 1] {
      place = place.next(columns: columns)
      seen.append(place)
    }
    let pairs = [(0, 0), (1, 0), (1, 1), (1, 2), (2, 0), (3, 0)]
    #expect(seen == pairs.map { PanelPlan.Place(chunk: $0, panel: $1) })
    #expect(seen == seen.sorted())
  }

  /// a b' of rows of doubles, plainly.
  private func product(
    _ a: [Double], _ b: [Double], _ m: Int, _ n: Int, _ k: Int
  ) -> [Double] {
    (0..<m).flatMap { i in
      (0..<n).map { j in (0..<k).reduce(0) { $0 + a[i * k + $1] * b[j * k + $1] } }
    }
  }

  /// The numbers after `body` has changed them in place.
  private func filled(
    _ numbers: [Double], _ body: (UnsafeMutablePointer<Double>) -> Void
  ) -> [Double] {
    var numbers = numbers
    numbers.withUnsafeMutableBufferPointer { numbers in
      if let base = numbers.baseAddress { body(base) }
    }
    return numbers
  }

  private func check<Scalar: PanelScalar>(_ scalar: Scalar.Type) {
    var numbers = Numbers(3)
    let (m, n, k) = (7, 5, 130)
    let (a, b) = (numbers.list(m * k), numbers.list(n * k))
    let adder = PanelProduct<Scalar>(entries: m * m)
    let (rows, columns) = (a.map { Scalar($0) }, b.map { Scalar($0) })
    // Products and sums of these numbers are exact in either precision.
    let sums = filled([Double](repeating: 1, count: m * n)) {
      adder.add(rows, m: m, columns, k: k, stride: k, weight: 0.5, to: [(n, $0)])
    }
    #expect(sums == product(a, b, m, n, k).map { 1 + 0.5 * $0 })
    var square = [Double](repeating: 0, count: m * m)
    adder.addSquare(rows, n: m, k: k, stride: k, weight: 2, to: &square)
    adder.addSquare(rows, n: m, k: k, stride: k, weight: 1, to: &square)
    let expected = product(a, a, m, m, k)
    for i in 0..<m {
      for j in 0...i { #expect(square[i * m + j] == 3 * expected[i * m + j]) }
    }
    var norms = [Double](repeating: 0, count: m)
    adder.addNorms(rows, m: m, k: k, stride: k, weight: 1, to: &norms)
    #expect(norms == (0..<m).map { expected[$0 * m + $0] })
  }

  @Test("a panel adds weighted products of rows, in either precision")
  func products() {
    check(Float.self)
    check(Double.self)
  }

  @Test(
    "tiles side by side get the bits that each gets alone",
    .enabled(if: Float.tilesAtOnce > 1, "this BLAS does not keep the bits of tiles side by side"),
    arguments: [(256, 4096), (301, 1000), (77, 700), (64, 33)])
  func strips(rows m: Int, columns k: Int) {
    var numbers = Numbers(11)
    // Rounding shows in products of these.
    let a = numbers.list(m * k).map { Float($0) / 3 }
    let tiles = Array([m, m, 37, 190].prefix(Float.tilesAtOnce))
    let b = numbers.list(tiles.reduce(0, +) * k).map { Float($0) / 7 }
    let adder = PanelProduct<Float>(entries: m * max(m, 190))
    let starts = tiles.indices.map { tiles[..<$0].reduce(0, +) }
    let together = filled([Double](repeating: 0, count: m * tiles.reduce(0, +))) { base in
      adder.add(
        a, m: m, b, k: k, stride: k, weight: 0.5,
        to: zip(tiles, starts).map { ($0, base + m * $1) })
    }
    for (n, start) in zip(tiles, starts) {
      let alone = filled([Double](repeating: 0, count: m * n)) {
        adder.add(
          a, m: m, Array(b[(start * k)...]), k: k, stride: k, weight: 0.5, to: [(n, $0)])
      }
      let isSame = alone == Array(together[m * start..<m * (start + n)])
      #expect(isSame, "the tile at column \(start)")
      #expect(alone.contains { $0 != $0.rounded() })
    }
  }

  private func read<Scalar: PanelScalar>(
    _ reader: PanelReader, _ path: String, _ rows: Range<Int>, _ columns: Range<Int>,
    _ scalar: Scalar.Type
  ) throws -> [Scalar] {
    var values = [Scalar](repeating: 0, count: rows.count * columns.count)
    try values.withUnsafeMutableBufferPointer {
      let state = try #require(try Disk().state(of: path))
      try reader.read(path, expected: state, rows: rows, columns: columns, into: $0)
    }
    return values
  }

  @Test("rows of a panel are read in either precision", arguments: ["<f2", "<f4", "<f8"])
  func reading(type: String) throws {
    let folder = try FeatureFolder()
    var numbers = Numbers(5)
    let all = numbers.list(6 * 40)
    try folder.put(all, [6, 40], type: type, at: "a.npy")
    let expected = (2..<5).flatMap { row in (7..<33).map { all[row * 40 + $0] } }
    let reader = PanelReader()
    let path = folder.path + "/a.npy"
    #expect(try read(reader, path, 2..<5, 7..<33, Double.self) == expected)
    #expect(try read(reader, path, 2..<5, 7..<33, Float.self) == expected.map { Float($0) })
  }

  @Test(
    "what is not finite is refused with its row, and what single precision cannot hold with advice",
    arguments: [
      ("<f8", Double.nan, "has nan in row 3, column 21", "correct it"),
      ("<f4", -Double.infinity, "has -inf in row 3, column 21", "correct it"),
      ("<f2", 1e6, "has inf in row 3, column 21", "float16 holds nothing beyond 65504"),
      ("<f8", 1e300, "has 1e+300 in row 3, column 21", "set precision: f64"),
    ])
  func notFinite(type: String, value: Double, place: String, advice: String) throws {
    let folder = try FeatureFolder()
    var all = [Double](repeating: 0.5, count: 4 * 30)
    all[3 * 30 + 21] = value
    try folder.put(all, [4, 30], type: type, at: "a.npy")
    let path = folder.path + "/a.npy"
    #expect(try read(PanelReader(), path, 0..<3, 0..<30, Float.self).count == 90)
    let error = #expect(throws: Refusal.self) {
      _ = try read(PanelReader(), path, 1..<4, 2..<29, Float.self)
    }
    #expect(error?.description.contains(place) ?? false, "\(error?.description ?? "")")
    #expect(error?.description.contains(advice) ?? false, "\(error?.description ?? "")")
    #expect(error?.kind == .badData)
  }

  @Test("a chunk that changes its size while it is read is refused")
  func changed() throws {
    let folder = try FeatureFolder()
    let path = folder.path + "/a.npy"
    try folder.put([Double](repeating: 1, count: 40), [4, 10], at: "a.npy")
    let reader = PanelReader()
    _ = try read(reader, path, 0..<4, 0..<10, Double.self)
    try reader.requireUnchanged(path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.seekToEnd()
    try handle.write(contentsOf: [1, 2, 3])
    try handle.close()
    let error = #expect(throws: Refusal.self) { try reader.requireUnchanged(path) }
    #expect(error?.description.contains("changed its size") ?? false)
    // Another producer's chunk of the same size.
    try folder.put([Double](repeating: 2, count: 40), [4, 10], at: "b.npy")
    _ = try read(reader, folder.path + "/b.npy", 0..<1, 0..<1, Double.self)
    try folder.put([Double](repeating: 3, count: 40), [4, 10], at: "c.npy")
    #expect(rename(folder.path + "/c.npy", folder.path + "/b.npy") == 0)
    let second = #expect(throws: Refusal.self) {
      try reader.requireUnchanged(folder.path + "/b.npy")
    }
    #expect(second?.description.contains("second producer") ?? false)
  }

  @Test("a chunk that is another file than the one that was looked at is refused")
  func replaced() throws {
    let folder = try FeatureFolder()
    let path = folder.path + "/a.npy"
    try folder.put([Double](repeating: 1, count: 40), [4, 10], at: "a.npy")
    let state = try #require(try Disk().state(of: path))
    try folder.put([Double](repeating: 2, count: 44), [4, 11], at: "b.npy")
    #expect(rename(folder.path + "/b.npy", path) == 0)
    var values = [0.0]
    let error = #expect(throws: Refusal.self) {
      try values.withUnsafeMutableBufferPointer {
        try PanelReader().read(path, expected: state, rows: 0..<1, columns: 0..<1, into: $0)
      }
    }
    #expect(error?.kind == .badData)
  }
}

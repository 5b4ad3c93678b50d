import Failures
import Features
import Tiling

/// Computes single tiles of the kernel of features, each from all chunks, to repair and to verify tiles.
///
/// It reads the rows of a tile from every chunk, which is slow for many tiles. `FeatureStage`
/// computes all tiles together, with the same bits.
final class FeatureTiles<Scalar: PanelScalar>: TileSource {
  private let input: FeatureInput
  /// The readers of the rows (`reader`) and of the columns (`other`).
  private let reader = PanelReader()
  private let other = PanelReader()
  private let needsMoments: Bool

  init(_ input: FeatureInput, needsMoments: Bool) {
    (self.input, self.needsMoments) = (input, needsMoments)
  }

  func fill(
    _ tile: TileIndex, of grid: TileGrid, _ part: KernelStore.Part, _ entries: [KernelStore.Entry],
    into buffers: [UnsafeMutablePointer<Double>], poll: () -> Bool
  ) throws -> Bool {
    if needsMoments, input.moments.contains(where: { $0 == nil }) {
      throw Refusal(
        .missingInput,
        "the sums that center and normalize the kernel are not there any more; run `ntk-dist assemble` "
          + "with this job and another output folder")
    }
    let (rows, columns) = (
      grid.rows(of: tile), part == .testDiagonal ? 0..<1 : grid.columns(of: tile)
    )
    let shape = FeatureFinish.Tile(rows: rows, columns: columns)
    var sums = [Double](repeating: 0, count: rows.count * columns.count)
    for variant in input.moments.indices {
      let isComplete = try sums.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return true }
        base.update(repeating: 0, count: buffer.count)
        let isAdded = try add(
          rows, columns, part, variant, isDiagonal: grid.isDiagonal(tile), to: base, poll: poll)
        guard isAdded else { return false }
        if grid.isDiagonal(tile) { FeatureFinish.mirror(base, rows.count) }
        for (entry, target) in zip(entries, buffers) where entry.variant == variant {
          try FeatureFinish.finish(base, shape, entry.part, input.moments[variant], into: target)
        }
        return true
      }
      guard isComplete else { return false }
    }
    return true
  }

  /// Adds up all panels of one tile of one variant.
  private func add(
    _ rows: Range<Int>, _ columns: Range<Int>, _ part: KernelStore.Part, _ variant: Int,
    isDiagonal: Bool, to sums: UnsafeMutablePointer<Double>, poll: () -> Bool
  ) throws -> Bool {
    let product = PanelProduct<Scalar>(entries: rows.count * columns.count)
    let width = PanelPlan.width
    let (above, left) = (
      UnsafeMutableBufferPointer<Scalar>.allocate(capacity: rows.count * width),
      UnsafeMutableBufferPointer<Scalar>.allocate(capacity: columns.count * width)
    )
    defer {
      above.deallocate()
      left.deallocate()
    }
    above.initialize(repeating: 0)
    left.initialize(repeating: 0)
    for number in input.work.chunks(ofVariant: variant) ?? Array(0..<input.total) {
      guard let chunk = try input.look(for: number) else { throw input.work.missing(number) }
      let isTest = part == .test || part == .testDiagonal
      let (path, state) =
        isTest
        ? (chunk.test ?? chunk.train, chunk.testState) : (chunk.train, chunk.trainState)
      for panel in 0..<PanelPlan.count(chunk.columns) {
        guard poll() else { return false }
        let range = PanelPlan.columns(of: panel, in: chunk.columns)
        let k = range.count
        let rowValues = UnsafeMutableBufferPointer(rebasing: above[..<(rows.count * k)])
        try reader.read(
          path, expected: state, rowAxes: chunk.rowAxes, rows: rows, columns: range,
          into: rowValues)
        guard let a = rowValues.baseAddress else { continue }
        if part == .testDiagonal {
          product.addNorms(a, m: rows.count, k: k, stride: k, weight: chunk.weight, to: sums)
        } else if isDiagonal {
          product.addSquare(a, n: rows.count, k: k, stride: k, weight: chunk.weight, to: sums)
        } else {
          let columnValues = UnsafeMutableBufferPointer(rebasing: left[..<(columns.count * k)])
          try other.read(
            chunk.train, expected: chunk.trainState, rowAxes: chunk.rowAxes, rows: columns,
            columns: range, into: columnValues)
          guard let b = columnValues.baseAddress else { continue }
          product.add(
            a, m: rows.count, b, k: k, stride: k, weight: chunk.weight,
            to: [(columns.count, sums)])
        }
      }
    }
    return true
  }
}
